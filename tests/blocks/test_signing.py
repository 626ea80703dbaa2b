"""The worker's key in a real file: what it signs is verified by its public key, and without it a record still ends."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from blocks.errors import Misconfigured
from blocks.signing import KeyExists, Signer, make_key
from policy.record import NOT_SIGNED, Event, Row, read_signature, signed_bytes
from policy.record_signature import KEY_BYTES, fingerprint, read_spelled, spelled

NAME = "SIGNING_KEY"
SEAL = Row(
    number=5,
    at=datetime(2026, 11, 24, 18, 0, tzinfo=UTC),
    holder=1,
    event=Event.SEALED,
    facts={"outcome": "signed off"},
    previous="ab" * 32,
)


def private(folder: Path) -> str:
    return (folder / NAME).read_text().strip()


def test_a_new_key_lies_in_a_file_that_only_its_user_reads(tmp_path: Path) -> None:
    signer = make_key(NAME, tmp_path)

    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    assert len(read_spelled(private(tmp_path), KEY_BYTES)) == KEY_BYTES
    assert signer.fingerprint == fingerprint(signer.public_key)
    assert Signer(NAME, tmp_path).public_key == signer.public_key
    assert private(tmp_path) not in f"{signer!r} {spelled(signer.public_key)}"


def test_a_key_that_is_there_is_not_replaced(tmp_path: Path) -> None:
    kept = make_key(NAME, tmp_path).public_key

    with pytest.raises(KeyExists, match=f"{tmp_path}/{NAME} exists"):
        make_key(NAME, tmp_path)

    assert Signer(NAME, tmp_path).public_key == kept


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=f"nowhere/{NAME} cannot be written: No such file or directory"):
        make_key(NAME, tmp_path / "nowhere")


def test_a_row_is_signed_in_its_place_with_the_key_of_the_file(tmp_path: Path) -> None:
    signer = make_key(NAME, tmp_path)

    signed = signer.sign_row(SEAL)

    signature = read_signature(signed)
    assert signature is not None
    assert signature.key == signer.public_key
    assert signature.fits(signed_bytes(SEAL, signer.public_key))
    assert signed.facts["outcome"] == "signed off"
    assert signed.previous == SEAL.previous
    assert private(tmp_path) not in str(signed)


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = make_key("OTHER_KEY", tmp_path)
    make_key(NAME, tmp_path)
    monkeypatch.setenv(NAME, (tmp_path / "OTHER_KEY").read_text().strip())

    assert Signer(NAME, None).public_key == other.public_key
    assert Signer(NAME, tmp_path).public_key == other.public_key


@pytest.mark.parametrize(
    ("content", "mode", "complaint"),
    [
        (None, 0o600, "neither in the environment nor in the file"),
        ("", 0o600, "is empty"),
        (spelled(bytes(32)), 0o644, "has mode 0644, expected 0600"),
        ("s3cret words", 0o600, "no Ed25519 private key: expected 32 bytes in base64"),
        (spelled(bytes(64)), 0o600, "no Ed25519 private key: expected 32 bytes in base64, found 64"),
    ],
    ids=["missing", "empty", "readable by all", "no base64", "too long"],
)
def test_without_a_readable_key_the_row_says_why_it_is_not_signed(
    tmp_path: Path, content: str | None, mode: int, complaint: str
) -> None:
    if content is not None:
        (tmp_path / NAME).write_text(content)
        (tmp_path / NAME).chmod(mode)

    row = Signer(NAME, tmp_path).sign_row(SEAL)

    assert read_signature(row) is None
    assert complaint in row.facts[NOT_SIGNED]
    assert not content or content not in row.facts[NOT_SIGNED]
    with pytest.raises(Misconfigured, match=complaint):
        _ = Signer(NAME, tmp_path).public_key
