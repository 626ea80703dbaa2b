"""Is the data of the time zones young enough to say what the clock on the wall shows."""

from datetime import datetime, timedelta, tzinfo

from policy.judgement import Judgement, failed, passed


def judge_zone_data(mexico: tzinfo) -> Judgement:
    """Fail when Mexico City still has summer time in 2027: data older than 2022f opens windows an hour early."""
    if datetime(2027, 7, 6, 12, tzinfo=mexico).utcoffset() != timedelta(hours=-6):
        return failed(
            "the zone data in use gives Mexico City summer time in July 2027; it is older than 2022f: update tzdata"
        )
    return passed("the zone data in use knows that Mexico City has no summer time in 2027")
