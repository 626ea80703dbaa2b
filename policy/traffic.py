"""Is the traffic as usual for the time of day (3.1.5)."""

from policy.judgement import Judgement, failed, passed, unknown
from policy.measurement import measured


def judge_traffic(now_rate: float | None, last_week_rate: float | None, *, share: float) -> Judgement:
    """Fail when fewer requests a second come in than `share` of what came in a week ago at this time."""
    current, usual = measured(now_rate), measured(last_week_rate)
    if current is None:
        return unknown("the traffic of now is not known")
    if usual is None:
        return unknown(f"traffic is {current:.1f} requests/s; that of last week at this time is not known")
    if usual == 0:
        return unknown(f"traffic is {current:.1f} requests/s; last week at this time there was none to compare with")
    sentence = (
        f"traffic is {current:.1f} requests/s, {current / usual:.0%} of last week's {usual:.1f} at this time "
        f"(limit {share:.0%})"
    )
    if current == 0:
        return failed(f"no traffic: {sentence}")
    return passed(sentence) if current >= share * usual else failed(sentence)
