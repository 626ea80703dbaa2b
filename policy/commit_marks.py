"""Which pull requests and commits say themselves that they break something (1.2.3).

Follows Conventional Commits 1.0.0, read generously: a mark that is missed costs more than one that is asked about.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from policy.breaks import Break

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)[^\n]*$.*?(?:^ {0,3}\1[`~]*\s*$|\Z)", re.DOTALL | re.MULTILINE)
_PREFIX = r"(?:\[[^\]]*\]\s*|[A-Z][A-Z0-9]+-\d+:?\s+)*"
_ANY_TITLE = re.compile(rf"{_PREFIX}[A-Za-z][\w-]*(?:!\s*\([^()]*\)|(?:\([^()]*\))?\s*!)\s*:")
# In a body only the usual types count, or every "Attention!:" would be a mark.
_TYPES = "build|chore|ci|deps|docs|feat|feature|fix|hotfix|perf|refactor|revert|security|style|test"
_USUAL_TITLE = re.compile(rf"(?:[*-]\s+)?{_PREFIX}(?:{_TYPES})(?:!\s*\([^()]*\)|(?:\([^()]*\))?\s*!)\s*:", re.I)
_FOOTER = re.compile(
    r" {0,3}(?:#{1,6}\s+|[*+-]\s+)?[*_]{0,3}BREAKING[ -]CHANGES?[*_]{0,3}\s*(?::|(?=\s#))[*_]{0,3}(?P<text>.*)", re.I
)
_NONE = re.compile(r"[\W_]*(?:none|no|nope|nothing|n/?a|not applicable)[\W_]*", re.IGNORECASE)
_SHOWN_LETTERS = 80


@dataclass(frozen=True, slots=True)
class Message:
    """Words that may hold a mark; `name` (#12, a1b2c3d) acknowledges it, `where` says which words they are."""

    name: str
    where: str
    title: str
    body: str = ""


def list_marked(messages: Iterable[Message]) -> tuple[Break, ...]:
    """Return one break for each name whose title or body holds a mark, with every mark and where it stands."""
    seen: dict[str, list[str]] = {}
    for message in messages:
        for mark in _list_marks(message):
            said = f"{message.where}: {_shorten(mark)}"
            if said not in seen.setdefault(message.name, []):
                seen[message.name].append(said)
    return tuple(Break(name, "; ".join(marks)) for name, marks in seen.items())


def _list_marks(message: Message) -> Iterator[str]:
    """Give each line that is a mark; what is quoted, commented out or shown as code is none."""
    title = message.title.strip()
    if _ANY_TITLE.match(title) or _says_footer(title):
        yield title
    body = _FENCE.sub("", _COMMENT.sub("", message.body.replace("\r\n", "\n")))
    for line in body.split("\n"):
        if _USUAL_TITLE.match(line) or _says_footer(line):
            yield line.strip()


def _says_footer(line: str) -> bool:
    """Whether the line is a footer that does not say "none"; one that says nothing may go on below."""
    footer = _FOOTER.match(line)
    return footer is not None and not _NONE.fullmatch(footer["text"].strip())


def _shorten(line: str) -> str:
    return line if len(line) <= _SHOWN_LETTERS else f"{line[: _SHOWN_LETTERS - 1]}…"
