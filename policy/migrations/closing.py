"""From which step on the way back is closed, said before the first change."""

from collections.abc import Sequence

from policy.migrations.findings import Stage
from policy.migrations.order import plan_order
from policy.migrations.reading import MigrationReading


def list_taken_away(reading: MigrationReading) -> tuple[str, ...]:
    """Return what the version before can no longer use once this migration is applied.

    What is added before the first server closes nothing: the version before lives on with it.
    """
    found = (finding for finding in reading.findings if finding.stage is Stage.CONTRACT and finding.breaks)
    return tuple(dict.fromkeys(finding.breaks for finding in found))


def say_when_the_way_back_closes(readings: Sequence[MigrationReading], *, last_server: str) -> str:
    """Say from which step on neither people nor the way home put the image of before back; `until then it can`."""
    after = plan_order(readings).after
    closing = [(one.name, away) for one in readings if one.name in after and (away := list_taken_away(one))]
    if not closing:
        return "No migration closes the way back: the version before lives on with what they add, and can come back."
    said = "; ".join(f"{name}: {', '.join(away)}" for name, away in closing)
    # It stands on pages, and an author of a migration wrote the names.
    plain = said.replace("`", "'").replace("<", "&lt;")
    return f"From 6.3.2 after {last_server} on ({plain}) the version before cannot come back; until then it can."
