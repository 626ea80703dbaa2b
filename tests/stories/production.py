"""The lab's production as a company runs it: with a worker and every deployment, from its own settings."""

import tomllib
from typing import Any

from blocks.record import Record, list_records
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


def request_of(shipped: Shipped) -> dict[str, Any]:
    """A request as the form sends it."""
    return {
        "commit": shipped.commit,
        "summary": "Patient search performance",
        "requested_by": "Ana Souza",
        "way_back_understood": True,
    }


def rows_of_newest(lab: Lab) -> tuple[Row, ...]:
    """The rows of the newest record."""
    store = FolderStore(folder=str(lab.home.folder("store")))
    return Record(store, list_records(store)[-1], holder=0, spool=lab.home.folder("spool")).rows()
