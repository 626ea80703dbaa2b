"""What a changed schema breaks: what is sent must still be accepted, what is received must still be understood."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from policy.api_description import ANYTHING, COMPONENT, Description, Node, component_name, type_of

Found = tuple[tuple[str, str], ...]
Narrower = Callable[[Any, Any], bool]


class Side(StrEnum):
    """Who writes a value: clients send requests and receive answers."""

    SENT = "requests"
    RECEIVED = "answers"


def _lower(inner: Any, outer: Any) -> bool:
    return outer is not None and (inner is None or inner > outer)


def _higher(inner: Any, outer: Any) -> bool:
    return outer is not None and (inner is None or inner < outer)


def _at_least(inner: Any, outer: Any) -> bool:
    return (inner or 0) < (outer or 0)


def _another(inner: Any, outer: Any) -> bool:
    return outer is not None and inner != outer


def _any_change(inner: Any, outer: Any) -> bool:
    return bool(inner != outer)


def _another_format(inner: Any, outer: Any) -> bool:
    return _another(inner, outer) and (inner, outer) not in {("int32", "int64"), ("float", "double")}


# What no rule understands is shown whenever it changes.
_NOT_UNDERSTOOD = (
    "not",
    "if",
    "then",
    "else",
    "contains",
    "prefixItems",
    "propertyNames",
    "patternProperties",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedProperties",
    "unevaluatedItems",
    "minContains",
    "maxContains",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "xml",
)
# A value that satisfies the inner keyword may not satisfy the outer one. For what is sent the inner schema is
# that of production and the outer the new one; for what is received it is the other way round.
RULES: tuple[tuple[str, Narrower], ...] = (
    ("format", _another_format),
    ("pattern", _another),
    ("multipleOf", _another),
    ("uniqueItems", _at_least),
    *((key, _lower) for key in ("maximum", "maxLength", "maxItems", "maxProperties")),
    ("minimum", _higher),
    *((key, _at_least) for key in ("minLength", "minItems", "minProperties")),
    *((key, _any_change) for key in ("exclusiveMaximum", "exclusiveMinimum")),
    *((key, _any_change) for key in _NOT_UNDERSTOOD),
)


@dataclass(slots=True)
class Comparison:
    """Two descriptions, and what was found for each pair of schemas; a pair that contains itself adds nothing."""

    before: Description
    after: Description
    _found: dict[tuple[int, int, Side], Found] = field(default_factory=dict)

    def list_breaks(self, old: object, new: object, side: Side) -> Found:
        """Return place and words of each break; a place that begins with `.` or `[` is within what was asked."""
        key = (id(self.before.schema(old)), id(self.after.schema(new)), side)
        if key not in self._found:
            self._found[key] = ()
            self._found[key] = tuple(dict.fromkeys(self._compare(old, new, side)))
        name = component_name(old) or component_name(new)
        return within(name, self._found[key]) if name else self._found[key]

    def _compare(self, old: object, new: object, side: Side) -> Iterator[tuple[str, str]]:
        olds, news = self.before.list_shapes(old), self.after.list_shapes(new)
        for inner in olds if side is Side.SENT else news:
            outers = news if side is Side.SENT else olds
            pairs = ((inner, outer) if side is Side.SENT else (outer, inner) for outer in outers)
            tried = [(_types_clash(*pair, side), tuple(self._pair(*pair, side))) for pair in pairs]
            clash, found = min(tried, key=lambda one: (one[0], len(one[1])), default=(True, ()))
            yield from [("", _say_types(olds, news, side))] if clash else found

    def _pair(self, old: Node, new: Node, side: Side) -> Iterator[tuple[str, str]]:
        """Compare two shapes; what is found within a component has its name."""
        name = old.get(COMPONENT) or new.get(COMPONENT)
        found = tuple(self._compare_shapes(old, new, side))
        yield from within(name, found) if name else found

    def _compare_shapes(self, old: Node, new: Node, side: Side) -> Iterator[tuple[str, str]]:
        inner, outer = (old, new) if side is Side.SENT else (new, old)
        for key, narrower in RULES:
            if narrower(inner.get(key), outer.get(key)):
                yield "", f"{key} {_say(old.get(key))} -> {_say(new.get(key))} in {side}"
        # A client that leaves it out gets another value; who had to send it so far is given a default for nothing.
        if side is Side.SENT and _another(new.get("default"), old.get("default")):
            yield "", f"default {_say(old.get('default'))} -> {_say(new.get('default'))} in {side}"
        yield from _compare_values(inner, outer, side)
        yield from _compare_discriminators(inner.get("discriminator"), outer.get("discriminator"), side)
        yield from self._compare_properties(old, new, side)
        yield from self._compare_elements(old, new, side)
        yield from self._compare_others(old, new, side)

    def _compare_elements(self, old: Node, new: Node, side: Side) -> Iterator[tuple[str, str]]:
        """Compare what a list holds; where a side does not say, that is anything."""
        if "items" in old or "items" in new:
            yield from within("[]", self.list_breaks(old.get("items", ANYTHING), new.get("items", ANYTHING), side))

    def _compare_others(self, old: Node, new: Node, side: Side) -> Iterator[tuple[str, str]]:
        """Compare the properties that have no name of their own; where a side does not say, they are anything."""
        others, now = (shape.get("additionalProperties", True) for shape in (old, new))
        if side is Side.SENT and now is False and others is not False:
            yield "", "other properties are refused in requests"
        elif others is not False and now is not False and (isinstance(others, Mapping) or isinstance(now, Mapping)):
            yield from within(".*", self.list_breaks(others, now, side))

    def _compare_properties(self, old: Node, new: Node, side: Side) -> Iterator[tuple[str, str]]:
        olds, news = _properties(self.before, old, side), _properties(self.after, new, side)
        for name, schema in olds.items():
            if name in news:
                yield from within(f".{name}", self.list_breaks(schema, news[name], side))
            else:
                yield f".{name}", f"removed from {side}"
        was, now = set(old.get("required", ())), set(new.get("required", ()))
        if side is Side.SENT:
            yield from ((f".{name}", "required in requests") for name in sorted((now - was) & news.keys()))
        else:
            yield from ((f".{name}", "may be missing in answers") for name in sorted((was - now) & news.keys()))


def within(place: str, found: Found) -> Found:
    """Put what was found within something under its place; what has the name of a component keeps it."""
    return tuple((place + at if at[:1] in ("", ".", "[") else at, what) for at, what in found)


def _properties(description: Description, shape: Node, side: Side) -> Mapping[str, object]:
    """Return the properties that are written on this side."""
    hidden = "readOnly" if side is Side.SENT else "writeOnly"
    found = shape.get("properties", {})
    return {name: schema for name, schema in found.items() if not description.merge(schema).get(hidden)}


def _compare_values(inner: Node, outer: Node, side: Side) -> Iterator[tuple[str, str]]:
    """Compare the values that are named one by one."""
    mine, other = _values(inner), _values(outer)
    if other is None:
        return
    if mine is None:
        now = "only these values" if side is Side.SENT else "values beyond these"
        yield "", f"{now} in {side}: {_say(other)}"
    elif beyond := [value for value in mine if value not in other]:
        yield "", f"value {'removed from' if side is Side.SENT else 'added to'} {side}: {_say(beyond)}"


def _compare_discriminators(inner: Node | None, outer: Node | None, side: Side) -> Iterator[tuple[str, str]]:
    """Compare by which property, and by which of its values, the alternatives are told apart."""
    mine, other = inner or {}, outer or {}
    if inner and outer and mine.get("propertyName") != other.get("propertyName"):
        yield "", f"another discriminator in {side}: {_say(sorted(str(one['propertyName']) for one in (mine, other)))}"
    known = _said_names(other)
    for value, target in _said_names(mine).items():
        if known.get(value) != target:
            yield "", f"discriminator {value} for {target} {'removed from' if side is Side.SENT else 'added to'} {side}"


def _said_names(discriminator: Node) -> Mapping[str, str]:
    """Return the values that name an alternative; that the name of a schema does is true without words."""
    targets = {value: str(target).rpartition("/")[2] for value, target in discriminator.get("mapping", {}).items()}
    return {value: target for value, target in targets.items() if value != target}


def _values(shape: Node) -> list[Any] | None:
    found = shape.get("enum", [shape["const"]] if "const" in shape else None)
    return None if found is None else list(found)


def _types_clash(old: Node, new: Node, side: Side) -> bool:
    inner, outer = (old, new) if side is Side.SENT else (new, old)
    mine, other = type_of(inner), type_of(outer)
    return other not in (mine, "anything") and (mine, other) != ("integer", "number")


def _say_types(olds: tuple[Node, ...], news: tuple[Node, ...], side: Side) -> str:
    old, new = ("/".join(dict.fromkeys(type_of(shape) for shape in shapes)) or "nothing" for shapes in (olds, news))
    return f"type {old} -> {new} in {side}" if old != new else f"another alternative in {side}"


def _say(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "none" if value is None else str(value)[:60]
