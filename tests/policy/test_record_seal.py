"""Whoever rewrites a record cannot sign it, and the head that people were told shows a cut-off end."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from policy.record import (
    NOT_SIGNED,
    Row,
    Verification,
    decode,
    digest_of,
    not_signed,
    read_signature,
    signed_bytes,
    verify,
    without_signature,
)
from policy.record_signature import fingerprint, spelled
from tests.policy.rows import numbered, stored
from tests.policy.sealed import ENDED, KNOWN, SEALED, THEIRS, any_row, bound_anew, sealed, signed


def test_an_unbroken_record_says_who_signed_it() -> None:
    ours, theirs = verify(SEALED, known=KNOWN), verify(sealed(THEIRS), known=KNOWN)
    unsigned, still_open = verify(stored(ENDED), known=KNOWN), verify(stored(ENDED[:-1]), known=KNOWN)
    print_of_theirs = fingerprint(THEIRS.public_key().public_bytes_raw())

    assert ours.sentence == "5 rows, unbroken, sealed, signed by worker-1"
    assert theirs.sentence == f"5 rows, unbroken, sealed, signed by an unknown key ({print_of_theirs})"
    assert unsigned.sentence == "5 rows, unbroken, sealed, not signed"
    assert still_open.sentence == "4 rows, unbroken, open (not sealed)"
    assert [found.signer for found in (ours, theirs, unsigned, still_open)] == ["worker-1", None, None, None]
    assert [found.proves_itself(KNOWN) for found in (ours, theirs, unsigned, still_open)] == [True, False, False, True]
    assert all(found.proves_itself({}) for found in (ours, theirs, unsigned, still_open))


def test_without_known_keys_a_record_is_verified_as_far_as_it_goes() -> None:
    head = digest_of(stored(ENDED)[5])

    assert verify(stored(ENDED)) == Verification(rows=5, sealed=True, fault=None, head=head)
    assert verify(sealed()).signed.startswith("signed by an unknown key (SHA256:")


def test_the_head_that_people_were_told_shows_an_end_that_was_cut_off() -> None:
    head = digest_of(SEALED[5])
    cut = {number: SEALED[number] for number in (1, 2, 3)}

    assert verify(SEALED, known=KNOWN, head=head[:16]).fault is None
    assert verify(cut, known=KNOWN).sentence == "3 rows, unbroken, open (not sealed)"
    assert verify(cut, known=KNOWN, head=head[:16]).fault == (
        f"the end is cut off after row 3: it ends with {digest_of(SEALED[3])[:16]}, people were told {head[:16]}"
    )
    assert verify(sealed(THEIRS), head=head).fault == (
        "row 5 is not the seal that people were told of: "
        f"it ends with {digest_of(sealed(THEIRS)[5])[:16]}, people were told {head[:16]}"
    )


@given(st.integers(1, 5), st.sampled_from(("at", "holder", "event", "item", "subject", "step", "facts")), any_row)
def test_whoever_rewrites_a_row_and_binds_the_rest_anew_cannot_sign(number: int, name: str, other: Row) -> None:
    before = decode(SEALED[number])
    changed = getattr(other, name)
    if name == "facts" and number == 5:
        changed = {**changed, "signature": before.facts["signature"]}
    forged = bound_anew(SEALED, number, **{name: changed})
    if getattr(before, name) == changed:
        assert forged == SEALED
        return

    alone = verify(SEALED | {number: forged[number]}, known=KNOWN)
    anew = verify(forged, known=KNOWN)

    # A seal that is turned into another event leaves an open record: the head in the thread tells.
    if number == 5 and name == "event":
        assert not anew.sealed
        assert verify(forged, known=KNOWN, head=digest_of(SEALED[5])).fault is not None
    else:
        assert alone.fault is not None
        assert alone.fault.startswith((f"row {number} ", f"row {number + 1} "))
        assert anew.fault is not None


def test_a_signature_covers_the_row_its_place_and_the_key() -> None:
    seal = numbered(ENDED)[-1]
    key, other = KNOWN["worker-1"], KNOWN["worker-2"]
    elsewhere = replace(seal, previous="00" * 32)

    assert signed_bytes(signed(seal), key) == signed_bytes(seal, key)
    assert len({signed_bytes(seal, key), signed_bytes(seal, other), signed_bytes(elsewhere, key)}) == 3
    assert spelled(key).encode() in signed_bytes(seal, key)
    assert seal.previous.encode() in signed_bytes(seal, key)


def test_signed_or_not_a_row_is_found_again_as_it_was() -> None:
    seal = numbered(ENDED)[-1]
    left = not_signed(seal, "secret SIGNING_KEY: empty")

    assert without_signature(signed(seal)) == seal
    assert without_signature(left) == seal
    assert read_signature(left) is None
    assert left.facts[NOT_SIGNED] == "secret SIGNING_KEY: empty"
