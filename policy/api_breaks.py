"""What a changed OpenAPI description breaks for the clients of the version in production (1.2.3)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policy.api_description import ANYTHING, Description, Node, read_description
from policy.api_schemas import Comparison, Side, within
from policy.breaks import Break, Changed, Unreadable

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_VARIABLE = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path, with the parameters of both; path parameters are known by their order."""

    title: str
    node: Node
    parameters: Mapping[tuple[str, str], Node]


def list_api_breaks(file: Changed) -> tuple[Break, ...]:
    """Return what breaks between two descriptions of one interface; Unreadable when they cannot be compared."""
    if file.before is None and file.after is None:
        raise Unreadable(f"{file.path} is neither in production nor in the release")
    if file.before is None or file.before == file.after:
        return ()
    if file.after is None:
        return (Break(f"{file.path} removed", "the description of the API in production"),)
    before, after = read_description(file.path, file.before), read_description(file.path, file.after)
    found: dict[str, list[str]] = {}
    try:
        for name, where in _compare(before, after):
            found.setdefault(name, []).append(where)
    except Unreadable as error:
        raise Unreadable(f"{file.path}: {error}") from error
    except (LookupError, AttributeError, TypeError, ValueError, RecursionError) as error:
        raise Unreadable(f"{file.path} does not have the form of OpenAPI: {type(error).__name__}") from error
    return tuple(Break(name, _say_where(places)) for name, places in sorted(found.items()))


def _compare(before: Description, after: Description) -> Iterator[tuple[str, str]]:
    """Give each break's name and the operation in which it was seen."""
    servers = {server.get("url") for server in after.root.get("servers", ())}
    for server in before.root.get("servers", ()):
        if server.get("url") not in servers:
            yield f"server {server.get('url')} removed", "servers"
    olds, news = _list_operations(before), _list_operations(after)
    comparison = Comparison(before, after)
    for key, old in olds.items():
        if key not in news:
            yield f"{old.title} removed", "operations"
            continue
        for place, what in _compare_operation(comparison, old, news[key]):
            name = f"{place}: {what}" if place[:1] not in ("", " ", ".", "[") else f"{old.title}{place}: {what}"
            yield name, old.title


def _compare_operation(comparison: Comparison, old: Operation, new: Operation) -> Iterator[tuple[str, str]]:
    yield from _compare_parameters(comparison, old, new)
    yield from _compare_body(comparison, old.node.get("requestBody"), new.node.get("requestBody"))
    yield from _compare_answers(comparison, old, new)
    wanted = _list_ways_in(comparison.after, new.node)
    for way in _list_ways_in(comparison.before, old.node):
        if not any(other <= way for other in wanted):
            yield "", f"authentication changed, {_say_way(way)} does not suffice any more"


def _compare_parameters(comparison: Comparison, old: Operation, new: Operation) -> Iterator[tuple[str, str]]:
    for key, parameter in old.parameters.items():
        place = f" {key[0]} parameter {parameter['name']}"
        if key not in new.parameters:
            yield place, "removed"
            continue
        now = new.parameters[key]
        if now.get("required") and not parameter.get("required"):
            yield place, "required"
        for style in ("style", "explode"):
            if parameter.get(style) != now.get(style):
                yield place, f"{style} {parameter.get(style)} -> {now.get(style)}"
        yield from within(place, comparison.list_breaks(_schema_of(parameter), _schema_of(now), Side.SENT))
    for key, parameter in new.parameters.items():
        if key not in old.parameters and parameter.get("required"):
            yield f" {key[0]} parameter {parameter['name']}", "new and required"


def _compare_body(comparison: Comparison, old: object, new: object) -> Iterator[tuple[str, str]]:
    place = " body"
    if new is None:
        if old is not None:
            yield place, "removed"
        return
    now = comparison.after.follow(new)
    was = comparison.before.follow(old) if old is not None else {}
    if now.get("required") and not was.get("required"):
        yield place, "required"
    yield from _compare_content(comparison, place, was, now, Side.SENT)


def _compare_answers(comparison: Comparison, old: Operation, new: Operation) -> Iterator[tuple[str, str]]:
    answers = {str(status): answer for status, answer in new.node.get("responses", {}).items()}
    for status, answer in old.node.get("responses", {}).items():
        place = f" {status}"
        if str(status) not in answers:
            yield place, "removed"
            continue
        was, now = comparison.before.follow(answer), comparison.after.follow(answers[str(status)])
        headers = {name.casefold() for name in now.get("headers", {})}
        for name in was.get("headers", {}):
            if name.casefold() not in headers:
                yield f"{place} header {name}", "removed"
        yield from _compare_content(comparison, place, was, now, Side.RECEIVED)


def _compare_content(comparison: Comparison, place: str, old: Node, new: Node, side: Side) -> Iterator[tuple[str, str]]:
    now = new.get("content", {})
    for media, content in old.get("content", {}).items():
        if media not in now:
            yield f"{place} {media}", "removed"
        else:
            found = comparison.list_breaks(content.get("schema", ANYTHING), now[media].get("schema", ANYTHING), side)
            yield from within(place, found)


def _list_operations(description: Description) -> dict[tuple[str, str], Operation]:
    """Return every operation by method and path, the names of path parameters left out."""
    found = {}
    for path, item in description.root.get("paths", {}).items():
        whole = description.follow(item)
        for method in _METHODS:
            if method not in whole:
                continue
            node = whole[method]
            parameters = {}
            for one in (*whole.get("parameters", ()), *node.get("parameters", ())):
                parameter = description.follow(one)
                parameters[parameter["in"], _known_as(parameter, path)] = parameter
            title = f"{method.upper()} {path}"
            found[method, _VARIABLE.sub("{}", path)] = Operation(title, node, parameters)
    return found


def _known_as(parameter: Node, path: str) -> str:
    """Return the name on the wire: a path parameter has none, so its place counts."""
    name = str(parameter["name"])
    if parameter["in"] == "path":
        return str([one[1:-1] for one in _VARIABLE.findall(path)].index(name))
    return name.casefold() if parameter["in"] == "header" else name


def _schema_of(parameter: Node) -> object:
    """Return the schema of a parameter, also where it is described as content."""
    content: Sequence[Any] = tuple(parameter.get("content", {}).values())
    return content[0].get("schema", ANYTHING) if content else parameter.get("schema", ANYTHING)


def _list_ways_in(description: Description, operation: Node) -> list[frozenset[str]]:
    """Return what must be shown to get in, one set for each way; an empty set where nothing is asked."""
    ways = operation.get("security", description.root.get("security")) or [{}]
    schemes = description.root.get("components", {}).get("securitySchemes", {})
    found = []
    for way in ways:
        shown = set[str]()
        for name, scopes in way.items():
            scheme = description.follow(schemes[name])
            kind = (str(scheme[key]) for key in ("type", "scheme", "in", "name", "openIdConnectUrl") if key in scheme)
            shown |= {" ".join(kind), *(f"scope {scope}" for scope in scopes)}
        found.append(frozenset(shown))
    return found


def _say_way(way: frozenset[str]) -> str:
    return ", ".join(sorted(way)) or "no authentication"


def _say_where(places: Sequence[str]) -> str:
    unique = list(dict.fromkeys(places))
    return unique[0] if len(unique) == 1 else f"{unique[0]} and {len(unique) - 1} more"
