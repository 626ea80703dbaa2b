"""How many keys the next batch of a backfill takes, and how long others have the database to themselves before it."""

from dataclasses import dataclass
from datetime import timedelta

LEAST_KEYS = 50
_LEAST_PAUSE, _MOST_PAUSE = timedelta(milliseconds=20), timedelta(seconds=10)
_GROWS, _SHRINKS = 1.5, 0.5


@dataclass(frozen=True, slots=True)
class Pace:
    """So many keys a batch, after a pause."""

    keys: int
    pause: timedelta = _LEAST_PAUSE

    def after(self, took: timedelta, *, aim: timedelta, most_keys: int) -> "Pace":
        """Return the pace after a batch that took so long: others have at least as much time as the batch had."""
        if took > aim:
            keys = round(self.keys * _SHRINKS)
        elif took < aim / 2:
            keys = round(self.keys * _GROWS)
        else:
            keys = self.keys
        return Pace(_bounded(keys, most_keys), min(max(took, _LEAST_PAUSE), _MOST_PAUSE))

    def after_refusal(self) -> "Pace":
        """Return the pace after a batch that had to give way: half as much, and twice the pause."""
        pause = min(max(self.pause * 2, _LEAST_PAUSE), _MOST_PAUSE)
        return Pace(_bounded(round(self.keys * _SHRINKS), self.keys), pause)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a backfill stands: the first key that is left, the last key of all, and the rows changed so far."""

    begins: int
    next: int
    last: int
    rows: int

    @property
    def is_done(self) -> bool:
        """Whether no key is left."""
        return self.next > self.last

    @property
    def share(self) -> float:
        """How much of the keys is done, from 0 to 1."""
        keys = self.last - self.begins + 1
        return 1.0 if keys <= 0 else min(1.0, (self.next - self.begins) / keys)


def _bounded(keys: int, most: int) -> int:
    return max(min(keys, most), min(LEAST_KEYS, most))
