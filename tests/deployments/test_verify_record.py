"""The command that proves a record, run as a person runs it: on a folder, while Prefect is nowhere."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest

from blocks.record import Record, row_key
from blocks.signing import Signer
from blocks.store import FolderStore
from deployments import signing_key, verify_record
from deployments.settings import read_settings
from policy.record import Event
from policy.record_signature import spelled
from tests.deployments.test_least_company import LEAST

KEY = "20261124-180000-1f2e3d4c"
ROOT = Path(__file__).parents[2]


@dataclass
class Worker:
    """A worker's machine: settings, secrets, a store, and no Prefect server."""

    home: Path

    @property
    def file(self) -> Path:
        """The settings."""
        return self.home / "countersign.toml"

    @property
    def store(self) -> FolderStore:
        """The store."""
        return FolderStore(folder=str(self.home / "store"))

    @property
    def secrets(self) -> Path:
        """The folder of the secrets."""
        return self.home / "secrets"

    def command(self, *words: str) -> tuple[int, str]:
        """Verify records by the command, in a process of its own; return its exit status and what it said."""
        environment = {
            **os.environ,
            "COUNTERSIGN_SETTINGS": str(self.file),
            "PREFECT_API_URL": "http://127.0.0.1:9/api",
            "PREFECT_HOME": str(self.home / "prefect"),
        }
        ended = subprocess.run(
            [sys.executable, "-m", "deployments.verify_record", *words],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return ended.returncode, (ended.stdout + ended.stderr).strip()

    def verify(self, *words: str) -> tuple[int, str]:
        """Verify records."""
        return called(verify_record.main, *words)

    def make_key(self, *words: str) -> tuple[int, str]:
        """Make a key."""
        return called(signing_key.main, *words)

    def seal(self, key: str, signer: Signer | None) -> str:
        """Write a record of three rows; return its head."""
        record = Record(self.store, key, holder=1, spool=self.home / "spool")
        record.signer = signer
        record.append(Event.OPENED, facts={"release": {"key": key}})
        record.append(Event.BUILT, item="2.1.1", facts={"digest": "sha256:b2"})
        record.append(Event.SEALED, facts={"outcome": "signed off", "sentence": "b2b2b2b is live"})
        return record.head


def called(main: Callable[[list[str]], int], *words: str) -> tuple[int, str]:
    """Return the exit status of a command and what it said, without a process of its own."""
    said = StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        try:
            status = main(list(words))
        except SystemExit as refused:
            status = int(refused.code or 0)
    return status, said.getvalue().strip()


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Worker:
    """A worker whose company has made no key yet."""
    made = Worker(tmp_path)
    for folder in (tmp_path / "store", made.secrets):
        folder.mkdir()
    made.store.mark()
    text = LEAST.replace("/var/lib/countersign", str(tmp_path)).replace("/etc/countersign/secrets", str(made.secrets))
    made.file.write_text(text)
    monkeypatch.setenv("COUNTERSIGN_SETTINGS", str(made.file))
    return made


@pytest.fixture
def signer(worker: Worker) -> Signer:
    """The key that the command makes; what it prints is put into the settings."""
    status, said = worker.make_key("worker-7")
    assert status == 0, said
    worker.file.write_text(worker.file.read_text() + said[said.index("[signing]") :])
    return Signer("SIGNING_KEY", worker.secrets)


def test_the_key_that_the_command_makes_is_the_one_the_settings_know(worker: Worker, signer: Signer) -> None:
    signing = read_settings(worker.file).signing

    assert signing is not None
    assert (signing.key, dict(signing.public_keys)) == ("SIGNING_KEY", {"worker-7": spelled(signer.public_key)})
    assert (worker.secrets / "SIGNING_KEY").stat().st_mode & 0o777 == 0o600
    shown = worker.make_key("worker-7", "--show")
    assert shown[0] == 0
    assert signer.fingerprint in shown[1]
    assert (worker.secrets / "SIGNING_KEY").read_text().strip() not in shown[1]


@pytest.mark.parametrize(
    ("name", "complaint"), [("worker-7", "worker-7 names a key in the settings already"), ("worker-8", "exists")]
)
@pytest.mark.usefixtures("signer")
def test_neither_a_key_nor_its_name_is_taken_over(worker: Worker, name: str, complaint: str) -> None:
    status, said = worker.make_key(name)

    assert (status, complaint in said) == (1, True)


def test_a_signed_record_is_proved_without_prefect(worker: Worker, signer: Signer) -> None:
    head = worker.seal(KEY, signer)

    assert worker.command() == (0, f"{KEY}: 3 rows, unbroken, sealed, signed by worker-7")
    assert worker.verify(KEY, "--head", f"{head[:16].upper()}…")[0] == 0


def test_an_altered_row_is_named_and_the_others_are_still_verified(worker: Worker, signer: Signer) -> None:
    worker.seal("20261123-090000-00000001", signer)
    worker.seal(KEY, signer)
    path = worker.home / "store" / row_key(KEY, 2)
    path.write_bytes(path.read_bytes().replace(b"sha256:b2", b"sha256:c3"))

    assert worker.command() == (
        1,
        "20261123-090000-00000001: 3 rows, unbroken, sealed, signed by worker-7\n"
        f"{KEY}: row 2 is altered: row 2 was altered after it was written",
    )


def test_the_head_in_slack_shows_that_the_seal_was_cut_off(worker: Worker, signer: Signer) -> None:
    head = worker.seal(KEY, signer)
    (worker.home / "store" / row_key(KEY, 3)).unlink()

    status, said = worker.verify(KEY, "--head", head[:16])

    assert worker.verify(KEY) == (0, f"{KEY}: 2 rows, unbroken, open (not sealed)")
    assert status == 1
    assert said.startswith(f"{KEY}: the end is cut off after row 2: it ends with ")
    assert said.endswith(f"people were told {head[:16]}")


@pytest.mark.usefixtures("signer")
def test_where_keys_are_known_an_ended_record_that_is_not_signed_proves_nothing(worker: Worker) -> None:
    worker.seal(KEY, None)

    assert worker.verify() == (1, f"{KEY}: 3 rows, unbroken, sealed, not signed; expected the signature of worker-7")


def test_a_company_without_keys_is_told_that_nobody_signed(worker: Worker) -> None:
    worker.seal(KEY, None)

    assert worker.verify(KEY) == (0, f"{KEY}: 3 rows, unbroken, sealed, not signed")


@pytest.mark.parametrize(
    ("words", "status", "complaint"),
    [
        ((KEY,), 1, f"{KEY}: the record has no rows"),
        (("../secrets",), 2, "expected the key of a release, such as 20261124-180000-1f2e3d4c, found '../secrets'"),
        ((KEY, "--head", "abc"), 2, "expected at least 16 hexadecimal digits, found 'abc'"),
        (("--head", "0123456789abcdef"), 2, "--head belongs to exactly one release"),
    ],
)
def test_what_cannot_be_verified_is_said(worker: Worker, words: tuple[str, ...], status: int, complaint: str) -> None:
    ended, said = worker.verify(*words)

    assert ended == status
    assert complaint in said


def test_a_store_that_is_away_is_no_proof(worker: Worker) -> None:
    (worker.home / "store").rename(worker.home / "elsewhere")

    status, said = worker.verify()

    assert status == 1
    assert f"{worker.home}/store is not the store" in said


def test_a_file_that_is_no_row_is_named(worker: Worker) -> None:
    worker.seal(KEY, None)
    (worker.home / "store" / "records" / KEY / "3.json").write_bytes(b"{}")

    assert worker.verify() == (1, f"{KEY}: records/{KEY}/3.json is no row of this record: somebody put it there")


@pytest.mark.parametrize("key", ["AAAA", "no key"])
def test_a_public_key_that_is_none_is_named_by_its_field(worker: Worker, key: str) -> None:
    worker.file.write_text(
        worker.file.read_text() + f'\n[signing]\nkey = "SIGNING_KEY"\npublic_keys = {{worker-1 = "{key}"}}\n'
    )

    status, said = worker.verify()

    assert status == 1
    assert "signing.public_keys.worker-1: expected 32 bytes in base64" in said
