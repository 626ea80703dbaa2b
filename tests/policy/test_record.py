"""A record shows what was altered, taken away, put in or written after its end."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.record import NOT_SIGNED, Event, Row, Unreadable, decode, encode, last, verify
from tests.policy.rows import FIRST, built, numbered, row, stored, touched, under_way
from tests.policy.sealed import ENDED, KEY, KNOWN, SEALED, Bodies, any_row, bound_anew


@given(any_row)
def test_a_row_is_read_as_it_was_written(written: Row) -> None:
    assert decode(encode(written)) == written


@given(any_row, st.data())
def test_a_changed_byte_is_seen(written: Row, data: st.DataObject) -> None:
    body = bytearray(encode(written))
    at = data.draw(st.integers(0, len(body) - 1))
    body[at] ^= data.draw(st.integers(1, 255))

    with pytest.raises(Unreadable):
        decode(bytes(body))


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"null", b"\xff\xfe", b'{"digest": 3}', b'"row"'],
    ids=["empty", "no fields", "a list", "null", "no text", "only a digest", "a text"],
)
def test_what_is_no_row_cannot_be_read(body: bytes) -> None:
    with pytest.raises(Unreadable, match="not a row of a record"):
        decode(body)


def test_a_row_in_another_spelling_was_altered() -> None:
    spelled_out = json.dumps(json.loads(encode(numbered(ENDED)[0])), indent=1).encode()

    with pytest.raises(Unreadable, match="row 1 was altered"):
        decode(spelled_out)


def _altered(bodies: Bodies) -> Bodies:
    return bodies | {3: bodies[3].replace(b"web-server-2", b"web-server-9")}


def _missing(bodies: Bodies) -> Bodies:
    return {number: body for number, body in bodies.items() if number != 2}


def _first_missing(bodies: Bodies) -> Bodies:
    return {number: body for number, body in bodies.items() if number != 1}


def _swapped(bodies: Bodies) -> Bodies:
    return bodies | {2: bodies[3], 3: bodies[2]}


def _rewritten(bodies: Bodies) -> Bodies:
    return bodies | {2: encode(replace(decode(bodies[2]), facts={"digest": "sha256:0"}))}


def _extended(bodies: Bodies) -> Bodies:
    return bodies | {6: encode(replace(touched(), number=6))}


def _garbage(bodies: Bodies) -> Bodies:
    return bodies | {4: b"lost+found"}


def _with_seal(bodies: Bodies, **facts: Any) -> Bodies:
    seal = decode(bodies[5])
    return bodies | {5: encode(replace(seal, facts={**seal.facts, **facts}))}


def _respelled(bodies: Bodies) -> Bodies:
    """The last letter before the padding has bits that say nothing."""
    written = decode(bodies[5]).facts["signature"]
    letter = written["value"][-3]
    other = chr(ord(letter) + 1)
    return _with_seal(bodies, signature=written | {"value": f"{written['value'][:-3]}{other}=="})


def _forged_again(bodies: Bodies) -> Bodies:
    """Row 2 is rewritten and every row after it is bound anew: only the signature cannot be made."""
    return bound_anew(bodies, 2, facts={"digest": "sha256:0"})


UNFIT = "row 5 is altered: its signature does not fit it; it or rows before it were rewritten"
UNREADABLE = "row 5 is altered: its signature cannot be read"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (_altered, "row 3 is altered: row 3 was altered after it was written"),
        (_missing, "row 2 is missing"),
        (_first_missing, "row 1 is missing"),
        (_swapped, "row 2 is not in its place: it calls itself row 3"),
        (_rewritten, "row 3 does not follow row 2: one of the two was replaced"),
        (_extended, "row 6 was written after the record was sealed"),
        (_garbage, "row 4 is altered: not a row of a record: "),
        (lambda _bodies: {}, "the record has no rows"),
        (_forged_again, UNFIT),
        (lambda bodies: _with_seal(bodies, outcome="rolled back"), UNFIT),
        (lambda bodies: _with_seal(bodies, **{NOT_SIGNED: "no reason"}), UNFIT),
        (lambda bodies: _with_seal(bodies, signature="mine"), UNREADABLE),
        (lambda bodies: _with_seal(bodies, signature={"key": "AAAA"}), UNREADABLE),
        (lambda bodies: _with_seal(bodies, signature={"key": "?", "value": "?"}), UNREADABLE),
        (lambda bodies: _with_seal(bodies, signature=None), UNREADABLE),
        (_respelled, UNREADABLE),
    ],
    ids=[
        "altered",
        "missing",
        "first missing",
        "swapped",
        "rewritten",
        "after the seal",
        "garbage",
        "empty",
        "rewritten and bound anew",
        "another ending",
        "a fact beside the signature",
        "a signature that is none",
        "half a signature",
        "no base64",
        "an empty signature",
        "another spelling",
    ],
)
def test_the_first_wrong_row_is_named(change: Callable[[Bodies], Bodies], fault: str) -> None:
    found = verify(change(SEALED), known=KNOWN)

    assert found.fault is not None
    assert found.fault.startswith(fault)
    assert found.sentence == found.fault
    assert not found.proves_itself(KNOWN)
    assert not found.proves_itself({})


@pytest.mark.parametrize(
    ("opened", "fault"),
    [
        ({}, None),
        ({"release": {"key": KEY}}, None),
        ({"release": {}}, None),
        ({"release": "none"}, None),
        (
            {"release": {"key": "another"}},
            f"row 1 is not in its place: it opens release another, this is the record of {KEY}",
        ),
    ],
    ids=["of tests", "this release's", "without a key", "garbage", "another release's"],
)
def test_a_record_in_another_releases_place_is_named(opened: dict[str, Any], fault: str | None) -> None:
    bodies = stored((row(Event.OPENED, **opened), built()))

    assert verify(bodies, release=KEY).fault == fault
    assert verify(bodies).fault is None


@given(st.integers(1, 5), st.data())
def test_any_changed_byte_of_any_row_is_named_with_its_row(number: int, data: st.DataObject) -> None:
    body = bytearray(SEALED[number])
    body[data.draw(st.integers(0, len(body) - 1))] ^= data.draw(st.integers(1, 255))

    fault = verify(SEALED | {number: bytes(body)}, known=KNOWN).fault

    assert fault is not None
    assert fault.startswith(f"row {number} is altered: ")


@given(st.permutations(range(1, 6)))
def test_whatever_is_reordered_is_named_where_it_begins(order: list[int]) -> None:
    misplaced = [place for place, number in enumerate(order, start=1) if place != number]

    fault = verify({place: SEALED[number] for place, number in enumerate(order, start=1)}, known=KNOWN).fault

    assert (fault is None) == (not misplaced)
    assert fault is None or fault.startswith(f"row {misplaced[0]} is not in its place")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@given(st.fixed_dictionaries(dict.fromkeys(json.loads(SEALED[1]), json_values)))
def test_a_row_with_anything_in_its_fields_is_refused(content: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        decode(json.dumps(content).encode())


@pytest.mark.parametrize("facts", ['"ab"', "5", "[[1]]", '{"a": "\\ud800"}', "[" * 100_000])
def test_facts_that_are_none_are_refused(facts: str) -> None:
    body = encode(numbered(ENDED)[0]).replace(b'"facts":{}', f'"facts":{facts}'.encode())

    with pytest.raises(Unreadable):
        decode(body)


@given(st.sets(st.integers(1, 5), min_size=1))
def test_whatever_is_taken_away_is_noticed(gone: set[int]) -> None:
    kept = {number: body for number, body in stored(ENDED).items() if number not in gone}
    cut_short = sorted(kept) == list(range(1, len(kept) + 1))

    found = verify(kept)

    assert found.fault is not None or (cut_short and not found.sealed)


def test_the_newest_row_of_an_event_counts() -> None:
    rows = under_way(touched("web-server-2"))

    newest = last(rows, Event.INTENDED)

    assert newest is not None
    assert newest.subject == "web-server-2"
    assert last(rows, Event.SEALED) is None


def test_a_row_is_about_one_step_on_one_subject() -> None:
    one = touched()

    assert one.is_about(item="2.1.2", subject=FIRST, step="drained")
    assert not one.is_about(item="2.1.2", subject=FIRST, step="updated")


def test_times_keep_their_zone() -> None:
    assert decode(encode(numbered(ENDED)[0])).at.utcoffset() == timedelta(0)
