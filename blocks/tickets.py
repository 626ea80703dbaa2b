"""A ticket, whichever system keeps it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket; it is done where the system counts its state among the finished ones."""

    key: str
    title: str
    state: str
    done: bool
    url: str
