"""One-time codes with a real file and a real store."""

import stat
from datetime import UTC, datetime
from pathlib import Path

import pyotp
import pytest

from blocks.errors import Misconfigured
from blocks.one_time_codes import Enrolled, OneTimeCodes, enrol
from blocks.store import FolderStore
from policy.roles import Person

TOMAS = Person(name="Tomas Lima")


@pytest.fixture
def codes(tmp_path: Path) -> OneTimeCodes:
    for name in ("store", "secrets"):
        (tmp_path / name).mkdir()
    store = FolderStore(folder=str(tmp_path / "store"))
    store.mark()
    return OneTimeCodes(store, tmp_path / "secrets")


def folder_of(codes: OneTimeCodes) -> Path:
    assert codes.secrets_folder is not None
    return codes.secrets_folder


def test_a_code_of_the_enrolled_app_is_known_and_good_once(codes: OneTimeCodes) -> None:
    app = pyotp.parse_uri(enrol(TOMAS, folder_of(codes)))
    assert isinstance(app, pyotp.TOTP)
    now = datetime.now(UTC)

    step = codes.find_step(TOMAS, app.at(now), at=now)

    assert step == app.timecode(now)
    assert [codes.use(TOMAS, step), codes.use(TOMAS, step), codes.use(TOMAS, step + 1)] == [True, False, True]


def test_who_is_not_enrolled_is_named(codes: OneTimeCodes) -> None:
    with pytest.raises(Misconfigured, match="TOTP_TOMAS_LIMA"):
        codes.find_step(TOMAS, "123456", at=datetime.now(UTC))


def test_a_secret_is_for_the_worker_alone_and_not_replaced_by_chance(codes: OneTimeCodes) -> None:
    first = enrol(TOMAS, folder_of(codes))
    [path] = folder_of(codes).iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

    with pytest.raises(Enrolled, match="Tomas Lima is enrolled already"):
        enrol(TOMAS, folder_of(codes))

    assert enrol(TOMAS, folder_of(codes), again=True) != first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
