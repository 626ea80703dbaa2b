"""Keys and signatures: what fits, what is known, and how they are written."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from policy.record_signature import KEY_BYTES, Signature, fingerprint, name_of, read_spelled, say_who_signed, spelled

# The first test vector of RFC 8032.
PRIVATE = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
OF_NOTHING = bytes.fromhex(
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
)
KNOWN = {"worker-1": PUBLIC}


def test_the_signature_of_the_standard_fits() -> None:
    assert Signature(PUBLIC, OF_NOTHING).fits(b"")
    assert Ed25519PrivateKey.from_private_bytes(PRIVATE).sign(b"") == OF_NOTHING


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (PUBLIC, OF_NOTHING, b"x"),
        (PUBLIC, bytes(64), b""),
        (bytes(31) + b"\x01", OF_NOTHING, b""),
        (b"\xff" * 32, OF_NOTHING, b""),
    ],
    ids=["another message", "another signature", "another key", "no key at all"],
)
def test_anything_else_does_not_fit(key: bytes, value: bytes, message: bytes) -> None:
    assert not Signature(key, value).fits(message)


def test_it_is_said_who_signed() -> None:
    assert say_who_signed(None, KNOWN) == "not signed"
    assert say_who_signed(Signature(PUBLIC, OF_NOTHING), KNOWN) == "signed by worker-1"
    assert say_who_signed(Signature(PUBLIC, OF_NOTHING), {}) == f"signed by an unknown key ({fingerprint(PUBLIC)})"
    assert name_of(bytes(32), KNOWN) is None


def test_people_compare_a_fingerprint_of_one_line() -> None:
    assert fingerprint(PUBLIC) == "SHA256:If4x36FUomFia/hUBG/SJxt77UtqvkWqWId+9H+XIbk"


@given(st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES))
def test_a_key_is_read_as_it_was_written(key: bytes) -> None:
    assert read_spelled(spelled(key), KEY_BYTES) == key


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("AAAA", "expected 32 bytes in base64, found 3"),
        ("no key!", "expected 32 bytes in base64$"),
        ("schlüssel", "ASCII"),
        ("", "found 0"),
    ],
)
def test_what_is_no_key_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_spelled(text, KEY_BYTES)
