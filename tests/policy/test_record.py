"""A record shows what was altered, taken away, put in or written after its end."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.record import Event, Row, Unreadable, Verification, decode, encode, last, verify
from tests.policy.rows import FIRST, built, numbered, row, stored, touched, under_way, way_back

Bodies = dict[int, bytes]

ENDED = (row(Event.OPENED), built(), way_back(), touched(), row(Event.SEALED, outcome="signed off"))

facts = st.dictionaries(
    st.text(max_size=8),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
        max_leaves=4,
    ),
    max_size=3,
)
any_row = st.builds(
    Row,
    number=st.integers(1, 999_999),
    at=st.datetimes(timezones=st.just(UTC)),
    holder=st.integers(0, 999),
    event=st.sampled_from(Event),
    item=st.text(max_size=8),
    subject=st.text(max_size=8),
    step=st.text(max_size=8),
    facts=facts,
    previous=st.text(max_size=8),
)


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


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (_altered, "row 3 is altered: row 3 was altered after it was written"),
        (_missing, "row 2 is missing"),
        (_first_missing, "row 1 is missing"),
        (_swapped, "row 2 is altered: it calls itself row 3"),
        (_rewritten, "row 3 does not follow row 2: one of the two was replaced"),
        (_extended, "row 6 was written after the record was sealed"),
        (_garbage, "row 4 is altered: not a row of a record: "),
        (lambda _bodies: {}, "the record has no rows"),
    ],
    ids=["altered", "missing", "first missing", "swapped", "rewritten", "after the seal", "garbage", "empty"],
)
def test_the_first_wrong_row_is_named(change: Callable[[Bodies], Bodies], fault: str) -> None:
    found = verify(change(stored(ENDED)))

    assert found.fault is not None
    assert found.fault.startswith(fault)
    assert found.sentence == found.fault


def test_an_unbroken_record_says_so() -> None:
    assert verify(stored(ENDED)) == Verification(rows=5, sealed=True, fault=None)
    assert verify(stored(ENDED)).sentence == "5 rows, unbroken, sealed"
    assert verify(stored(ENDED[:-1])).sentence == "4 rows, unbroken, open (not sealed)"


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
