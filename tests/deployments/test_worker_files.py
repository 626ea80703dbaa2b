"""What the settings name on the worker is there before they are saved."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from blocks.errors import Misconfigured
from deployments.save_blocks import main
from deployments.settings import VARIABLE, Settings, read_settings
from deployments.settings_page import model_of
from deployments.worker_files import refuse_absent_files
from policy.secret_name import names_a_secret
from tests.deployments.test_least_company import LEAST

SECRETS = ("DEMO_PASSWORD", "GITHUB_TOKEN", "SLACK_TOKEN", "REGISTRY_PASSWORD")
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n-----END OPENSSH PRIVATE KEY-----\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A settings file whose folder, files and secrets are there."""
    (tmp_path / "secrets").mkdir()
    for name in SECRETS:
        path = tmp_path / "secrets" / name
        path.touch(mode=0o600)
        path.write_text("value")
    (tmp_path / "id_ed25519").write_text(KEY)
    (tmp_path / "known_hosts").write_text("")
    path = tmp_path / "countersign.toml"
    path.write_text(LEAST.replace("/etc/countersign", str(tmp_path)))
    return path


def all_fields(model: type[BaseModel], above: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        yield f"{above}{name}", field
        if inner := model_of(field.annotation):
            yield from all_fields(inner, f"{above}{name}.")


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
    shutil.rmtree(tmp_path / "secrets")
    file.write_text(file.read_text().replace("/var/lib/countersign/store", str(store)))
    monkeypatch.setenv(VARIABLE, str(file))

    assert main([]) == 1

    assert capsys.readouterr().err == (f"secrets: expected a folder on this machine, found none: {tmp_path}/secrets\n")
    assert list(store.iterdir()) == []


def test_a_password_in_the_place_of_a_secret_s_name_is_refused_and_not_shown(file: Path, tmp_path: Path) -> None:
    file.write_text(file.read_text().replace("REGISTRY_PASSWORD", "hunter2").replace("SLACK_TOKEN", "SLACK_TOKNE"))

    absent = f"found none of that name in the environment or in {tmp_path}/secrets; the name is not shown"
    assert complaint(file) == (
        f"slack.token: expected the name of a secret that can be read here, {absent}, for it may be the secret itself;"
        f" registry.password: expected the name of a secret that can be read here, {absent},"
        " for it may be the secret itself"
    )


def test_a_secret_that_others_may_read_is_refused(file: Path, tmp_path: Path) -> None:
    (tmp_path / "secrets" / "GITHUB_TOKEN").chmod(0o644)

    assert complaint(file) == (
        "github.token: expected the name of a secret that can be read here,"
        f" found that secret GITHUB_TOKEN: {tmp_path}/secrets/GITHUB_TOKEN has mode 0644, expected 0600"
    )


def test_a_worker_that_has_every_secret_in_its_environment_needs_no_folder(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(tmp_path / "secrets")
    for name in SECRETS:
        monkeypatch.setenv(name, "value")

    refuse_absent_files(read_settings(file))


def test_every_setting_that_is_described_as_the_name_of_a_secret_is_one() -> None:
    fields = tuple(all_fields(Settings))
    described = [name for name, field in fields if (field.description or "").startswith("The name of the secret")]

    assert [name for name, field in fields if names_a_secret(field.rebuild_annotation())] == described
    assert len(described) > 20


NOWHERE = "http://127.0.0.1:9/api"


@pytest.mark.parametrize(
    ("server", "said"),
    [
        (None, "PREFECT_API_URL: expected the address of Prefect's server, found none for this user"),
        (NOWHERE, f"Prefect's server {NOWHERE} did not take it ([Errno 111] Connection refused): start it"),
    ],
    ids=["none named", "no answer"],
)
def test_blocks_are_saved_in_the_server_of_the_company_or_nowhere(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], server: str | None, said: str
) -> None:
    (file.parent / "store").mkdir()
    file.write_text(file.read_text().replace("/var/lib/countersign", str(file.parent)))
    monkeypatch.setenv(VARIABLE, str(file))

    with temporary_settings({PREFECT_API_URL: server} if server else {}, restore_defaults={PREFECT_API_URL}):
        assert main([]) == 1

    assert capsys.readouterr().err.startswith(said)
