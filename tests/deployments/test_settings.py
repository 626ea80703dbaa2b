"""A settings file that is wrong is refused, and the sentence names the field."""

from pathlib import Path

import pytest

from blocks.errors import Misconfigured
from blocks.store import FolderStore, S3Store
from deployments.save_blocks import blocks_of, main, mark_once
from deployments.settings import VARIABLE, read_settings
from deployments.worker_files import refuse_absent_files
from lab.client import Lab
from tests.deployments.test_least_company import LEAST

FOLDER = 'folder = "/var/lib/countersign/store"'
BUCKET = 'bucket = "records"\naccess_key = "STORE_KEY"\nsecret_key = "STORE_SECRET"'

PEAK = """[[calendar.peaks]]\ndays = "Mon"\nfrom = "08:00"\nuntil = "09:00"\nreason = ' '\n"""


def written(folder: Path, text: str) -> Path:
    """A settings file with this text."""
    file = folder / "countersign.toml"
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("found", "instead", "complaint"),
    [
        ('country = "US"', 'country = "US"\ncontry = "US"', r"contry: there is no such key"),
        ('country = "US"', "", r"country: expected a value, found none"),
        ('country = "US"', "country = 7", r"country: Input should be a valid string, found 7"),
        ('environment = "production"', 'environment = "Production!"', r"environment: .*pattern"),
        ("[registry]", "[limits]\nerror_rate = 5\n\n[registry]", r"limits\.error_rate: .*less than 1, found 5"),
        (
            "[registry]",
            "[limits]\nred_samples = 5\nof_samples = 2\n\n[registry]",
            r"limits\.of_samples: expected at least `red_samples`, which is 5, found 2",
        ),
        ("[registry]", "[limits]\np95 = -1\n\n[registry]", r"limits\.p95: expected more than 0 s, found -1"),
        ('country = "US"', 'country = "US"\nown_checks = ["checks.py"]', r"own_checks\.0: .*pattern"),
        ('name = "Tomas Lima"', 'name = " \u200b"', r"people\.0\.name: expected 1 to 100 visible characters, found ' "),
        ('alerts = "C0ALERTS"', 'alerts = " "', r"slack\.alerts: expected visible characters, found ' '"),
        ('user = "deploy"', 'user = ""', r"fleet\.user: expected visible characters, found ''"),
        ("[registry]", f"{PEAK}\n[registry]", r"calendar\.peaks\.0\.reason: expected 1 to 100 visible .*, found ' '"),
        ("[registry]", "[registry", r"no valid TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_field(tmp_path: Path, found: str, instead: str, complaint: str) -> None:
    assert found in LEAST
    file = written(tmp_path, LEAST.replace(found, instead, 1))

    with pytest.raises(Misconfigured, match=complaint):
        read_settings(file)


def test_a_check_of_one_s_own_that_cannot_be_read_is_named_and_nothing_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checks = tmp_path / "checks.py"
    file = written(tmp_path, f'own_checks = ["{checks}"]\n{LEAST}')
    monkeypatch.setenv(VARIABLE, str(file))

    assert main([]) == 1

    assert capsys.readouterr().err == f"own_checks: {checks} is no Python file on this machine\n"


def test_a_file_that_is_not_there_is_named_with_the_variable(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"there is no settings file .*COUNTERSIGN_SETTINGS"):
        read_settings(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(("store", "kind"), [(FOLDER, FolderStore), (BUCKET, S3Store)])
def test_records_lie_in_a_folder_or_in_a_bucket(tmp_path: Path, store: str, kind: type) -> None:
    settings = read_settings(written(tmp_path, LEAST.replace(FOLDER, store)))

    assert any(isinstance(block, kind) for block in blocks_of(settings)["production"])


@pytest.mark.parametrize(
    ("store", "complaint"),
    [
        (f"{FOLDER}\n{BUCKET}", "exactly one of the two"),
        ('region = "us-east-1"', "exactly one of the two"),
        ('bucket = "records"', "a bucket needs access_key and secret_key"),
    ],
)
def test_a_store_that_is_neither_or_both_is_refused(tmp_path: Path, store: str, complaint: str) -> None:
    settings = read_settings(written(tmp_path, LEAST.replace(FOLDER, store)))

    with pytest.raises(Misconfigured, match=complaint):
        blocks_of(settings)


SWITCH = "{}\n[limits]\ndead_man = {}\n"


@pytest.mark.parametrize(
    ("text", "at_least"),
    [
        (SWITCH.format(LEAST, 87), r"limits\.dead_man: expected at least 87\.5 s, found 87 s"),
        (SWITCH.format(LEAST, 30), r"with a heartbeat of 10 s the message could not be moved before its last 1 min"),
        (SWITCH.format(LEAST, 90) + "heartbeat = 20\n", r"at least 100 s, found 90 s: with a heartbeat of 20 s"),
    ],
)
def test_a_dead_man_s_switch_that_slack_could_not_move_is_refused(tmp_path: Path, text: str, at_least: str) -> None:
    with pytest.raises(Misconfigured, match=at_least):
        read_settings(written(tmp_path, text))


@pytest.mark.parametrize(
    "text",
    [
        SWITCH.format(LEAST, 88),
        SWITCH.format(LEAST, 76) + "heartbeat = 0.1\n",
        SWITCH.format(LEAST.replace('alerts = "C0ALERTS"', 'alerts = "C0ALERTS"\nlast_chance = 2'), 30),
    ],
)
def test_a_dead_man_s_switch_that_can_be_moved_is_taken(tmp_path: Path, text: str) -> None:
    assert read_settings(written(tmp_path, text)).limits.dead_man


def test_a_folder_becomes_the_store_when_the_settings_are_saved_the_first_time(tmp_path: Path) -> None:
    store = FolderStore(folder=str(tmp_path))

    mark_once(store, known=None)
    mark_once(store, known=store)

    assert store.list("") == ()


def test_an_empty_folder_in_the_place_of_a_known_store_is_not_made_one(tmp_path: Path) -> None:
    store = FolderStore(folder=str(tmp_path))

    with pytest.raises(Misconfigured, match=r"was set up before and is empty now: is it mounted\?.* --new-store"):
        mark_once(store, known=store)

    assert not store.is_marked


def test_a_store_of_before_there_were_markers_and_one_in_another_place_are_marked(tmp_path: Path) -> None:
    used, elsewhere = tmp_path / "used", tmp_path / "elsewhere"
    (used / "records").mkdir(parents=True)
    elsewhere.mkdir()
    store = FolderStore(folder=str(used))

    mark_once(store, known=store)
    mark_once(FolderStore(folder=str(elsewhere)), known=store)

    assert store.is_marked
    assert FolderStore(folder=str(elsewhere)).is_marked


def test_the_lab_s_own_file_gives_blocks_for_production_and_staging(lab: Lab) -> None:
    settings = read_settings(lab.settings_path)
    refuse_absent_files(settings)

    blocks = blocks_of(settings)

    assert set(blocks) == {"production", "production-staging"}
    assert all(block.model_dump() for saved in blocks.values() for block in saved)
