"""Is a release a large batch, and how often was production changed today (7.2.1)."""

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from policy.combined import combine
from policy.judgement import Judgement, failed, passed, unknown
from policy.limits import Limits
from policy.wording import counted, listed


def judge_frequency(
    commits: int, began: Collection[datetime], *, complete: bool, now: datetime, zone: str, limits: Limits
) -> Judgement:
    """Pass when the release is a small batch and few others changed production today; advice, which never blocks.

    `began` are the beginnings of the releases that changed production, without this one; today is the company's day.
    """
    return combine(
        (_judge_batch(commits, complete=complete, limits=limits), _judge_day(began, now, zone=zone, limits=limits))
    )


def _judge_batch(commits: int, *, complete: bool, limits: Limits) -> Judgement:
    batch = f"{counted(commits, 'commit')} in one release (many are more than {limits.batch_commits})"
    if commits > limits.batch_commits:
        return failed(f"{batch}: if it goes back, nobody knows which of them was at fault; release smaller steps")
    return passed(batch) if complete else unknown(f"at least {batch}")


def _judge_day(began: Collection[datetime], now: datetime, *, zone: str, limits: Limits) -> Judgement:
    today = now.astimezone(ZoneInfo(zone)).date()
    times = sorted(at for one in began if (at := one.astimezone(ZoneInfo(zone))).date() == today and one <= now)
    many = f"(many are more than {limits.releases_a_day} a day)"
    if len(times) >= limits.releases_a_day:
        before = listed(f"{at:%H:%M}" for at in times)
        return failed(f"release {len(times) + 1} of today, after those of {before} {many}: put changes together")
    return passed(f"release {len(times) + 1} of today {many}")
