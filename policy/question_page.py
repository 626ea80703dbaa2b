"""What stands above the evidence wherever a person decides: why they are asked again, until when, and who may."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from policy.clock import time_of_day
from policy.judgement import spoken


def render_question(
    evidence: str, *, within: timedelta, now: datetime, zone: str, who: Sequence[str], complaint: str = ""
) -> str:
    """Return what people see above the form; a complaint says why the last answer did not count."""
    until = f"**Until {time_of_day(now + within, zone)}** ({spoken(within)} from when this was asked)."
    parts = (f"**{complaint}**" if complaint else "", f"{until} May decide: {', '.join(who)}.", evidence)
    return "\n\n".join(part for part in parts if part)
