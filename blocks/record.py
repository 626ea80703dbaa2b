"""The record of one release in the store: appended to before and after every change, never rewritten."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import RLock
from typing import Any, TypeVar

from blocks.errors import BlockError, Superseded, Unreachable
from blocks.signing import Signer
from blocks.spool import Spool
from blocks.store import Exists, Store
from policy.record import (
    Event,
    Row,
    Unreadable,
    Verification,
    decode,
    digest_of,
    encode,
    last,
    verify,
    without_signature,
)
from policy.record_signature import NO_KEYS
from policy.wording import counted

Answer = TypeVar("Answer")
# Well below the silence after which a holder stops: the heart speaks to the same store.
PATIENCE, RETRY_SECONDS = timedelta(seconds=10), 0.2


class Record:
    """The rows of one release.

    Going forward a row is in the store or the step does not happen; a store that is away for a moment is asked again.
    Going home it may wait in the spool, a folder on the worker, and is merged later; whatever the store or the spool
    answer, going home goes on, and each host's own journal has what was done there. `signer` signs the seal, at the
    moment its place is known.
    """

    def __init__(self, store: Store, key: str, *, holder: int, spool: Path) -> None:
        self._store = store
        self.key = key
        self.holder = holder
        self._spool = Spool(spool / key)
        self._lock = RLock()
        self._rows: list[Row] = []
        self._previous = ""
        self.homeward = False
        self.signer: Signer | None = None

    def rows(self) -> tuple[Row, ...]:
        """Return all rows, newest last, those in the spool included; going home the known ones must do."""
        with self._lock:
            try:
                self._catch_up()
            except (BlockError, Unreadable):
                if not self.homeward:
                    raise
            return self.seen

    @property
    def seen(self) -> tuple[Row, ...]:
        """Return the rows this process has read or written, without asking the store."""
        with self._lock:
            return (*self._rows, *self._waiting().values())

    def last(self, event: Event) -> Row | None:
        """Return the newest row of this event, if there is one."""
        return last(self.rows(), event)

    @property
    def sealed(self) -> bool:
        """Whether the record has ended."""
        return self.last(Event.SEALED) is not None

    @property
    def head(self) -> str:
        """The hash of the newest row in the store that this process has read or written."""
        return self._previous

    @property
    def waits_in_spool(self) -> bool:
        """Whether rows still wait for the store."""
        with self._lock:
            return bool(self._waiting())

    @property
    def spool_fault(self) -> str:
        """What went wrong last with the spool; empty if nothing did."""
        return self._spool.fault

    @property
    def came_too_late(self) -> str:
        """Which rows of the spool are no part of the record, for others decided without them; empty if none."""
        with self._lock:
            rows = self._spool.rows().values()
            late = [row for row in rows if self._end_of(row.holder) is not None and self._find(row) is None]
        return f"{counted(len(late), 'row')} by hold {late[0].holder} came to light too late to count" if late else ""

    @property
    def only_in_memory(self) -> str:
        """Why rows wait in this process alone, where neither the store nor the spool took them; else empty."""
        return self._spool.fault if self._spool.in_memory else ""

    def append(
        self,
        event: Event,
        *,
        item: str = "",
        subject: str = "",
        step: str = "",
        facts: Mapping[str, Any] | None = None,
    ) -> Row:
        """Write one row; raises Superseded for an older holder and, going forward, Unreachable without the store."""
        row = Row(
            number=0,
            at=datetime.now(UTC),
            holder=self.holder,
            event=event,
            item=item,
            subject=subject,
            step=step,
            facts=dict(facts or {}),
        )
        with self._lock:
            try:
                self.merge()
                return self._create(row)
            except Superseded:
                raise
            except (BlockError, Unreadable):
                if not self.homeward:
                    raise
                self._spool.keep(row)
                return row

    def merge(self) -> None:
        """Move what waits in the spool into the store; raises Unreachable while the store is away."""
        with self._lock:
            if not self._waiting():
                return
            self._catch_up()
            for number, row in self._waiting().items():
                if self._find(row) is None:
                    self._create(row)
                self._spool.drop(number)

    def _waiting(self) -> dict[int, Row]:
        """What waits in the spool by its place; what came to light too late is no part of the record, and stays."""
        if last(self._rows, Event.SEALED) is not None:
            return {}
        return {number: row for number, row in self._spool.rows().items() if self._end_of(row.holder) is None}

    def _end_of(self, holder: int) -> Row | None:
        """The row after which nothing of this holder counts: a later one took over, or the release ended."""
        return next(
            (
                row
                for row in self._rows
                if row.event is Event.SEALED or (row.event is Event.TOOK_OVER and row.holder > holder)
            ),
            None,
        )

    def _find(self, row: Row) -> Row | None:
        """Return the row as it is in the store already: its answer was lost, or a process died before it heard it."""
        return next(
            (known for known in self._rows if replace(without_signature(known), number=0, previous="") == row), None
        )

    def _create(self, row: Row) -> Row:
        while True:
            self._refuse_if_superseded()
            numbered = replace(row, number=len(self._rows) + 1, previous=self._previous)
            if self.signer is not None and row.event is Event.SEALED:
                numbered = self.signer.sign_row(numbered)
            body = encode(numbered)
            try:
                self._ask(partial(self._store.create, row_key(self.key, numbered.number), body))
            except Exists:
                self._catch_up()
                if (kept := self._find(row)) is not None:
                    return kept
                continue
            self._keep(numbered, body)
            return numbered

    def _ask(self, ask: Callable[[], Answer]) -> Answer:
        """Return what the store answers; going home nobody waits for it."""
        until: float | None = None
        while True:
            try:
                return ask()
            except Unreachable:
                # A question may be as long as the patience: each is asked twice at least.
                until = until or time.monotonic() + PATIENCE.total_seconds()
                if self.homeward or time.monotonic() >= until:
                    raise
                time.sleep(RETRY_SECONDS)

    def _catch_up(self) -> None:
        known = row_key(self.key, len(self._rows))
        for key in self._ask(partial(self._store.list, f"records/{self.key}/")):
            if key <= known:
                continue
            following = len(self._rows) + 1
            if key != row_key(self.key, following):
                raise Unreadable(f"row {following} is missing: {key} follows row {following - 1}")
            body = self._ask(partial(self._store.read, key)).body
            self._keep(decode(body), body)

    def _keep(self, row: Row, body: bytes) -> None:
        self._rows.append(row)
        self._previous = digest_of(body)

    def _refuse_if_superseded(self) -> None:
        end = self._end_of(self.holder)
        if end is None:
            return
        if end.event is Event.SEALED:
            raise Superseded(f"release {self.key} has ended: {end.facts.get('sentence', 'sealed')}")
        why = end.facts.get("sentence", "another process took this release over")
        raise Superseded(f"{why}; this run changes nothing more")


def row_key(release: str, number: int) -> str:
    """Return where row `number` of a release lives in the store."""
    return f"records/{release}/{number:06}.json"


def list_records(store: Store) -> tuple[str, ...]:
    """Return the keys of all releases that have a record."""
    return tuple(sorted({key.split("/")[1] for key in store.list("records/")}))


def list_ends(store: Store) -> Iterator[tuple[str, Row | Unreadable]]:
    """Yield each record's key with its last row, or with why that cannot be read."""
    newest = {key.split("/")[1]: key for key in store.list("records/")}
    for release, key in newest.items():
        yield release, _decoded(store, key)


def read_end(store: Store, release: str) -> Row | Unreadable | None:
    """Return the last row of a record, or why that cannot be read; None where nothing was written."""
    keys = store.list(f"records/{release}/")
    return _decoded(store, keys[-1]) if keys else None


def _decoded(store: Store, key: str) -> Row | Unreadable:
    try:
        return decode(store.read(key).body)
    except Unreadable as error:
        return error


def verify_record(store: Store, release: str, *, known: Mapping[str, bytes] = NO_KEYS, head: str = "") -> Verification:
    """Read a record from the store, name its first altered or missing row, and say who signed it."""
    bodies: dict[int, bytes] = {}
    for key in store.list(f"records/{release}/"):
        number = Path(key).stem
        if not number.isdecimal() or key != row_key(release, int(number)):
            return Verification(
                len(bodies), sealed=False, fault=f"{key} is no row of this record: somebody put it there"
            )
        bodies[int(number)] = store.read(key).body
    return verify(bodies, known=known, release=release, head=head)
