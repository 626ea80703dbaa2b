"""What becomes of a roll-back of the database whose process failed or died: before, in, and after its one transaction.

Before it the application starts again as it was; while the database may be at it nothing is touched; after it the
version before is put back. So what runs in the end always fits the schema, or people know what to type.
"""

from collections.abc import Collection, Sequence

from policy.combined import combine
from policy.judgement import Judgement, failed, passed
from policy.plans import Back, Migrating, Nothing, Plan, Restart, ServerState, Stuck, Watching, World
from policy.record import Event, Row
from policy.wording import counted, short_digest

DATABASE_ITEM = "4.3.2"
EMPTIED, STOPPED, TAKEN_BACK = "out of rotation", "stopped", "taken back"
_STOPPING = (EMPTIED, STOPPED)


def takes_the_database_back(rows: Sequence[Row]) -> bool:
    """Whether these are the rows of a roll-back of the database."""
    openings = (row.facts.get("release", {}) for row in rows if row.event in (Event.OPENED, Event.TOOK_OVER))
    return any(release.get("takes_back") for release in openings)


def stopped_servers(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the servers on which this roll-back meant to stop the application, first stopped first."""
    meant = (row for row in rows if row.event is Event.INTENDED and row.item == DATABASE_ITEM)
    return tuple(dict.fromkeys(row.subject for row in meant if row.step in _STOPPING))


def was_begun(rows: Sequence[Row]) -> bool:
    """Whether the statements that take the migrations back may have been sent to the database."""
    meant = (row for row in rows if row.event is Event.INTENDED and row.item == DATABASE_ITEM)
    return any(row.step == TAKEN_BACK for row in meant)


def plan_database_way_home(rows: Sequence[Row], world: World, *, repaired: str | None, sentence: str) -> Plan:
    """Decide how a roll-back of the database ends; `repaired` says who repairs a server by hand, if anybody does."""
    begun, stopped = was_begun(rows), stopped_servers(rows)
    if not begun and not stopped:
        return Nothing("neither the application nor the database was touched")
    if begun and world.migrating in (Migrating.RUNNING, Migrating.UNKNOWN):
        return Watching(f"the database may be taking its migrations back ({world.migrating}); nothing is touched")
    if begun and world.migrating is Migrating.FAILED:
        return Stuck("some of the migrations are taken back and some are not; the DevOps lead decides")
    if repaired:
        return Stuck(f"somebody is repairing by hand: {repaired}; nothing is touched")
    taken_back = begun and world.migrating is Migrating.DONE
    servers = tuple(server.name for server in world.servers if taken_back or server.name in stopped)
    reachable = {server.name for server in world.servers if server.reachable}
    out_of_reach = tuple(name for name in servers if name not in reachable)
    named = tuple(name for name in servers if name in reachable)
    if taken_back:
        return Back(named, out_of_reach, sentence)
    if len(images := {server.digest for server in world.servers if server.reachable}) > 1:
        said = ", ".join(sorted(short_digest(one) for one in images))
        return Stuck(f"the servers have different versions ({said}), and the database was not taken back")
    return Restart(named, out_of_reach, f"the database was not taken back; {sentence}")


def judge_ready(servers: Sequence[ServerState], *, known: Collection[str], kept: Collection[str]) -> Judgement:
    """Pass when the application can be stopped on every server and put back there: one version, and its way back kept.

    `known` are the digests before and after the release, `kept` the servers that hold the way back.
    """
    parts = []
    for server in servers:
        if not server.reachable:
            parts.append(failed(f"{server.name} does not answer, so the application cannot be stopped there"))
        elif server.held:
            parts.append(failed(f"{server.name} holds a file HOLD, so somebody repairs it by hand"))
        elif server.digest not in known:
            parts.append(
                failed(f"{server.name} runs {short_digest(server.digest)}, neither the version before nor this")
            )
        elif server.name not in kept:
            parts.append(failed(f"{server.name} keeps no way back of this release"))
    images = {server.digest for server in servers if server.reachable}
    if not parts and len(images) > 1:
        parts.append(failed("the servers have different versions; bring them to one with the deployment `rollback`"))
    return combine(parts or [passed(f"{counted(len(servers), 'server')} of one version, way back kept")])
