"""What two places of the settings must not share, for whoever reads one there would take the other for it."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from blocks.fleet import Server
from deployments.release_settings import FleetSettings, SlackSettings, StagingSettings

# Who has a value, in which field, and the value as it is compared.
Entry = tuple[str, str, str]


def find_shared(
    fleet: FleetSettings, staging: StagingSettings | None, slack: SlackSettings, *, folders: Mapping[str, str | None]
) -> tuple[str, ...]:
    """Return every value that has to be one's own and stands in two places, a sentence each.

    Two servers may share a host, and a person may be known by one word in two systems; what others write among the
    alerts is counted as an alert (3.4.2), so nothing else is written there. `folders` are those of the worker.
    """
    servers = [(f"fleet.servers.{index}", server) for index, server in enumerate(fleet.servers)]
    everywhere = [*servers, *([("staging", staging)] if staging is not None else [])]
    asides = [("slack.deployments", "", slack.deployments), ("slack.engineering", "", slack.engineering)]
    alerts = ("slack.alerts", "", slack.alerts)
    return tuple(
        sentence
        for entries in (
            [(owner, ".name", server.name) for owner, server in servers],
            [(owner, ".balancer_name", server.balancer_name) for owner, server in servers],
            [(owner, "", _place_of(server)) for owner, server in everywhere],
            [(owner, ".health", server.health) for owner, server in everywhere],
            *([aside, alerts] for aside in asides),
            [(owner, "", str(PurePosixPath(folder))) for owner, folder in folders.items() if folder],
        )
        for sentence in _say_shared(entries)
    )


def _place_of(server: Server) -> str:
    return f"{server.host.casefold()}:{server.port} {server.directory} {server.service}"


def _say_shared(entries: Iterable[Entry]) -> Iterator[str]:
    first: dict[str, str] = {}
    for owner, field, value in entries:
        other = first.setdefault(value, owner)
        if other != owner:
            yield f"{owner}{field}: expected one of its own, found {value!r}, as in {other}"
