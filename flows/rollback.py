"""4.2.2: a person rolls production back, also while a release is under way."""

from collections.abc import Collection
from contextlib import suppress

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed

from blocks.company import Company
from blocks.errors import Meant, Unreachable
from blocks.hold import Holds
from blocks.record import Record
from flows.hold import held_run, pre_empt
from flows.opening import release_key
from flows.recovery import borrow_way_back, recover
from flows.recovery_schedule import recovery_awake
from flows.way_home import go_home
from flows.world import read_world
from policy.came_since import keeping, say_came_since
from policy.form import KEY
from policy.items import Way
from policy.limits import Mode
from policy.metrics import Ending
from policy.plans import Back, Cause, Nothing, Plan, Stuck, Watching, Why
from policy.record import Event, Row, Unreadable, last
from policy.recorded import environment_of, release_of
from policy.release import Release
from policy.way_back_forms import RollbackRequest
from policy.way_home import plan_way_home, read_way_back, say_closed
from policy.wording import short, short_digest
from tasks.closed import find_closed
from tasks.records import list_newest_first, read_ended, read_rows
from tasks.resolve import BadRequest, require_person
from tasks.run import Run, utc_now
from tasks.run_log import ends_planned, ends_with_its_sentence


class NotRolledBack(Meant):
    """Production was not brought back; the message says what is where."""


@flow(name="Rollback", flow_run_name="{request.requested_by}: {request.reason}", persist_result=False)
@ends_with_its_sentence
def rollback(request: RollbackRequest) -> State[None]:
    """Put every server back to the version before the newest release; it needs a name and a reason, no code."""
    why = Why(Cause.ROLLBACK_ASKED, f"{request.requested_by}: {request.reason}: {request.what_was_seen}")
    with Company.load(request.environment) as company:
        require_person(company, request.requested_by)
        if request.mode is Mode.PLAN:
            show_way_back(company, request, why)
            return ends_planned("way-back")
        plan = go_back(company, request, why)
    if not isinstance(plan, Back | Nothing):
        raise NotRolledBack(plan.sentence)
    return Completed(message=plan.sentence)


def go_back(company: Company, request: RollbackRequest, why: Why) -> Plan:
    """Let a release that is under way end first; unless its end was the roll-back asked for, undo what is live.

    One that was stopped before it changed a server brought nobody back, whatever made the roll-back necessary.
    """
    newest = Holds(company.store, request.environment).newest()
    dead = pre_empt(company, request.environment, why=why.sentence)
    plan = recover(company, dead, asked=why.sentence, although_broken=True) if dead is not None else None
    under_way = dead or (newest if newest is not None and not newest.released else None)
    if under_way is None:
        return undo(company, request, why)
    ended = read_ended(company, under_way.release)
    if ended is None:
        is_meant = request.release in ("", under_way.release)
        return plan if is_meant and isinstance(plan, Back | Stuck | Watching) else undo(company, request, why)
    if ended.is_roll_back_of(request.release):
        if isinstance(plan, Back):
            return plan
        return Stuck(ended.sentence) if ended.outcome is Ending.STUCK else Nothing(ended.sentence)
    get_run_logger().warning("%s; what the servers run is looked at next", ended.sentence)
    try:
        return undo(company, request, why)
    except (BadRequest, NotRolledBack) as error:
        raise NotRolledBack(f"{ended.sentence}. Beside that nothing was rolled back: {error}") from error


def undo(company: Company, request: RollbackRequest, why: Why) -> Plan:
    """Undo the newest release that a server still serves, under a record of its own."""
    original, _ = release_to_undo(company, request)
    if taken_away := find_closed(company, original.key):
        raise NotRolledBack(f"{say_closed(taken_away)}. Nothing was touched")
    release = undoing(original, request, company, key=release_key())
    holds = Holds(company.store, request.environment)
    with recovery_awake(request.environment), held_run(company, holds, release, over=None) as run:
        borrow_way_back(run)
        return go_home(run, why)


def release_to_undo(company: Company, request: RollbackRequest) -> tuple[Release, tuple[Row, ...]]:
    """Return the newest release whose image a server runs now, with its rows; raises BadRequest if there is none."""
    running = running_digests(company)
    if request.release:
        return named_release(company, request, running)
    for key, rows in list_newest_first(company):
        if environment_of(rows) == request.environment and running & brought_images(rows):
            return read_release(company, key)
    raise BadRequest(
        f"release: none of the records brought what the servers run now ({say_images(running)}), so there is no release"
        " to undo and no key would help; to change what is live release the commit that you want with"
        " `Production deployment/production`"
    )


def named_release(
    company: Company, request: RollbackRequest, running: Collection[str]
) -> tuple[Release, tuple[Row, ...]]:
    """Return the release that the request names, with its rows; raises BadRequest if no server runs what it brought."""
    key = request.release
    release, rows = read_release(company, key)
    if release.environment != request.environment:
        raise BadRequest(f"release: {key} is a release to {release.environment}, expected one to {request.environment}")
    brought = brought_images(rows)
    if not brought:
        raise BadRequest(f"release: {key} ended before it changed a server; there is nothing to undo")
    if not brought & set(running):
        raise BadRequest(
            f"release: {key} brought {say_images(brought)}, and the servers run {say_images(running)} now; expected the"
            " key of a release that a server still serves, or nothing: then the newest such release is found"
        )
    return release, rows


def brought_images(rows: tuple[Row, ...]) -> frozenset[str]:
    """Return the images that a release had for the servers; none where it ended before 1.4.5 or 2.1.1."""
    way_back = read_way_back(rows)
    return frozenset(filter(None, (way_back.new, *way_back.built.values()))) if way_back is not None else frozenset()


def say_images(digests: Collection[str]) -> str:
    """Name the images, or say that none is known."""
    return ", ".join(sorted(short_digest(digest) for digest in digests)) or "nothing known by a digest"


def running_digests(company: Company) -> frozenset[str]:
    """Return what the servers run now; one that does not answer keeps nobody from bringing the others back.

    A server that runs nothing, or nothing that is known by a digest, is no sign of any release.
    """
    running = set()
    for server in company.fleet.servers:
        with suppress(Unreachable):
            digest = company.fleet.read_state(server).image_digest
            running |= {digest} if digest else set()
    return frozenset(running)


def servers_now(original: Release, company: Company) -> tuple[str, ...]:
    """Return the servers of a release that the settings still name, then those that came since."""
    named = [server.name for server in company.fleet.servers]
    return (
        *(name for name in original.servers if name in named),
        *(name for name in named if name not in original.servers),
    )


def undoing(original: Release, request: RollbackRequest, company: Company, *, key: str) -> Release:
    """Return the release that undoes `original`, on the servers that there are now."""
    asked = original.request.model_copy(
        update={"requested_by": request.requested_by, "summary": f"Roll back {short(original.commit)}"}
    )
    return original.model_copy(
        update={
            "key": key,
            "way": Way.HOMEWARD,
            "request": asked,
            "servers": servers_now(original, company),
            "opened_at": utc_now(),
            "undoes": original.kept_under,
        }
    )


def show_way_back(company: Company, request: RollbackRequest, why: Why) -> None:
    """mode: plan. Leave a page that says what would be put back, and with which commands by hand."""
    first = say_stopped_first(company, request)
    try:
        original, rows = release_to_undo(company, request)
    except BadRequest as error:
        raise BadRequest(f"{error}. {first}" if first else str(error)) from error
    release = original
    if last(rows, Event.SEALED) is not None:
        # A roll-back of its own begins with the way back alone, on the servers that there are now.
        release = undoing(original, request, company, key=original.key)
        rows = tuple(row for row in rows if row.event in (Event.BUILT, Event.WAY_BACK))
    record = Record(company.store, original.key, holder=0, spool=company.spool)
    run = Run(release=release, company=company, record=record, number=0)
    plan = plan_way_home(rows, read_world(run), why, now=utc_now(), limits=original.limits)
    if taken_away := find_closed(company, original.key):
        plan = Stuck(say_closed(taken_away), image_fits=False)
    fits = not isinstance(plan, Stuck) or plan.image_fits
    way_back = read_way_back(rows)
    before = way_back.old if way_back is not None else {}
    commands = keeping(before, company.fleet.hand_commands(original.kept_under)) if fits else {}
    by_hand = "\n".join(f"- {name}: `{command}`" for name, command in commands.items()) or "Not by hand either."
    since = say_came_since(plan.came_since, original.kept_under) if isinstance(plan, Back) and plan.came_since else ""
    said = (first, f"{type(plan).__name__}: {plan.sentence}", since)
    parts = (f"## Way back of {original.what}", *filter(None, said), "### By hand, without us", by_hand)
    create_markdown_artifact(
        key="way-back",
        markdown="\n\n".join(parts) + "\n",
        description=" ".join(filter(None, (first, plan.sentence)))[:200],
    )


def say_stopped_first(company: Company, request: RollbackRequest) -> str:
    """Say which release is under way, for a roll-back that is not only planned stops it first; empty if none is."""
    newest = Holds(company.store, request.environment).newest()
    if newest is None or newest.released:
        return ""
    return (
        f"{newest.what} ({newest.release}) is under way: the roll-back itself would stop it first, which puts back what"
        " it touched, and go on from there where that is not the release to undo."
    )


def read_release(company: Company, key: str) -> tuple[Release, tuple[Row, ...]]:
    """Return the release of this key and its rows; raises BadRequest where no record of it can be read."""
    try:
        rows = read_rows(company, key)
        release = release_of(rows)
    except Unreadable as error:
        raise BadRequest(f"release: the record {key} cannot be read: {error}") from error
    if release is None:
        raise BadRequest(f"release: there is no record {key}; expected {KEY}")
    return release, rows
