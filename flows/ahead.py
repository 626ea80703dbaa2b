"""What lies ahead of a release, step by step, in the order of its flow: for the plan, and for whoever approves."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from blocks.fleet import Server
from flows.approvers import say_who_may_approve
from flows.rollout import list_batches, team_told
from flows.sign_off import completion_posted, migration_posted, production_ref_moved, steps_of_sign_off
from policy.checklist import ITEMS
from policy.items import Way
from policy.judgement import spoken
from policy.migrations.order import Order, plan_order
from policy.plan_page import Planned
from policy.wording import short
from tasks.backfill import backfilled, backfills_of
from tasks.manual import image_built, source_fetched
from tasks.migrating import migrated
from tasks.migration_facts import new_readings
from tasks.rollout import steps_forward
from tasks.run import Run
from tasks.staging import deployed_to_staging, goes_over_staging
from tasks.step import Step
from tasks.telling import maintenance_announced, needs_maintenance, on_call_told, team_notified
from tasks.way_back import kept, pulled

VERIFIED = ("2.1.6", "3.1.1", "3.1.2", "3.1.3", "3.1.4", "3.1.5")
WATCHED = ("3.2.1", "3.2.2", "3.2.3", "3.2.4")
LAST_LOOK = ("3.4.1", "3.4.2")
WRITTEN_DOWN = ("3.3.2", "3.3.3", "3.4.3")


def before_the_gate(run: Run) -> list[Planned]:
    """Return what is done until somebody is asked to approve, and the question itself."""
    staging = [deployed_to_staging(run)] if goes_over_staging(run) else []
    maintenance = [maintenance_announced(run)] if needs_maintenance(run) else []
    steps = _steps([*staging, team_notified(run), *on_call_told(run), *maintenance])
    told = [*steps, _asked("1.3 Telling people", ("1.3.8", "1.3.9"))]
    gate = Planned(("2.1.4", "8.1"), f"2.1.4 Approval gate: the release {say_who_may_approve(run)}")
    if run.release.way is Way.MIGRATION:
        return [*told, gate]
    watch = Planned(("2.1.3",), f"2.1.3 Monitor progress for {spoken(run.limits.first_server_watch)}")
    return [
        *told,
        Planned(("2.1.1",), f"2.1.1 {_say_image(run)}") if not run.release.is_built_on_servers else _say_built(run),
        *_ready_to_change(run),
        *_migration(run, _order(run).before),
        *_updates(run, run.servers[:1]),
        watch,
        gate,
    ]


def after_the_gate(run: Run, waiting: Sequence[Server]) -> list[Planned]:
    """Return all that an approval sets in motion; `waiting` are the servers that still serve the old version."""
    if run.release.way is Way.MIGRATION:
        order = _order(run)
        return [
            *_migration(run, order.before),
            *_backfills(run),
            *_migration(run, order.after),
            _asked("3.1 Immediate verification", VERIFIED),
            *_steps(steps_of_sign_off(run)),
            _asked("3.3.2 Status page", ("3.3.2",)),
            *_steps([migration_posted(run, took=timedelta(0), issues=())]),
        ]
    hotfix = [_asked("5.2.5 Verify the hotfix", ("5.2.5",))] if run.release.way is Way.HOTFIX else []
    return [
        *(step for batch in list_batches(run, waiting) for step in _updates(run, batch)),
        *_backfills(run),
        *_migration(run, _order(run).after),
        *_steps([team_told(run)]),
        _watched("3.1 Immediate verification", VERIFIED, run.limits.immediate_watch),
        *hotfix,
        _watched("3.2 Extended monitoring", WATCHED, run.release.watched_for),
        _asked("3.4 Last look", LAST_LOOK),
        *hotfix,
        *_steps([production_ref_moved(run, run.built.commit), *steps_of_sign_off(run)]),
        _asked("3.3 Told and 3.4 written down", WRITTEN_DOWN),
        *_steps([completion_posted(run, took=timedelta(0), issues=())]),
    ]


def _steps(steps: Iterable[Step], *, beside: str = "") -> list[Planned]:
    return [Planned((step.number,), f"{step.title}{beside}", step.does) for step in steps]


def _updates(run: Run, batch: Sequence[Server]) -> list[Planned]:
    """A batch leaves at once, so each of its servers names the others."""
    planned = []
    for server in batch:
        others = [other.name for other in batch if other is not server]
        beside = f" (at once with {', '.join(others)})" if others else ""
        planned += _steps(steps_forward(server, run), beside=beside)
    if run.release.way is Way.HOTFIX:
        return [replace(one, items=(*one.items, "5.2.4")) for one in planned]
    return planned


def _ready_to_change(run: Run) -> list[Planned]:
    if run.release.is_built_on_servers:
        return _steps(step(server, run) for step in (kept, source_fetched, image_built) for server in run.servers)
    return _steps(step(server, run) for server in run.servers for step in (kept, pulled))


def _order(run: Run) -> Order:
    return plan_order(new_readings(run)) if run.release.migrations else Order((), ())


def _migration(run: Run, names: Sequence[str]) -> list[Planned]:
    if not names:
        return []
    return [
        _asked("6.1.4 Backup", ("6.1.4",)),
        *_steps([migrated(run, names)]),
        _asked("6.3 Post-migration verification", ("6.3.3", "6.3.4", "6.3.5")),
    ]


def _backfills(run: Run) -> list[Planned]:
    backfills = backfills_of(run)
    backup = [] if run.release.migrations or not backfills else [_asked("6.1.4 Backup", ("6.1.4",))]
    return [*backup, *_steps(backfilled(run, backfill) for backfill in backfills)]


def _asked(title: str, items: tuple[str, ...]) -> Planned:
    return Planned(items, f"{title}: {_name(items)}" if len(items) > 1 else title)


def _watched(title: str, items: tuple[str, ...], watched: timedelta) -> Planned:
    return Planned(items, f"{title} after {spoken(watched)} on every server: {_name(items)}")


def _name(items: Iterable[str]) -> str:
    """Name each item; a title may have commas in it."""
    return "; ".join(ITEMS[number].name for number in items)


def _say_built(run: Run) -> Planned:
    said = f"2.3.1 Each server builds {short(run.release.commit)} itself; what it builds is known by its identity"
    return Planned(("2.3.1",), said)


def _say_image(run: Run) -> str:
    commit = short(run.release.commit)
    if run.company.registry.find_digest(run.release.commit) is None:
        return f"The registry has no image of {commit}: its pipeline has to build it first"
    return f"The image of {commit} is {run.built.digest}"
