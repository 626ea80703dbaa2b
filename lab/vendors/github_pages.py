"""GitHub's paging: `per_page` up to 100, `page` from 1, the `Link` header (REST API: Using pagination)."""

from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import urlencode

from lab.vendors.core import Call

Row = TypeVar("Row")


def cut_page(call: Call, rows: Sequence[Row]) -> tuple[list[Row], dict[str, str]]:
    """The asked page of `rows` and the headers that lead to the next one."""
    size = min(max(_number(call, "per_page", 30), 1), 100)
    page = max(_number(call, "page", 1), 1)
    start = (page - 1) * size
    if start + size >= len(rows):
        return list(rows[start:]), {}
    query = dict(call.query) | {"page": str(page + 1), "per_page": str(size)}
    link = f'<{call.base_url}{call.path}?{urlencode(query)}>; rel="next"'
    return list(rows[start : start + size]), {"Link": link}


def _number(call: Call, name: str, default: int) -> int:
    text = call.query.get(name, "")
    return int(text) if text.isdecimal() else default
