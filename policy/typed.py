"""What may be typed into a field of text: what cannot be seen does not count, and a refusal says what is expected."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import Any

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError, ValidationInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails, PydanticCustomError
from pydantic_core.core_schema import with_info_after_validator_function

from policy.judgement import spoken

# An earlier version took what this one refuses; its records are read as they were written.
AS_RECORDED: Mapping[str, bool] = {"as recorded": True}
SAYS_WHAT_IT_FOUND = "typed"
# Where pydantic's own words do not say what was found and expected.
_OUR_WORDS = {"missing": "expected a value, found none", "extra_forbidden": "there is no such key"}
# They join letters of some scripts, and the parts of some emojis, so within a word they stay.
_JOINERS = r"\u200c\u200d"
_OTHERS = (
    r"\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    r"\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_UNSEEN, _BLANK, _SEEN = f"[{_JOINERS}{_OTHERS}]", rf"[\s{_JOINERS}{_OTHERS}]", rf"[^\s{_JOINERS}{_OTHERS}]"
_CHARACTER = rf"(?:{_SEEN}{_UNSEEN}*|\s{_BLANK}*(?={_SEEN}))"
_GAP, _ENDS, _STRAY = (
    re.compile(found) for found in (rf"{_UNSEEN}*\s{_BLANK}*", rf"^{_BLANK}+|{_BLANK}+$", f"[{_OTHERS}]")
)


def tidy(text: str) -> str:
    """Return the text as people see it: on one line, one blank between words, nothing in it that cannot be seen."""
    return _STRAY.sub("", _ENDS.sub("", _GAP.sub(" ", text)))


def find_unseen(value: object) -> str | None:
    """Return the text, or the first within a list or a table, that has characters of which none can be seen."""
    if isinstance(value, str):
        return value if value and not re.search(_SEEN, value) else None
    parts: Iterable[object] = ()
    if isinstance(value, Mapping):
        parts = chain.from_iterable(value.items())
    elif isinstance(value, tuple | frozenset):
        parts = value
    return next((found for found in map(find_unseen, parts) if found is not None), None)


@dataclass(frozen=True, slots=True)
class Typed:
    """One kind of text: the pattern of what may be typed, the words for it, and how it is kept."""

    pattern: str
    words: str
    keep: Callable[[str], str] = tidy

    def __str__(self) -> str:
        return self.words

    def read(self, text: str, info: ValidationInfo) -> str:
        """Return the text as it is kept; raises an error that says what was expected and what was found."""
        if info.context is AS_RECORDED:
            return text
        if not re.search(self.pattern, text):
            said = {"expected": self.words, "found": repr(text)}
            raise PydanticCustomError(SAYS_WHAT_IT_FOUND, "expected {expected}, found {found}", said)
        return self.keep(text)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return with_info_after_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Prefect refuses by this before a run begins; a pattern of plain words is what its sentence says best.

        Its database keeps no NUL and would answer that Prefect is not available.
        """
        refusal = {"pattern": self.words}
        return {**handler(core), "if": {"not": {"pattern": rf"^(?![\s\S]*\x00)(?:{self.pattern})"}}, "then": refusal}


def line(least: int, most: int) -> Typed:
    """Return the text of one line of so many characters, blanks around it not counted; none where `least` is 0."""
    some = rf"^{_BLANK}*(?={_SEEN}){_CHARACTER}{{{max(least, 1)},{most}}}{_BLANK}*$"
    if least:
        return Typed(some, f"{least} to {most} visible characters")
    return Typed(rf"{some}|^{_BLANK}*$", f"at most {most} characters")


def exactly(pattern: str, words: str) -> Typed:
    """Return the text of exactly this form, whatever blanks are around it."""
    return Typed(rf"^{_BLANK}*(?:{pattern}){_BLANK}*$", words)


def spelt(pattern: str, words: str, *, keep: Callable[[str], str] = tidy) -> Typed:
    """Return the text of exactly this form, or none, whatever blanks are around it."""
    return Typed(rf"^{_BLANK}*(?:{pattern})?{_BLANK}*$", f"{words}, or nothing", keep)


def verbatim(most: int) -> Typed:
    """Return the text that is kept as it is typed, character by character: nothing, or something to be seen."""
    return Typed(rf"^(?=[\s\S]{{0,{most}}}$)(?:$|[\s\S]*{_SEEN})", f"at most {most} characters, not only blanks", str)


def refusal(sentence: str) -> PydanticCustomError:
    """Return the error of a field whose sentence says already what was expected and what was found."""
    return PydanticCustomError(SAYS_WHAT_IT_FOUND, "{sentence}", {"sentence": sentence})


def explain(error: ValidationError, *, under: str = "", at_top: Collection[str] = ()) -> str:
    """Name each field, within the table `under` or `at_top` of the file, with what was expected and what was found."""
    return "; ".join(
        f"{name}: {_say_problem(problem)}"
        for name, problem in zip(
            list_fields(error, under=under, at_top=at_top), error.errors(include_url=False), strict=True
        )
    )


def list_fields(error: ValidationError, *, under: str = "", at_top: Collection[str] = ()) -> list[str]:
    """Return the name of each field that is wrong, within the table `under` or `at_top` of the file."""
    places = [problem["loc"] for problem in error.errors(include_url=False)]
    return [name_field((under, *place) if under and not {*place[:1]} & {*at_top} else place) for place in places]


def name_field(place: tuple[int | str, ...]) -> str:
    """Name a field as it is reached from the top of the file or of the form."""
    return ".".join(str(part) for part in place) or "file"


def _say_problem(problem: ErrorDetails) -> str:
    """A key that is not known may be the misspelt one of a secret, and a table holds people: neither is repeated."""
    kind, found = problem["type"], problem["input"]
    said = _OUR_WORDS.get(kind) or problem["msg"].removeprefix("Value error, ")
    if kind in (SAYS_WHAT_IT_FOUND, *_OUR_WORDS) or (kind == "value_error" and not _is_plain(found)):
        return said
    return f"{said}, found {_say_found(found)}"


def _say_found(found: object) -> str:
    if isinstance(found, timedelta):
        return spoken(found)
    if _is_plain(found):
        return repr(found)
    return f"a list of {len(found)}" if isinstance(found, Sequence) else "a table"


def _is_plain(found: object) -> bool:
    parts = found if isinstance(found, list | tuple | set | frozenset) else (found,)
    return not any(isinstance(part, Mapping | BaseModel | list | tuple) for part in parts)
