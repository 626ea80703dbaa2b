"""Whether one exchange is as an OpenAPI description says, request and answer."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from werkzeug.datastructures import Headers, ImmutableMultiDict

from tests.contracts.descriptions import read_openapi
from tests.contracts.exchange import Exchange

HOST = "http://stand-in"
SILENT = {
    "ResponseNotFound": "this status is not described",
    "MediaTypeNotFound": "this type of content is not described",
}
_LONGEST = 300
_NO_CONTENT = 204  # has no body, whatever type a description gives it


@dataclass(frozen=True, slots=True)
class Finding:
    """What was asked and answered, what is wrong with it, and what the description does not say."""

    operation: str
    wrong: tuple[str, ...]
    not_described: tuple[str, ...]


@dataclass(frozen=True)
class OpenApiDescription:
    """A description, where its paths begin, and which path ends in a name with slashes.

    Where a vendor takes GET and POST alike and describes one of them, a form is held against the described query.
    `known` says, for complaints that are the description's own fault, whose word is better.
    """

    file: str
    prefix: str = ""
    slashes: str | None = None
    either_method: bool = False
    known: Mapping[str, str] = field(default_factory=dict)

    def check(self, exchange: Exchange) -> Finding:
        """The exchange held against the description."""
        path = self._path(exchange.path)
        template = self._template(exchange.method, path)
        if template is None and self.either_method:
            exchange = replace(exchange, method="GET", query=exchange.body.decode(), body=b"")
            template = self._template("GET", path)
        if template is None:
            return self._sorted(f"{exchange.method} {exchange.path}", ["the path is not described"])
        operation = f"{exchange.method} {template}: {exchange.status}"
        request, response = _request(exchange, path), _response(exchange)
        described = _open(self.file, self.prefix)
        complaints = [
            *_complaints(lambda: described.validate_request(request), "request"),
            *self._unknown(template, exchange),
            *_complaints(lambda: described.validate_response(request, response), "answer"),
        ]
        if exchange.status == _NO_CONTENT and not exchange.answer:
            complaints = [complaint for complaint in complaints if "MissingData" not in complaint]
        return self._sorted(operation, complaints)

    def _sorted(self, operation: str, complaints: Sequence[str]) -> Finding:
        wrong, beyond = [], []
        for complaint in dict.fromkeys(complaints):
            reasons = [reason for pattern, reason in {**SILENT, **self.known}.items() if re.search(pattern, complaint)]
            if reasons:
                beyond.append(f"`{operation}`: {reasons[0]}")
            else:
                wrong.append(f"{operation}: {complaint}")
        return Finding(operation, tuple(wrong), tuple(dict.fromkeys(beyond)))

    def _path(self, path: str) -> str:
        if self.slashes and (match := re.search(self.slashes, path)):
            start, end = match.span(1)
            return path[:start] + quote(match[1].replace("%2F", "/"), safe="") + path[end:]
        return path

    def _template(self, method: str, path: str) -> str | None:
        asked = path.removeprefix(self.prefix)
        found = [
            template
            for template, operations in read_openapi(self.file)["paths"].items()
            if method.lower() in operations and re.fullmatch(_pattern(template), asked)
        ]
        return min(found, key=lambda template: template.count("{"), default=None)

    def _unknown(self, template: str, exchange: Exchange) -> Iterator[str]:
        """Names that the description does not have: the vendors leave their shapes open, a slip of the pen is none."""
        whole = read_openapi(self.file)
        item = whole["paths"][template]
        operation = item[exchange.method.lower()]
        given = [_followed(whole, one) for one in [*item.get("parameters", []), *operation.get("parameters", [])]]
        names = {one["name"] for one in given if one["in"] == "query"}
        bare = {name.removesuffix("[]") for name in names}
        for name, _ in parse_qsl(exchange.query, keep_blank_values=True):
            if name not in names and name.removesuffix("[]") not in bare and name.partition("[")[0] not in bare:
                yield f"request: the query {name!r} is not described"
        content = _followed(whole, operation.get("requestBody", {})).get("content", {})
        kind = exchange.headers.get("content-type", "").partition(";")[0]
        if exchange.body and kind == "application/json" and kind in content:
            yield from _strange(whole, content[kind].get("schema", {}), json.loads(exchange.body), "body")


def _strange(whole: Mapping[str, Any], schema: Mapping[str, Any], value: Any, where: str) -> Iterator[str]:
    if isinstance(value, dict):
        known = _properties(whole, schema)
        for name, inner in value.items() if known else ():
            if name not in known:
                yield f"request: the field {where}.{name} is not described"
            else:
                yield from _strange(whole, known[name], inner, f"{where}.{name}")


def _properties(whole: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Every property of every alternative; nothing where the schema takes any name."""
    schema = _followed(whole, schema)
    found = dict(schema.get("properties", {}))
    parts = [part for word in ("allOf", "anyOf", "oneOf") for part in schema.get(word, [])]
    for part in parts:
        found |= _properties(whole, part)
    return found


def _followed(whole: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    while reference := schema.get("$ref"):
        found: Any = whole
        for word in reference.removeprefix("#/").split("/"):
            name = unquote(word).replace("~1", "/").replace("~0", "~")
            found = found[int(name)] if isinstance(found, list) else found[name]
        schema = found
    return schema


@cache
def _open(file: str, prefix: str) -> OpenAPI:
    described = read_openapi(file) | {"servers": [{"url": f"{HOST}{prefix}"}]}
    return OpenAPI.from_dict(described, config=Config(spec_validator_cls=None))


@cache
def _pattern(template: str) -> str:
    words = re.split(r"\{[^}]+\}", template)
    return "[^/]+".join(re.escape(word) for word in words)


def _request(exchange: Exchange, path: str) -> MockRequest:
    request = MockRequest(
        HOST,
        exchange.method,
        path,
        data=exchange.body,
        content_type=exchange.headers.get("content-type", "").partition(";")[0],
    )
    request.parameters.query = ImmutableMultiDict(parse_qsl(exchange.query, keep_blank_values=True))
    request.parameters.header = Headers(exchange.headers)
    return request


def _response(exchange: Exchange) -> MockResponse:
    return MockResponse(
        exchange.answer,
        exchange.status,
        headers=exchange.answer_headers,
        content_type=exchange.answer_headers.get("content-type", "").partition(";")[0],
    )


def _complaints(check: Callable[[], object], side: str) -> Sequence[str]:
    try:
        check()
    except Exception as error:  # noqa: BLE001 - whatever it refuses is a finding, under many classes
        return [f"{side}: {text}" for text in _leaves(error)]
    return []


def _leaves(error: Exception) -> list[str]:
    """Each field that is wrong, or what else is refused."""
    seen: BaseException | None = error
    last = ""
    while seen is not None:
        if found := getattr(seen, "schema_errors", None):
            return [text for one in found for text in _told(one)]
        last = f"{type(seen).__name__}: {seen}".partition("\n")[0]
        seen = seen.__cause__
    return [last[:_LONGEST]]


def _told(error: Any) -> Iterator[str]:
    where = ".".join(str(step) for step in error.absolute_path)
    yield f"{where}: {error.message[-_LONGEST:]}" + "".join(
        f" | {text}" for one in error.context for text in _told(one)
    )
