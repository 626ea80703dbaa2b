"""Patterns of paths as people write them: `**/auth/**`, `docs/*.md`."""

import re
from collections.abc import Iterable
from functools import cache


def matches_any(path: str, patterns: Iterable[str]) -> bool:
    """Whether the path matches one of the patterns, in upper or lower case."""
    return any(_compiled(pattern).fullmatch(path) for pattern in patterns)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """`**/` is any number of folders, `**` anything, `*` and `?` stay within one folder."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(meaning.get(part, re.escape(part)) for part in parts), re.IGNORECASE | re.DOTALL)
