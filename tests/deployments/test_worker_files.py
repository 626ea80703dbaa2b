"""What the settings name on the worker is there before they are saved."""

from pathlib import Path

import pytest

from blocks.errors import Misconfigured
from deployments.save_blocks import main
from deployments.settings import VARIABLE, read_settings
from deployments.worker_files import refuse_absent_files
from tests.deployments.test_least_company import LEAST

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n-----END OPENSSH PRIVATE KEY-----\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A settings file whose folder and files are there."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "id_ed25519").write_text(KEY)
    (tmp_path / "known_hosts").write_text("")
    path = tmp_path / "countersign.toml"
    path.write_text(LEAST.replace("/etc/countersign", str(tmp_path)))
    return path


def complaint(file: Path) -> str:
    with pytest.raises(Misconfigured) as caught:
        refuse_absent_files(read_settings(file))
    return str(caught.value)


def test_a_worker_that_has_what_a_release_needs_is_taken(file: Path) -> None:
    refuse_absent_files(read_settings(file))


def test_what_is_not_there_is_named_all_at_once(file: Path, tmp_path: Path) -> None:
    file.write_text(LEAST.replace("/etc/countersign", f"{tmp_path}/nowhere"))

    assert complaint(file) == (
        f"secrets: expected a folder on this machine, found none: {tmp_path}/nowhere/secrets;"
        f" fleet.known_hosts: expected a file on this machine, found none: {tmp_path}/nowhere/known_hosts;"
        f" fleet.key_file: expected a private key on this machine, found none: {tmp_path}/nowhere/id_ed25519"
    )


def test_another_file_in_the_place_of_the_key_is_refused_and_nothing_of_it_is_shown(file: Path, tmp_path: Path) -> None:
    (tmp_path / "id_ed25519").write_text("root:$6$hunter2:19000:0:99999:7:::\n")

    said = complaint(file)

    assert said == (
        f"fleet.key_file: expected a private key on this machine, found another file: {tmp_path}/id_ed25519"
    )
    (tmp_path / "id_ed25519").unlink()
    (tmp_path / "id_ed25519").mkdir()
    assert "found what cannot be read (Is a directory)" in complaint(file)


def test_settings_that_name_what_is_not_there_are_not_saved(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "store"
    store.mkdir()
    (tmp_path / "secrets").rmdir()
    file.write_text(file.read_text().replace("/var/lib/countersign/store", str(store)))
    monkeypatch.setenv(VARIABLE, str(file))

    assert main([]) == 1

    assert capsys.readouterr().err == (f"secrets: expected a folder on this machine, found none: {tmp_path}/secrets\n")
    assert list(store.iterdir()) == []
