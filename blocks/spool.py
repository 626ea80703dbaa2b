"""Where rows wait while the store is away: files on the worker, or memory while its disk takes none."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from policy.record import Row, Unreadable, decode, encode

_ROW_FILE = re.compile(r"[0-9]{6}\.json")


class Spool:
    """Rows that wait for the store, oldest first: files on the worker, or in memory while its disk takes none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows: dict[int, Row] = {}
        self._unwritten: list[int] = []
        self._merged: set[int] = set()
        self._highest = 0
        self.fault = ""

    def rows(self) -> dict[int, Row]:
        """Return what waits by its place, oldest first; what cannot be read is a fault, and left where it is."""
        with self._noting(self._folder):
            for path in self._files():
                number = int(path.stem)
                self._highest = max(self._highest, number)
                if number not in self._rows.keys() | self._merged:
                    with self._noting(path):
                        self._rows[number] = decode(path.read_bytes())
        return dict(sorted(self._rows.items()))

    @property
    def in_memory(self) -> bool:
        """Whether rows wait in this process alone; `fault` says why."""
        return bool(self._unwritten)

    def keep(self, row: Row) -> None:
        """Let the row wait after all others, on the disk if it takes it and those before it."""
        self.rows()
        self._highest += 1
        self._rows[self._highest] = row
        self._unwritten.append(self._highest)
        with self._noting(self._folder):
            while self._unwritten:
                self._write(self._unwritten[0])
                del self._unwritten[0]

    def drop(self, number: int) -> None:
        """The row is in the store; a file of it that cannot be deleted is known to be merged."""
        del self._rows[number]
        self._merged.add(number)
        if number in self._unwritten:
            self._unwritten.remove(number)
        with suppress(OSError):
            self._path(number).unlink()

    def _files(self) -> Iterator[Path]:
        """Yield the rows on the disk; `Path.glob` would find none, too, where there is no folder but a fault."""
        with suppress(FileNotFoundError):
            for name in os.listdir(self._folder):  # noqa: PTH208 - see above
                if _ROW_FILE.fullmatch(name):
                    yield self._folder / name

    @contextmanager
    def _noting(self, path: Path) -> Iterator[None]:
        try:
            yield
        except (OSError, Unreadable) as error:
            self.fault = f"{path}: {error}"

    def _write(self, number: int) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._path(number).with_suffix(".draft")
        with draft.open("wb") as file:
            file.write(encode(self._rows[number]))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path(number))

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:06}.json"
