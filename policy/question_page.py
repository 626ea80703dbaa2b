"""What stands above the evidence wherever a person decides: why they are asked again, until when, and who may."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from policy.clock import time_of_day


def render_question(
    evidence: str, *, within: timedelta, now: datetime, zone: str, who: Sequence[str], complaint: str = ""
) -> str:
    """Return what people see above the form; a complaint says why the last answer did not count."""
    minutes = max(1, round(within / timedelta(minutes=1)))
    until = f"**Until {time_of_day(now + within, zone)}** ({minutes} min from when this was asked)."
    parts = (f"**{complaint}**" if complaint else "", f"{until} May decide: {', '.join(who)}.", evidence)
    return "\n\n".join(part for part in parts if part)
