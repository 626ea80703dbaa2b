"""Where a record is written: a store that can be taken away, and the worker's spool, whose disk can be full."""

from dataclasses import dataclass
from pathlib import Path

from blocks.record import Record, verify_record
from blocks.store import FolderStore
from policy.record import Event

KEY = "20261124-180000-1f2e3d4c"


@dataclass
class Place:
    """A store that can be taken away and brought back, and the worker's spool."""

    folder: Path
    spool: Path

    @property
    def store(self) -> FolderStore:
        """The store."""
        return FolderStore(folder=str(self.folder))

    def record(self, holder: int = 1) -> Record:
        """What a process that holds the environment under this number writes to."""
        return Record(self.store, KEY, holder=holder, spool=self.spool)

    def take_away(self) -> None:
        """The store cannot be reached."""
        self.folder.rename(self.folder.with_name("away"))

    def bring_back(self) -> None:
        """The store can be reached again."""
        self.folder.with_name("away").rename(self.folder)

    def fill_the_spool(self) -> None:
        """The worker's disk takes no row more, and shows none."""
        if self.spool.exists():
            self.spool.rename(self.spool.with_name("full"))
        self.spool.write_bytes(b"")

    def free_the_spool(self) -> None:
        """The worker's disk takes rows again."""
        self.spool.unlink()
        if self.spool.with_name("full").exists():
            self.spool.with_name("full").rename(self.spool)

    def fault(self) -> str | None:
        """What is wrong with the rows in the store."""
        return verify_record(self.store, KEY).fault


def events(record: Record) -> list[Event]:
    return [row.event for row in record.rows()]
