"""A stand-in for Notion: one database, through its data source.

Follows Notion's API description (version 2025-09-03), and its pages "Request limits" and "Status codes".
"""

from typing import Any
from uuid import UUID

from lab.vendors.core import Answer, Call, Operation, RefusalError, Vendor

_LONGEST_TEXT, _MOST = 2000, 100
_BLOCKS = {
    "paragraph": (),
    "heading_2": (),
    "bulleted_list_item": (),
    "to_do": ("checked",),
    "code": ("language",),
}
_PAGE_FIELDS = frozenset({"parent", "properties", "children", "icon", "cover"})
_QUERY_FIELDS = frozenset({"filter", "sorts", "start_cursor", "page_size", "archived", "in_trash"})


def refuse(status: int, code: str, message: str) -> RefusalError:
    """Notion says no."""
    return RefusalError(Answer(status, {"object": "error", "status": status, "code": code, "message": message}))


class Notion(Vendor):
    """One database; its properties are known by name and type."""

    def __init__(self, token: str, *, data_source: str, properties: dict[str, str] | None = None) -> None:
        self.data_source = data_source
        self.properties = properties or {"Name": "title", "Release": "rich_text"}
        self.pages: list[dict[str, Any]] = []
        super().__init__(token)

    def operations(self) -> tuple[Operation, ...]:
        """What a log needs."""
        return (
            Operation("POST", "/v1/data_sources/{number}/query", self._query, _QUERY_FIELDS),
            Operation("POST", "/v1/pages", self._create, _PAGE_FIELDS),
        )

    def check_caller(self, call: Call) -> None:
        """Refuse an unknown token, a call without version, one without the capability, and what is no JSON."""
        if call.headers.get("authorization") != f"Bearer {self.token}":
            raise refuse(401, "unauthorized", "API token is invalid.")
        if not call.headers.get("notion-version"):
            raise refuse(400, "missing_version", "Notion-Version header failed validation")
        if not self.allowed:
            raise refuse(403, "restricted_resource", "Insufficient permissions for this endpoint.")
        if "" in call.body:
            raise refuse(400, "invalid_json", "Error parsing JSON body.")

    def unknown(self, call: Call) -> Answer:
        """An unknown path."""
        del call
        return refuse(400, "invalid_request_url", "Invalid request URL.").answer

    def refuse_fields(self, call: Call, names: list[str]) -> Answer:
        """Notion checks bodies."""
        del call
        return refuse(400, "validation_error", f"body failed validation: {', '.join(names)} should not be there").answer

    def limited(self, seconds: float) -> Answer:
        """More than three requests a second."""
        answer = refuse(429, "rate_limited", "You have been rate limited.").answer
        return Answer(429, answer.body, {"Retry-After": f"{seconds:.0f}"})

    def _known(self, number: Any) -> None:
        if number != self.data_source:
            message = f"Could not find data_source with ID: {number}. Make sure the relevant pages are shared."
            raise refuse(404, "object_not_found", message)

    def _query(self, call: Call) -> Answer:
        self._known(call.parameters["number"])
        wanted = call.body.get("filter") or {}
        name, equals = wanted.get("property"), (wanted.get("rich_text") or {}).get("equals")
        if self.properties.get(str(name)) != "rich_text":
            raise refuse(400, "validation_error", f"Could not find property with name or id: {name}")
        found = [page for page in self.pages if _plain(page["properties"][name]["rich_text"]) == equals]
        size = int(call.body.get("page_size") or _MOST)
        if not 0 < size <= _MOST:
            raise refuse(400, "validation_error", f"body.page_size should be at most {_MOST}")
        more = {"has_more": len(found) > size, "next_cursor": None, "type": "page_or_data_source"}
        return Answer(body={"object": "list", "results": found[:size]} | more)

    def _create(self, call: Call) -> Answer:
        parent, properties = call.body.get("parent") or {}, call.body.get("properties") or {}
        self._known(parent.get("data_source_id"))
        for name, value in properties.items():
            kind = self.properties.get(name)
            if kind is None:
                raise refuse(400, "validation_error", f"{name} is not a property that exists.")
            if set(value) != {kind}:
                raise refuse(400, "validation_error", f"{name} is expected to be {kind}.")
            _check_text(value[kind])
        children = call.body.get("children") or []
        if len(children) > _MOST:
            raise refuse(400, "validation_error", f"body.children.length should be ≤ `{_MOST}`")
        for child in children:
            _check_block(child)
        number = str(UUID(int=len(self.pages) + 1))
        page = {"object": "page", "id": number, "url": f"https://www.notion.so/{number.replace('-', '')}"}
        self.pages.append(page | {"parent": parent, "properties": properties, "children": children})
        return Answer(body=page | {"properties": properties})


def _plain(rich: list[dict[str, Any]]) -> str:
    return "".join(str(part["text"]["content"]) for part in rich)


def _check_text(rich: list[dict[str, Any]]) -> None:
    for part in rich:
        if len(str(part["text"]["content"])) > _LONGEST_TEXT:
            raise refuse(400, "validation_error", f"text.content.length should be ≤ `{_LONGEST_TEXT}`")


def _check_block(block: dict[str, Any]) -> None:
    """A block holds its text under its own type."""
    kind = str(block.get("type", ""))
    if kind not in _BLOCKS or not isinstance(block.get(kind), dict) or "rich_text" not in block[kind]:
        raise refuse(400, "validation_error", f"body.children should hold blocks of a known type, instead was {kind!r}")
    if unknown := set(block[kind]) - {"rich_text", *_BLOCKS[kind]}:
        raise refuse(400, "validation_error", f"body.children: {sorted(unknown)} should not be in a {kind}")
    _check_text(block[kind]["rich_text"])
