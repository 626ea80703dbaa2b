"""The part of PromQL that is asked for here, and how it is read; all else is refused.

Follows Prometheus' documentation, "Querying basics", "Operators" and "Query functions".
"""

import math
import re
from collections.abc import Callable, Sequence

from lab import prometheus_functions as functions

_TOKEN = re.compile(
    r'\s*(?:(?P<word>[a-zA-Z_:][\w:]*)|(?P<text>"(?:[^"\\]|\\.)*")|(?P<span>(?:\d+(?:ms|[smhdwy]))+)'
    r"|(?P<number>\d+(?:\.\d+)?)|(?P<sign>=~|!~|!=|[(){}\[\],=/]))"
)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0, "y": 31_536_000.0}
_TOTALS: dict[str, Callable[[Sequence[float]], float]] = {
    "sum": math.fsum,
    "max": max,
    "min": min,
    "avg": lambda values: math.fsum(values) / len(values),
}
_OVER_TIME = {
    "rate": functions.rate,
    "increase": functions.increase,
    "count_over_time": functions.count_over_time,
}


class Parser:
    """Reads one query; `parse` gives a function of the store and the time."""

    def __init__(self, query: str) -> None:
        self._query = query
        self._tokens: list[tuple[str, str, int]] = []
        position = 0
        while position < len(query.rstrip()):
            found = _TOKEN.match(query, position)
            if not found or not found.lastgroup:
                raise functions.BadQueryError(
                    f'1:{position + 1}: parse error: unexpected character: "{query[position]}"'
                )
            self._tokens.append((found.lastgroup, found[found.lastgroup], found.start(found.lastgroup)))
            position = found.end()
        self._next = 0

    def parse(self) -> functions.Expression:
        """The whole query as one expression."""
        if not self._tokens:
            raise functions.BadQueryError("unknown position: parse error: no expression found in input")
        whole = self._quotient()
        if self._next < len(self._tokens):
            raise self._unexpected()
        return whole

    def _unexpected(self) -> functions.BadQueryError:
        if self._next < len(self._tokens):
            _, text, position = self._tokens[self._next]
            return functions.BadQueryError(f"1:{position + 1}: parse error: unexpected <{text}>")
        return functions.BadQueryError(f"1:{len(self._query) + 1}: parse error: unexpected end of input")

    def _peek(self) -> str:
        return self._tokens[self._next][1] if self._next < len(self._tokens) else ""

    def _take(self, *wanted: str) -> str:
        """The next token, which has to be one of the given texts or of a given kind (in angle brackets)."""
        if self._next >= len(self._tokens):
            raise self._unexpected()
        kind, text, _ = self._tokens[self._next]
        if text not in wanted and f"<{kind}>" not in wanted:
            raise self._unexpected()
        self._next += 1
        return text

    def _quotient(self) -> functions.Expression:
        left = self._operand()
        while self._peek() == "/":
            self._take("/")
            left = functions.divided(left, self._operand())
        return left

    def _operand(self) -> functions.Expression:
        word = self._take("<word>")
        if word in _TOTALS:
            return self._total(word)
        if self._peek() != "(":
            return functions.instant(self._selector(word))
        self._take("(")
        expression = self._function(word)
        self._take(")")
        return expression

    def _function(self, name: str) -> functions.Expression:
        if name in _OVER_TIME:
            selector = self._selector(self._take("<word>"))
            if selector.span is None:
                raise functions.BadQueryError(f'parse error: expected type range vector in call to function "{name}"')
            return functions.over_time(selector, selector.span, _OVER_TIME[name])
        if name == "timestamp":
            return functions.timestamp(self._selector(self._take("<word>")))
        if name == "histogram_quantile":
            share = float(self._take("<number>"))
            self._take(",")
            return functions.quantile(share, self._quotient())
        raise functions.BadQueryError(f'parse error: unknown function with name "{name}"')

    def _total(self, name: str) -> functions.Expression:
        labels: tuple[str, ...] = ()
        if self._peek() == "by":
            self._take("by")
            labels = self._names()
        self._take("(")
        inner = self._quotient()
        self._take(")")
        return functions.totalled(_TOTALS[name], labels, inner)

    def _names(self) -> tuple[str, ...]:
        self._take("(")
        names = []
        while self._peek() != ")":
            names.append(self._take("<word>"))
            if self._peek() != ")":
                self._take(",")
        self._take(")")
        return tuple(names)

    def _selector(self, name: str) -> functions.Selector:
        matchers = []
        if self._peek() == "{":
            self._take("{")
            while self._peek() != "}":
                label, sign = self._take("<word>"), self._take("=", "!=", "=~", "!~")
                matchers.append((label, sign, _unquoted(self._take("<text>"))))
                if self._peek() != "}":
                    self._take(",")
            self._take("}")
        span = None
        if self._peek() == "[":
            self._take("[")
            span = _seconds(self._take("<span>"))
            self._take("]")
        offset = 0.0
        if self._peek() == "offset":
            self._take("offset")
            offset = _seconds(self._take("<span>"))
        return functions.Selector(name, tuple(matchers), span, offset)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def _seconds(text: str) -> float:
    return sum(float(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)(ms|[smhdwy])", text))
