"""From the rows of a release and the world as it is to what must be done to end well.

A failing release, the `rollback` deployment and recovery all ask here; nothing else decides to go back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from policy.broken_hold import read_break
from policy.database_rows import list_applied, list_taken_away, migration_in_flight
from policy.judgement import Verdict
from policy.limits import Limits
from policy.plans import (
    Back,
    Cause,
    Forward,
    Migrating,
    Nothing,
    Plan,
    ServerState,
    Stuck,
    Wait,
    Watching,
    Why,
    World,
)
from policy.record import Event, Row, last
from policy.release import Release
from policy.way_home_database import plan_database_way_home, stopped_servers, takes_the_database_back
from policy.wording import short_digest

FORWARD_ITEMS = frozenset({"2.1.2", "2.1.5"})
UPDATE_ITEMS = FORWARD_ITEMS | {"4.2.2"}
# What people answer where the machine leaves it to them.
STAY: Final = "stay on the new version"
ROLL_BACK: Final = "roll back"
PERHAPS_DONE = frozenset(
    {Cause.DIED, Cause.STEP_FAILED, Cause.HOLD_LOST, Cause.CANCELLED, Cause.DELETED, Cause.UNSEALED}
)


@dataclass(frozen=True, slots=True)
class WayBack:
    """What 1.4.5 recorded: the digest each server had before, and the one it was to get.

    `built` is what a server built itself (2.3): it has that instead of `new`.
    `taken_away` is what the schema has lost since, as a roll-back of a finished release found it in the records.
    """

    old: dict[str, str]
    new: str | None
    taken_away: str = ""
    built: Mapping[str, str] = field(default_factory=dict)

    def new_on(self, server: str) -> str | None:
        """Return the digest that this server was to get."""
        return self.built.get(server, self.new)

    def old_on(self, server: str) -> str | None:
        """Return the digest that this server had before; for one that came since, the one that all the others had."""
        images = set(self.old.values())
        return self.old.get(server) or (images.pop() if len(images) == 1 else None)


def read_way_back(rows: Sequence[Row]) -> WayBack | None:
    """Return what 1.4.5 recorded, or None if the release never got that far."""
    row = last(rows, Event.WAY_BACK)
    if row is None:
        return None
    built = last(rows, Event.BUILT)
    return WayBack(
        old=dict(row.facts["digests"]),
        new=built.facts["digest"] if built else None,
        taken_away=str(row.facts.get("taken_away", "")),
        built=dict(built.facts.get("on_servers", {})) if built else {},
    )


def touched_servers(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the servers on which this release meant to change something, first touched first."""
    subjects = [row.subject for row in rows if row.event is Event.INTENDED and row.item in UPDATE_ITEMS]
    return tuple(dict.fromkeys((*subjects, *stopped_servers(rows))))


def servers_to_put_back(rows: Sequence[Row], world: World, release: Release) -> tuple[str, ...]:
    """Return the servers that a person would have to put back: those that were changed.

    A roll-back by itself undoes what another release changed: whatever is not known to be as before counts too.
    """
    touched = touched_servers(rows)
    if not release.undoes:
        return touched
    way_back = read_way_back(rows)
    elsewhere = _elsewhere_than_before(world, way_back) if way_back else (server.name for server in world.servers)
    return tuple(dict.fromkeys((*touched, *elsewhere)))


def _end_untouched(rows: Sequence[Row], world: World, why: Why) -> Plan:
    """No server was touched; migrations that were applied by themselves are signed off, or they are for people."""
    applied = list_applied(rows, last_is_done=world.migrating is Migrating.DONE)
    if not applied:
        return Nothing("no server was touched")
    if why.cause is Cause.STAY or read_way_back(rows) is not None:
        return Nothing(f"no server was touched; applied and kept: {applied}")
    is_flagged = why.cause is Cause.RED_FLAG
    if last(rows, Event.VERIFIED) and not is_flagged:
        return Forward(f"{applied}: applied and verified; what is left is to sign off")
    speaks_against = why.said if is_flagged else "production was not seen to be well with it"
    return Stuck(
        f"{applied}: applied, and {speaks_against}; no server was touched. If it is well,"
        " keep it; if not, a migration that undoes it goes the same way"
    )


def say_closed(taken_away: str) -> str:
    """Say why an image is not put back whose code needs what the schema has lost, and what is safer (D5)."""
    return (
        f"the previous image needs what is gone: {taken_away}; rolling the image back will break it."
        " Safer: leave the new version, and fix forward with the deployment `hotfix`"
    )


def _held_up_by_a_migration(rows: Sequence[Row], migrating: Migrating) -> Plan | None:
    """While a migration may be in flight nothing is touched; one that never finished is for people."""
    if not migration_in_flight(rows) or migrating in (Migrating.NOTHING, Migrating.DONE):
        return None
    if migrating is Migrating.FAILED:
        said = "a migration began and never finished, so later ones are blocked (P3009); the DevOps lead decides"
        away = ", ".join(list_taken_away(rows))
        return Stuck(f"{said}; {say_closed(away)}" if away else said, image_fits=not away)
    return Watching(f"a migration may be in flight ({migrating}); it is watched and nothing else is touched")


def plan_way_home(rows: Sequence[Row], world: World, why: Why, *, now: datetime, limits: Limits) -> Plan:
    """Decide how the release ends, from its rows and the world, for this cause (4.1.1)."""
    sealed = last(rows, Event.SEALED)
    if sealed is not None:
        return Nothing(f"the release had already ended: {sealed.facts.get('sentence', '')}")
    if (broken := plan_broken(rows)) is not None:
        return broken
    way_back = read_way_back(rows)
    touched = touched_servers(rows)
    if way_back is not None and why.cause is Cause.ROLLBACK_ASKED and not _updated_by_itself(rows):
        touched = tuple(dict.fromkeys((*touched, *_elsewhere_than_before(world, way_back))))
    if takes_the_database_back(rows):
        repaired = _repaired_by_hand(world, way_back) if way_back else None
        return plan_database_way_home(rows, world, repaired=repaired, sentence=why.said)
    if (migration := _held_up_by_a_migration(rows, world.migrating)) is not None:
        return migration
    plan = _plan_images(rows, world, why, touched, now=now, limits=limits)
    away = list_taken_away(rows, last_is_gone=world.migrating is Migrating.NOTHING) or (
        (way_back.taken_away,) if way_back and way_back.taken_away else ()
    )
    if away and isinstance(plan, Back | Wait):
        return Stuck(say_closed(", ".join(away)), image_fits=False)
    return plan


def _plan_images(
    rows: Sequence[Row], world: World, why: Why, touched: tuple[str, ...], *, now: datetime, limits: Limits
) -> Plan:
    """What would be done with the servers, whatever the schema needs."""
    way_back = read_way_back(rows)
    if way_back is None or not touched:
        names = ", ".join(touched)
        gone = Stuck(f"{names} may have been changed, and the record holds no way back")
        return gone if touched else _end_untouched(rows, world, why)
    if repaired := _repaired_by_hand(world, way_back):
        return Stuck(f"somebody is repairing by hand: {repaired}; nothing is touched")
    if why.cause is Cause.STAY:
        return Nothing(f"production stays as it is: {why.sentence}")
    homeward = decided_home(rows)
    if last(rows, Event.VERIFIED) and why.cause in PERHAPS_DONE and not homeward:
        plan = _end_verified(world, way_back)
        if plan is not None:
            return plan
    if why.cause is Cause.DIED and why.since is not None and not homeward and not _somebody_is_ill(world):
        return _wait_for_people(world, way_back, why, touched, now=now, until=why.since + limits.choice)
    return _go_back(world, way_back, touched, why)


def plan_broken(rows: Sequence[Row]) -> Stuck | None:
    """Where a person broke the hold to repair by hand, nothing is touched; None where nobody did.

    What a migration may have taken away counts: nobody asked the database.
    """
    said = read_break(rows)
    return Stuck(said, image_fits=not list_taken_away(rows)) if said else None


def _updated_by_itself(rows: Sequence[Row]) -> bool:
    """Whether these are the rows of a release that went forward; a roll-back's undo those of another release."""
    return any(row.event is Event.INTENDED and row.item in FORWARD_ITEMS for row in rows)


def _elsewhere_than_before(world: World, way_back: WayBack) -> tuple[str, ...]:
    """Return the servers that do not run what they ran before the release, or do not say so."""
    return tuple(
        server.name
        for server in world.servers
        if not server.reachable or server.digest is None or server.digest != way_back.old_on(server.name)
    )


def _end_verified(world: World, way_back: WayBack) -> Plan | None:
    """A verified release is signed off if the world still agrees; None where somebody changed it since."""
    if all(_serves(server, way_back.new_on(server.name), world) for server in world.servers):
        return Forward("every server was updated and verified; what is left is to sign off")
    if silent := [server.name for server in world.servers if not server.reachable]:
        return Stuck(f"the release was verified, but {', '.join(silent)} cannot be reached now")
    return None


def decided_home(rows: Sequence[Row]) -> bool:
    """Whether a red flag, a person or the planner had already sent this release home when its process ended."""
    return any(
        row.event is Event.RED_FLAG
        or (row.event is Event.GOING_HOME and row.facts.get("plan") == Back.__name__)
        or (row.event is Event.ANSWERED and row.facts.get("outcome") == ROLL_BACK)
        for row in rows
    )


def decided_to_stay(rows: Sequence[Row]) -> str:
    """Say which decision of people to stay on the new version stands; empty if none does."""
    for row in reversed(rows):
        went_back = row.event is Event.GOING_HOME and row.facts.get("plan") == Back.__name__
        if went_back or row.event in (Event.RED_FLAG, Event.APPROVED):
            return ""
        if row.event is Event.ANSWERED:
            stays = row.facts.get("outcome") == STAY
            return f"{row.facts['name']} chose to stay: {row.facts['reason']}" if stays else ""
        if row.event is Event.GOING_HOME and row.facts.get("cause") == Cause.STAY:
            return str(row.facts["sentence"])
    return ""


def _serves(server: ServerState, digest: str | None, world: World) -> bool:
    """Whether the server is where it should be, as the world shows it now."""
    if not server.reachable or server.digest != digest or server.health is Verdict.FAILED:
        return False
    return bool(server.in_rotation or not world.balanced)


def _repaired_by_hand(world: World, way_back: WayBack) -> str | None:
    for server in world.servers:
        if server.held:
            return f"{server.name} holds a file HOLD"
        if server.name not in way_back.old:
            continue
        known = {way_back.old.get(server.name), way_back.new_on(server.name)}
        if server.digest is not None and server.digest not in known:
            return f"{server.name} runs {short_digest(server.digest)}, which is neither the old nor the new version"
    return None


def _somebody_is_ill(world: World) -> bool:
    return any(server.reachable and server.health is Verdict.FAILED for server in world.servers)


def _wait_for_people(
    world: World, way_back: WayBack, why: Why, touched: tuple[str, ...], *, now: datetime, until: datetime
) -> Plan:
    if all(_serves(server, way_back.old.get(server.name), world) for server in world.servers):
        return _go_back(world, way_back, touched, why)
    if now >= until:
        return _go_back(world, way_back, touched, why)
    return Wait(until, "the servers differ, and none is ill")


def _go_back(world: World, way_back: WayBack, touched: tuple[str, ...], why: Why) -> Back:
    states = {server.name: server for server in world.servers}
    kept = [name for name in touched if name in way_back.old]
    reachable = [name for name in kept if name in states and states[name].reachable]
    out_of_reach = tuple(name for name in kept if name not in reachable)
    return Back(
        servers=tuple(sorted(reachable, key=lambda name: _urgency(states[name], way_back.old.get(name)))),
        out_of_reach=out_of_reach,
        sentence=why.said,
        came_since=tuple(name for name in touched if name not in kept),
    )


def _urgency(server: ServerState, old: str | None) -> tuple[bool, bool, bool]:
    """Whoever gets no requests goes first: nothing is lost on it, and then it carries those of the others."""
    return bool(server.in_rotation), server.digest == old, server.health is not Verdict.FAILED
