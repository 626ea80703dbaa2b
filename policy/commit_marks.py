"""Which pull requests and commits say themselves that they break something (1.2.3).

Follows Conventional Commits 1.0.0, read generously: a mark that is missed costs more than one that is asked about.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from policy.breaks import Break

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)[^\n]*$.*?(?:^ {0,3}\1[`~]*\s*$|\Z)", re.DOTALL | re.MULTILINE)
# An emoji by its name or as itself; quotation marks are none, for what stands in them is quoted.
_EMOJI = r"(?::[\w+-]+:|[^\w\s\x00-\x7f\u2018-\u201f\u2039\u203a\xab\xbb])"
_PREFIX = rf"(?:\[[^\]]*\]\s*|[A-Z][A-Z0-9]+-\d+:?\s+|{_EMOJI}[ \t]*)*"
_ANY_TITLE = re.compile(rf"{_PREFIX}[A-Za-z][\w-]*(?:!\s*\([^()]*\)|(?:\([^()]*\))?\s*!)\s*:")
# In a body only the usual types count, or every "Attention!:" would be a mark.
_TYPES = "build|chore|ci|deps|docs|feat|feature|fix|hotfix|perf|refactor|revert|security|style|test"
_USUAL_TITLE = re.compile(rf"(?:[*-]\s+)?{_PREFIX}(?:{_TYPES})(?:!\s*\([^()]*\)|(?:\([^()]*\))?\s*!)\s*:", re.I)
_WORDS = rf"(?:{_EMOJI}[ \t]*|[*_])*BREAKING[ -]CHANGES?"
_FOOTER = re.compile(
    rf" {{0,3}}(?:#{{1,6}}\s+|[*+-]\s+)?{_WORDS}[*_]{{0,3}}\s*(?::|(?=\s#))[*_]{{0,3}}(?P<text>.*)", re.I
)
_HEADING = re.compile(r" {0,3}(?P<level>#{1,6})\s")
_HEADING_OF_BREAKS = re.compile(rf" {{0,3}}#{{1,6}}\s+{_WORDS}(?:\([^()]*\)|[^\w()])*", re.I)
# Templates ask it as a question, and as the kind of a change, of which one box is ticked.
_ASKED = r"(?:any|are|can|could|did|do|does|has|have|is|will|would)\b[^?]*\bbreaking[ -]changes?\b[^?]*\?"
_BESIDE = r"(?:\([^()]*\)|[^\w()])*"
_HEADING_THAT_ASKS = re.compile(rf" {{0,3}}#{{1,6}}\s+{_ASKED}{_BESIDE}", re.I)
# Words in bold on a line of their own are a heading as well, and so is the question itself.
_BOLD = re.compile(rf" {{0,3}}(?:[*+-]\s+|\d+[.)]\s+)?(?P<bold>\*\*|__)(?P<text>[^*\n]+?)(?P=bold){_BESIDE}")
_BOLD_OF_BREAKS = re.compile(rf"(?:{_WORDS}|{_ASKED}){_BESIDE}", re.I)
_QUESTION = re.compile(rf" {{0,3}}(?:[*+-]\s+|\d+[.)]\s+)?{_ASKED}{_BESIDE}", re.I)
_THIS_IS = (
    r"(?:yes\W+)?(?:(?:this|it|the)(?: (?:change|commit|patch|pr|pull request|release))?\s+)?"
    r"(?:(?:adds?|causes?|contains?|has|includes?|introduces?|is|makes?)\s+(?:(?:an?|some|potentially)\s+)*)?"
)
_TICKED_AS_BREAK = re.compile(rf"\s*[*+-]\s+\[x\]\s+[*_]{{0,3}}{_THIS_IS}{_WORDS}[*_]*\s*(?P<text>[(:.,;!-].*)?", re.I)
# The emoji by which gitmoji marks a break, before words; a box beside it is one of a template's kinds of changes.
_BOOM = rf"{_PREFIX}(?:\U0001f4a5|:boom:)[^\w\n]*\w"
_BOOM_TITLE, _BOOM_LISTED = re.compile(_BOOM), re.compile(rf"[*-]\s+(?!\[[ xX]?\]){_BOOM}")
_RULE = re.compile(r" {0,3}([-*_])(?:\s*\1){2,}\s*")
_TRAILER = re.compile(r"[a-z-]+-by:.*|(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?|refs?):?\s+\S*\d\.?", re.IGNORECASE)
_UNTICKED = re.compile(r"[*+-]\s+\[ ?\]")
_TICKED = re.compile(r"[*+-]\s+\[x\]", re.IGNORECASE)
_NONE = re.compile(
    r"[\W_]*(?:there are )?(?:none|no|nope|nothing|n/?a|not applicable)(?:(?: breaking| api)* changes?| known)?[\W_]*",
    re.IGNORECASE,
)
_LOWEST = 6
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
    if _ANY_TITLE.match(title) or _BOOM_TITLE.match(title) or _says_footer(title):
        yield title
    lines = _FENCE.sub("(code)", _COMMENT.sub("", message.body.replace("\r\n", "\n"))).split("\n")
    for place, line in enumerate(lines):
        if _HEADING_OF_BREAKS.fullmatch(line) or _HEADING_THAT_ASKS.fullmatch(line):
            yield from (f"{line.strip()}: {said}" for said in _find_said(lines[place:]))
        elif _USUAL_TITLE.match(line) or _BOOM_LISTED.match(line) or _says_footer(line) or _is_ticked_as_break(line):
            yield line.strip()
        elif _is_soft_heading(line):
            yield from (f"{line.strip()}: {said}" for said in _find_said(lines[place:]))


def _find_said(lines: Sequence[str]) -> Iterator[str]:
    """Give the first words below the heading that the lines begin with, unless they say "none".

    Templates have such a heading with nothing below, or with boxes of which none is ticked.
    """
    level = _level(lines[0])
    soft = level == 0
    level = level or _LOWEST
    for line in lines[1:]:
        words = line.strip()
        if 0 < _level(line) <= level or _RULE.fullmatch(line) or _TRAILER.fullmatch(words):
            return
        if soft and _BOLD.fullmatch(line):
            return
        if _level(line) or _UNTICKED.match(words) or not re.search(r"\w", words):
            continue
        if not _NONE.fullmatch(_TICKED.sub("", words)):
            yield words
        return


def _is_soft_heading(line: str) -> bool:
    """Whether the line speaks of breaks in bold, or asks for them, and says nothing else."""
    bold = _BOLD.fullmatch(line)
    return bool(_BOLD_OF_BREAKS.fullmatch(bold["text"]) if bold else _QUESTION.fullmatch(line))


def _level(line: str) -> int:
    """The level of a heading, 0 for any other line."""
    heading = _HEADING.match(line)
    return len(heading["level"]) if heading else 0


def _says_footer(line: str) -> bool:
    """Whether the line is a footer that does not say "none"; one that says nothing may go on below."""
    footer = _FOOTER.match(line)
    return footer is not None and not _NONE.fullmatch(footer["text"].strip())


def _is_ticked_as_break(line: str) -> bool:
    """Whether the box of a breaking change is ticked, and "none" does not stand behind it."""
    box = _TICKED_AS_BREAK.fullmatch(line)
    return box is not None and not _NONE.fullmatch(box["text"] or "")


def _shorten(line: str) -> str:
    return line if len(line) <= _SHOWN_LETTERS else f"{line[: _SHOWN_LETTERS - 1]}…"
