"""An entry of the deployment log, whichever system keeps it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A page of the log: its number and where people read it."""

    number: str
    url: str
