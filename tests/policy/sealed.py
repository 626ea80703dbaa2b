"""A record that has ended and is signed, the hands that would forge it, and rows of every kind."""

from dataclasses import replace
from datetime import UTC
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import strategies as st

from policy.record import Event, Row, decode, digest_of, encode, signed_bytes, with_signature
from policy.record_signature import Signature
from tests.policy.rows import built, numbered, row, touched, way_back

Bodies = dict[int, bytes]

ENDED = (row(Event.OPENED), built(), way_back(), touched(), row(Event.SEALED, outcome="signed off"))
OURS, THEIRS = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2))
KNOWN = {"worker-2": b"\x07" * 32, "worker-1": OURS.public_key().public_bytes_raw()}
KEY = "20261124-180000-1f2e3d4c"


def signed(seal: Row, key: Ed25519PrivateKey = OURS) -> Row:
    """The seal, signed in its place."""
    public = key.public_key().public_bytes_raw()
    return with_signature(seal, Signature(public, key.sign(signed_bytes(seal, public))))


def sealed(key: Ed25519PrivateKey = OURS) -> Bodies:
    """What the store holds of a release that ended and was signed."""
    *rows, seal = numbered(ENDED)
    return {one.number: encode(one) for one in (*rows, signed(seal, key))}


SEALED = sealed()


def bound_anew(bodies: Bodies, number: int, **changes: Any) -> Bodies:
    """One row is changed, and the rows after it are bound to it again."""
    forged = dict(bodies)
    forged[number] = encode(replace(decode(bodies[number]), **changes))
    for following in range(number + 1, len(bodies) + 1):
        previous = digest_of(forged[following - 1])
        forged[following] = encode(replace(decode(forged[following]), previous=previous))
    return forged


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
