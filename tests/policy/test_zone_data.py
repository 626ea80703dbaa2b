"""Stale zone data opens windows an hour early (T4)."""

import struct
from collections.abc import Iterator
from datetime import timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo, reset_tzpath

import pytest

from policy.judgement import Verdict
from policy.windows import read_calendar
from policy.zone_data import judge_zone_data

MEXICO = "America/Mexico_City"
SUMMER_TIME = b"\nCST6CDT,M4.1.0,M10.5.0\n"


@pytest.fixture
def stale_data(tmp_path: Path) -> Iterator[None]:
    """The zone data of this process are those from before Mexico gave up summer time."""
    header = b"TZif2" + bytes(15) + struct.pack(">6l", 0, 0, 0, 0, 1, 4)
    block = header + struct.pack(">lBB", -6 * 3600, 0, 0) + b"CST\0"
    path = tmp_path / MEXICO
    path.parent.mkdir()
    path.write_bytes(block + block + SUMMER_TIME)
    reset_tzpath(to=[str(tmp_path)])
    ZoneInfo.clear_cache(only_keys=[MEXICO])
    yield
    reset_tzpath()
    ZoneInfo.clear_cache(only_keys=[MEXICO])


def test_the_zone_data_of_this_machine_is_young_enough() -> None:
    assert judge_zone_data(ZoneInfo(MEXICO)).verdict is Verdict.PASSED


def test_data_that_still_has_summer_time_in_mexico_fails() -> None:
    assert judge_zone_data(timezone(timedelta(hours=-5))).verdict is Verdict.FAILED


@pytest.mark.usefixtures("stale_data")
def test_t4_nothing_starts_on_data_that_still_has_summer_time_in_mexico() -> None:
    with pytest.raises(ValueError, match="it is older than 2022f: update tzdata"):
        read_calendar({}, time_zone=MEXICO, country="MX")
