"""The lab's production as a company runs it: with a worker and every deployment, from its own settings."""

import tomllib
from typing import Any

from blocks.hold import Holds
from blocks.record import Record, list_records, verify_record
from blocks.store import FolderStore
from deployments.save_blocks import save
from deployments.settings import Settings
from lab.client import Lab, Shipped
from policy.record import Row

DEPLOYMENT = "Production deployment/production"
SHORT_WATCHES = {"first_server_watch": 1, "immediate_watch": 3, "extended_watch": 5}


def save_limits(lab: Lab, **limits: float) -> None:
    """Save the settings with short watches and other limits."""
    with lab.settings_path.open("rb") as file:
        words = tomllib.load(file)
    words["limits"] |= SHORT_WATCHES | limits
    save(Settings(**words))


def request_of(shipped: Shipped, *, requested_by: str = "Ana Souza") -> dict[str, Any]:
    """A request as the form sends it."""
    return {
        "commit": shipped.commit,
        "summary": "Patient search performance",
        "requested_by": requested_by,
        "way_back_understood": True,
    }


def rows_of_newest(lab: Lab) -> tuple[Row, ...]:
    """The rows of the newest record."""
    store = store_of(lab)
    return Record(store, list_records(store)[-1], holder=0, spool=lab.home.folder("spool")).rows()


def store_of(lab: Lab) -> FolderStore:
    """Where production's records and holds live."""
    return FolderStore(folder=str(lab.home.folder("store")))


def ended_well_on(lab: Lab, commit: str | None) -> bool:
    """Whether one version serves everywhere in rotation, the newest record is sealed and nobody holds production."""
    newest = Holds(store_of(lab), "production").newest()
    return (
        set(lab.versions_serving().values()) == {commit}
        and all(lab.in_rotation().values())
        and verify_record(store_of(lab), list_records(store_of(lab))[-1]).sealed
        and newest is not None
        and newest.released
    )
