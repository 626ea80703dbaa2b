"""What a changed OpenAPI description breaks for the clients of the version in production (1.2.3)."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from policy.api_description import ANYTHING, Description, Node, read_description
from policy.api_operations import (
    WEBHOOK,
    Operation,
    Operations,
    base_of,
    list_callbacks,
    list_operations,
    list_ways_in,
    plain_media,
    writing_of,
)
from policy.api_schemas import Comparison, Side, within
from policy.breaks import Break, Changed, Unreadable


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
    yield from ((what, "servers") for what in _compare_servers(before.root.get("servers"), after.root.get("servers")))
    comparison = Comparison(before, after)
    olds, news = (list_operations(one, one.root.get("paths", {})) for one in (before, after))
    yield from _compare_each(comparison, olds, news, _compare_operation)
    for key, old in olds.items():
        if key in news:
            called, calls = list_callbacks(before, old), list_callbacks(after, news[key])
            yield from _compare_each(comparison, called, calls, _compare_called)
    called, calls = (list_operations(one, one.root.get("webhooks", {}), WEBHOOK) for one in (before, after))
    yield from _compare_each(comparison, called, calls, _compare_called)


def _compare_each(
    comparison: Comparison, olds: Operations, news: Operations, compare: Callable[..., Iterator[tuple[str, str]]]
) -> Iterator[tuple[str, str]]:
    for key, old in olds.items():
        if key not in news:
            yield f"{old.title} removed", "operations"
            continue
        for place, what in compare(comparison, old, news[key]):
            name = f"{place}: {what}" if place[:1] not in ("", " ", ".", "[") else f"{old.title}{place}: {what}"
            yield name, old.title


def _compare_servers(old: Sequence[Node] | None, new: Sequence[Node] | None) -> Iterator[str]:
    """Give each base address that is gone; where none is said it is the one of the description itself."""
    now = {server.get("url"): base_of(server) for server in new or [{"url": "/"}]}
    for server in old or ():
        url = server.get("url")
        if url not in now:
            yield f"server {url} removed"
        elif now[url] != base_of(server):
            yield f"server {url} is {now[url]} and no longer {base_of(server)}"


def _compare_own_servers(comparison: Comparison, old: Operation, new: Operation) -> Iterator[tuple[str, str]]:
    """Give where an operation, or its path, is no longer found, though the whole interface is."""
    if old.servers is None and new.servers is None:
        return
    was = old.servers or comparison.before.root.get("servers") or [{"url": "/"}]
    now = new.servers or comparison.after.root.get("servers")
    yield from (("", what) for what in _compare_servers(was, now))


def _compare_called(comparison: Comparison, old: Operation, new: Operation) -> Iterator[tuple[str, str]]:
    """Compare what the interface sends by itself, a webhook or a callback: its clients receive it and answer."""
    for key, parameter in old.parameters.items():
        place = f" {key[0]} parameter {parameter['name']}"
        if key not in new.parameters:
            yield place, "removed"
            continue
        other = new.parameters[key]
        if parameter.get("required") and not other.get("required"):
            yield place, "may be missing"
        yield from _compare_writing(place, parameter, other)
        yield from within(place, comparison.list_breaks(_schema_of(parameter), _schema_of(other), Side.RECEIVED))
    was = comparison.before.follow(old.node.get("requestBody", ANYTHING))
    now = comparison.after.follow(new.node.get("requestBody", ANYTHING))
    yield from _compare_content(comparison, " body", was, now, Side.RECEIVED)
    yield from _compare_answers(comparison, old, new, Side.SENT)
    for word in ("callbacks", "security"):
        if old.node.get(word) != new.node.get(word):
            yield "", f"{word} changed"


def _compare_operation(comparison: Comparison, old: Operation, new: Operation) -> Iterator[tuple[str, str]]:
    yield from _compare_parameters(comparison, old, new)
    yield from _compare_body(comparison, old.node.get("requestBody"), new.node.get("requestBody"))
    yield from _compare_answers(comparison, old, new, Side.RECEIVED)
    yield from _compare_own_servers(comparison, old, new)
    wanted = list_ways_in(comparison.after, new.node)
    for way in list_ways_in(comparison.before, old.node):
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
        yield from _compare_writing(place, parameter, now)
        old_schema, new_schema = _schema_of(parameter), _schema_of(now)
        yield from within(place, comparison.list_breaks(old_schema, new_schema, Side.SENT))
        default = comparison.after.merge(new_schema).get("default")
        had_one = comparison.before.merge(old_schema).get("default") is not None
        if default is not None and not had_one and not parameter.get("required"):
            yield place, f"default none -> {default} in requests"
    for key, parameter in new.parameters.items():
        if key not in old.parameters and parameter.get("required"):
            yield f" {key[0]} parameter {parameter['name']}", "new and required"


def _compare_writing(place: str, old: Node, new: Node) -> Iterator[tuple[str, str]]:
    """Compare how the value of a parameter is written into the request."""
    was, now = writing_of(old), writing_of(new)
    # Another style has an explode of its own.
    if changed := [key for key in ("style", "explode") if was[key] != now[key]]:
        yield place, f"{changed[0]} {was[changed[0]]} -> {now[changed[0]]}"
    for key in ("allowReserved", "allowEmptyValue"):
        if old.get(key) and not new.get(key):
            yield place, f"{key} no longer"


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


def _compare_answers(comparison: Comparison, old: Operation, new: Operation, side: Side) -> Iterator[tuple[str, str]]:
    answers = {str(status): answer for status, answer in new.node.get("responses", {}).items()}
    for status, answer in old.node.get("responses", {}).items():
        place = f" {status}"
        if str(status) not in answers:
            yield place, "removed"
            continue
        was, now = comparison.before.follow(answer), comparison.after.follow(answers[str(status)])
        yield from _compare_headers(comparison, place, was, now, side)
        yield from _compare_content(comparison, place, was, now, side)


def _compare_headers(comparison: Comparison, place: str, old: Node, new: Node, side: Side) -> Iterator[tuple[str, str]]:
    headers = {name.casefold(): comparison.after.follow(header) for name, header in new.get("headers", {}).items()}
    for name, header in old.get("headers", {}).items():
        at = f"{place} header {name}"
        if name.casefold() not in headers:
            yield at, "removed"
            continue
        was, now = comparison.before.follow(header), headers[name.casefold()]
        if was.get("required") and not now.get("required"):
            yield at, "may be missing"
        yield from _compare_writing(at, was, now)
        yield from within(at, comparison.list_breaks(_schema_of(was), _schema_of(now), side))


def _compare_content(comparison: Comparison, place: str, old: Node, new: Node, side: Side) -> Iterator[tuple[str, str]]:
    contents = {plain_media(media): content for media, content in new.get("content", {}).items()}
    for media, content in old.get("content", {}).items():
        now = contents.get(plain_media(media))
        if now is None:
            yield f"{place} {media}", "removed"
            continue
        for key in ("schema", "itemSchema"):
            found = comparison.list_breaks(content.get(key, ANYTHING), now.get(key, ANYTHING), side)
            yield from within(place, found)
        ways = now.get("encoding", {})
        for name, way in content.get("encoding", {}).items():
            if ways.get(name) != way:
                yield f"{place}.{name}", "encoding changed"


def _schema_of(parameter: Node) -> object:
    """Return the schema of a parameter, also where it is described as content."""
    content: Sequence[Any] = tuple(parameter.get("content", {}).values())
    return content[0].get("schema", ANYTHING) if content else parameter.get("schema", ANYTHING)


def _say_way(way: frozenset[str]) -> str:
    return ", ".join(sorted(way)) or "no authentication"


def _say_where(places: Sequence[str]) -> str:
    unique = list(dict.fromkeys(places))
    return unique[0] if len(unique) == 1 else f"{unique[0]} and {len(unique) - 1} more"
