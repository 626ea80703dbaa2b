"""Is the data of the time zones young enough to say what the clock on the wall shows."""

import re
from datetime import datetime, timedelta, tzinfo

from policy.judgement import Judgement, failed, passed, unknown

# Mexico gave up summer time with this release of the zone data; older data opens the window an hour early.
_OLDEST = (2022, "f")
_OLDEST_NAME = "2022f"


def judge_zone_data(version: str | None) -> Judgement:
    """Fail when the zone data is older than 2022f."""
    match = re.fullmatch(r"(\d{4})([a-z]+)", (version or "").strip())
    if match is None:
        return unknown(f"the version of the zone data is {version!r}; expected one like {_OLDEST_NAME}")
    if (int(match[1]), match[2]) < _OLDEST:
        return failed(f"the zone data is {match[0]}; it must be {_OLDEST_NAME} or newer: update tzdata")
    return passed(f"the zone data is {match[0]}")


def judge_zone_rules(mexico: tzinfo) -> Judgement:
    """Fail when the zone of Mexico City still has summer time in 2027, whatever version its data claims."""
    offset = datetime(2027, 7, 6, 12, tzinfo=mexico).utcoffset()
    if offset != timedelta(hours=-6):
        return failed(
            "the zone data in use gives Mexico City summer time in July 2027; "
            f"it is older than {_OLDEST_NAME}: update tzdata"
        )
    return passed("the zone data in use knows that Mexico City has no summer time in 2027")
