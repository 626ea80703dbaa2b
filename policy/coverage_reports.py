"""Reports of test coverage as tools write them: Cobertura XML, LCOV, and istanbul's JSON summary."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, TypeGuard
from xml.parsers import expat

_MOST_DIGITS = 18


class UnreadableReportError(ValueError):
    """The text is not a whole report of coverage; the message says why."""


@dataclass(frozen=True, slots=True)
class LineCount:
    """How many of the lines that can run did run in the tests."""

    covered: int
    total: int

    def __add__(self, other: "LineCount") -> "LineCount":
        return LineCount(self.covered + other.covered, self.total + other.total)

    @property
    def share(self) -> float:
        """The covered share; only asked where there are lines."""
        return self.covered / self.total

    def __str__(self) -> str:
        # Cut, not rounded: 69.97 % is not 70 %.
        percent = self.covered * 1000 // self.total / 10 if self.total else 0.0
        return f"{percent:.1f} % ({self.covered} of {self.total} lines)"


Lines = Mapping[str, LineCount]


def read_coverage(text: str) -> Lines:
    """Return the lines of each file, whichever of the three forms the text has."""
    start = text.lstrip("\ufeff \t\r\n")
    if not start:
        raise UnreadableReportError("it is empty")
    if start.startswith("<"):
        return read_cobertura(start)
    return read_json_summary(start) if start.startswith("{") else read_lcov(start)


def read_cobertura(text: str) -> Lines:
    """Return the lines of each file of a Cobertura report; a report that declares entities is refused."""
    reader = _Cobertura()
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    # Nothing is expanded and nothing is fetched: the parser stops at the first declaration of an entity.
    parser.EntityDeclHandler = reader.refuse_entity
    try:
        parser.ParseFile(BytesIO(text.encode("utf-8", "replace")))
    except expat.ExpatError as error:
        raise UnreadableReportError(f"it is no whole XML: {error}") from error
    if not reader.is_cobertura:
        raise UnreadableReportError("it is XML, and no Cobertura report")
    root = reader.sources[0].rstrip("/") if len(set(reader.sources)) == 1 else ""
    return {_join(root, path): _count(lines) for path, lines in reader.files.items()}


def read_lcov(text: str) -> Lines:
    """Return the lines of each file of an LCOV report; records of one file are laid upon each other."""
    files: dict[str, dict[int, int]] = {}
    summed: dict[str, dict[str, int]] = {}
    path: str | None = None
    for line in filter(None, (line.strip() for line in text.splitlines())):
        word, _, rest = line.partition(":")
        if word == "SF":
            if path is not None:
                raise UnreadableReportError(f"{path} has no end_of_record")
            path = _tidy(rest)
            files.setdefault(path, {})
        elif line == "end_of_record":
            path = None
        elif word == "DA" and path is not None:
            number, hits = _two_numbers(rest)
            files[path][number] = max(hits, files[path].get(number, 0))
        elif word in ("LF", "LH") and path is not None:
            summed.setdefault(path, {})[word] = _number(rest)
    if path is not None:
        raise UnreadableReportError(f"it is cut short: {path} has no end_of_record")
    if not files:
        raise UnreadableReportError("it names no file: it is neither Cobertura, nor LCOV, nor a JSON summary")
    return {name: _count(lines) if lines else _of_sums(name, summed.get(name, {})) for name, lines in files.items()}


def read_json_summary(text: str) -> Lines:
    """Return the lines of each file of istanbul's summary, if together they are what it says of the total."""
    try:
        report = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableReportError(f"it is no whole JSON: {type(error).__name__}") from error
    files = {_tidy(path): _of_summary(path, entry) for path, entry in report.items() if path != "total"}
    if "total" not in report:
        raise UnreadableReportError("it is JSON, and no coverage summary: it has no total")
    total = _of_summary("total", report["total"])
    found = sum(files.values(), LineCount(0, 0))
    if found != total:
        raise UnreadableReportError(
            f"its files have {found.total} lines, its total says {total.total}: it is not whole"
        )
    return files


class _Cobertura:
    """Gathers what the elements of a Cobertura report say."""

    def __init__(self) -> None:
        self.is_cobertura = False
        self.sources: list[str] = []
        self.files: dict[str, dict[int, int]] = {}
        self._path: str | None = None
        self._source: list[str] | None = None
        self._depth = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if self._depth == 0:
            self.is_cobertura = name == "coverage"
        self._depth += 1
        if name == "source":
            self._source = []
        elif name == "class":
            self._path = _tidy(attributes.get("filename", ""))
            if not self._path:
                raise UnreadableReportError("a class of it names no file")
            self.files.setdefault(self._path, {})
        elif name == "line" and self._path is not None:
            number, hits = _number(attributes.get("number", "")), _number(attributes.get("hits", ""))
            lines = self.files[self._path]
            lines[number] = max(hits, lines.get(number, 0))

    def end(self, name: str) -> None:
        self._depth -= 1
        if name == "class":
            self._path = None
        elif name == "source" and self._source is not None:
            self.sources.append(_tidy("".join(self._source).strip()))
            self._source = None

    def text(self, data: str) -> None:
        if self._source is not None:
            self._source.append(data)

    def refuse_entity(self, name: str, *_declaration: Any) -> None:
        raise UnreadableReportError(f"it declares the entity {name!r}, which no coverage report needs")


def _count(lines: Mapping[int, int]) -> LineCount:
    return LineCount(sum(1 for hits in lines.values() if hits > 0), len(lines))


def _of_sums(path: str, sums: Mapping[str, int]) -> LineCount:
    return _checked(path, sums.get("LH", 0), sums.get("LF", 0))


def _of_summary(path: str, entry: object) -> LineCount:
    lines = entry.get("lines") if isinstance(entry, dict) else None
    if not isinstance(lines, dict):
        raise UnreadableReportError(f"{path} has no lines")
    return _checked(path, lines.get("covered"), lines.get("total"))


def _checked(path: str, covered: object, total: object) -> LineCount:
    if not _is_count(covered) or not _is_count(total) or covered > total:
        raise UnreadableReportError(f"{path} has {covered!r} of {total!r} lines covered")
    return LineCount(covered, total)


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _two_numbers(text: str) -> tuple[int, int]:
    number, _, hits = text.partition(",")
    return _number(number), _number(hits.split(",")[0])


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise UnreadableReportError(f"{text!r} stands where a number should be")
    return int(text)


def _tidy(path: str) -> str:
    """Spell a path as git does; a drive of Windows becomes the root."""
    return re.sub(r"^[A-Za-z]:/", "/", path.strip().replace("\\", "/")).removeprefix("./")


def _join(root: str, path: str) -> str:
    return path if root in ("", ".") or path.startswith("/") else f"{root}/{path}"
