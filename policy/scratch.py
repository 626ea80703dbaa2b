"""Scratch databases: how they are called, which of them were left behind, and where they must not be."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_STAMP = "%Y%m%d%H%M%S"
# Whoever may use a scratch database has ended long before.
ABANDONED_AFTER = 3


@dataclass(frozen=True, slots=True)
class Server:
    """A running PostgreSQL server as it names itself: the cluster, and the start of this server."""

    cluster: int
    started_at: datetime


def name_scratch(prefix: str, *, at: datetime, token: str) -> str:
    """Return the name of a scratch database made now by its server's clock; `token` keeps two of one second apart."""
    return f"{prefix}_{at.astimezone(UTC):{_STAMP}}_{token}"


def list_abandoned(names: Iterable[str], *, prefix: str, now: datetime, patience: timedelta) -> tuple[str, ...]:
    """Return the scratch databases that a killed run left, which by their age nobody can be using any more."""
    pattern = re.compile(rf"{re.escape(prefix)}_(\d{{14}})_[0-9a-f]+")
    found = []
    for name in names:
        made = _made_at(match[1]) if (match := pattern.fullmatch(name)) else None
        if made is not None and now - made > ABANDONED_AFTER * patience:
            found.append(name)
    return tuple(sorted(found))


def say_production(
    scratch: tuple[str, int, Server | None], production: tuple[str, int, Server | None], *, shares: bool
) -> str:
    """Say why scratch databases must not be made there: it is production's own server; empty if nothing speaks against.

    Each is host, port, and what the server says of itself: the same server under another name is noticed too.
    """
    host, port, server = scratch
    same_address = (host.casefold(), port) == (production[0].casefold(), production[1])
    same_server = server is not None and server == production[2]
    if shares or not (same_address or same_server):
        return ""
    named = "" if same_address else f", which is the server of [database] ({production[0]}:{production[1]})"
    return (
        f"scratch_database: {host}:{port}{named} serves production; a restore there takes its disk and its memory."
        " Name another server, or set shares_production = true if that is meant"
    )


def _made_at(stamp: str) -> datetime | None:
    try:
        return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
