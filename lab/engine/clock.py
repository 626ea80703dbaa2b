"""The clock of one host, which its containers share; a fault can put it ahead or back."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

FILE = "clock"
VARIABLE = "CLOCK_AHEAD_SECONDS"
DATE = """\
#!/bin/sh
# The clock of this host is off.
exec /bin/date -d '{seconds:+.0f} seconds' "$@"
"""


def seconds_ahead(host: Path) -> float:
    """Return how far the host's clock is ahead of the true time."""
    file = host / FILE
    return float(file.read_text()) if file.exists() else 0.0


def clock_of(host: Path) -> dict[str, str]:
    """Return what a container needs to see its host's clock."""
    ahead = seconds_ahead(host)
    return {VARIABLE: f"{ahead:.0f}"} if ahead else {}


def now_text(host: Path) -> str:
    """Return the host's time as Docker writes it."""
    now = datetime.now(UTC) + timedelta(seconds=seconds_ahead(host))
    return now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def set_clock(host: Path, seconds: float) -> None:
    """Let the host's clock be so far ahead, its command `date` too; what runs already sees it once restarted."""
    (host / FILE).write_text(f"{seconds:.0f}")
    command = host / "bin" / "date"
    command.write_text(DATE.format(seconds=seconds))
    command.chmod(0o755)


def mend_clock(host: Path) -> bool:
    """Let the host's clock be right; return whether it was not."""
    was_off = (host / FILE).exists()
    (host / FILE).unlink(missing_ok=True)
    (host / "bin" / "date").unlink(missing_ok=True)
    return was_off
