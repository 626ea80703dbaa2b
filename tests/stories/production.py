"""The lab's production as a company runs it: with a worker and every deployment, from its own settings."""

import tomllib
from typing import Any

from blocks.hold import Holds
from blocks.record import Record, list_records, verify_record
from blocks.store import FolderStore
from deployments.save_blocks import save
from deployments.settings import Settings
from lab.client import Lab, Shipped
from lab.release_request import ask_for
from policy.record import Event, Row, last
from tests.stories.company import LEFT_ASIDE, LIMITS

SHORT_WATCHES = {"first_server_watch": 1, "immediate_watch": 3, "extended_watch": 8}
PATIENT = ("boot", "heartbeat_stale", "unknown_patience", "sample_age", "p95", "p95_roll_back")
PATIENCE = {name: LIMITS[name] for name in PATIENT}


class Production:
    """What one release of the lab's production left: the newest record, the hold, the world."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.store = FolderStore(folder=str(lab.home.folder("store")))

    def save_limits(self, **limits: float) -> None:
        """Save the settings with short watches, patience for a busy machine, and other limits."""
        with self.lab.settings_path.open("rb") as file:
            words = tomllib.load(file)
        for section in LEFT_ASIDE:
            del words[section]
        words["security"]["scanners"].remove("Snyk")
        words["limits"] |= SHORT_WATCHES | PATIENCE | limits
        save(Settings(**words))

    def records(self) -> tuple[str, ...]:
        """The keys of all records, the newest last."""
        return list_records(self.store)

    def rows(self) -> tuple[Row, ...]:
        """The rows of the newest record."""
        return Record(self.store, self.records()[-1], holder=0, spool=self.lab.home.folder("spool")).rows()

    def outcome(self) -> str:
        """How the newest record ended."""
        sealed = last(self.rows(), Event.SEALED)
        return str(sealed.facts["outcome"]) if sealed else "open"

    def hold_is_free(self) -> bool:
        """Whether nobody holds production."""
        newest = Holds(self.store, "production").newest()
        return newest is not None and newest.released

    def records_verify(self) -> bool:
        """Whether the newest record is unbroken and sealed."""
        found = verify_record(self.store, self.records()[-1])
        return found.fault is None and found.sealed

    def ended_well_on(self, commit: str | None) -> bool:
        """Whether one version serves everywhere in rotation, the newest record is sealed and the hold is free."""
        return (
            set(self.lab.versions_serving().values()) == {commit}
            and all(self.lab.in_rotation().values())
            and self.records_verify()
            and self.hold_is_free()
        )


def request_of(shipped: Shipped, *, requested_by: str = "Ana Souza") -> dict[str, Any]:
    """A request as the form sends it."""
    return {**ask_for(shipped, "Patient search performance"), "requested_by": requested_by}
