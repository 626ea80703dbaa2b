"""Bringing a release home: whatever went wrong, production ends on a known version, and people know which.

Tasks only, no subflow: Prefect's server may be away. The store may be away too: rows go to the spool.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import httpx
from prefect.exceptions import PrefectException, TerminationSignal
from prefect.logging import get_run_logger

from blocks.errors import Superseded, Unreachable
from flows.bring_back import bring_back, take_new_version_out
from flows.choice import ApprovalRefused, PeopleStay, RollBackChosen
from flows.database_home import (
    clear_outage,
    compare_schema,
    note_outage,
    restart_all,
    say_outage_of,
    verify_database,
)
from flows.gate import NobodyAnswered, RunDeleted
from flows.hold import AskedToStop, HoldLost
from flows.old_code import leave_staging_as_it_was
from flows.phase import ChecksFailed
from flows.planning import choose_second_tries, plan_home
from flows.red_flag import RedFlag
from flows.sign_off import production_ref_moved, recorded_build, sign_off
from flows.world import read_world
from policy.broken_hold import read_break, say_hold_broken
from policy.came_since import keeping, say_came_since
from policy.endings import ending_of, say_ending
from policy.items import Way
from policy.judgement import Judgement, unknown, worst_of
from policy.limits import Mode
from policy.metrics import Ending
from policy.on_call_pages import page_migration_watched, page_not_well, page_stuck, page_watching
from policy.plans import Back, Cause, Forward, Nothing, Plan, Restart, Stuck, Watching, Why
from policy.record import Event, last
from policy.way_home import servers_to_put_back
from policy.wording import as_clause, say_error
from tasks.incident_report import report_incident
from tasks.item import as_task
from tasks.messages import (
    end_incident,
    inform,
    page_on_call,
    tell_reported,
    tell_rolled_back,
    tell_stopped,
    tell_stuck,
)
from tasks.rollback import rollback_verified
from tasks.run import Run, Silent
from tasks.run_log import RunCancelled, is_deleted
from tasks.seal import seal
from tasks.step import StepFailed
from tasks.telling import has_maintenance, maintenance_over

_CAUSES: dict[type[Exception], Cause] = {
    ChecksFailed: Cause.CHECKS_FAILED,
    RedFlag: Cause.RED_FLAG,
    ApprovalRefused: Cause.REFUSED,
    RollBackChosen: Cause.CHOSEN,
    NobodyAnswered: Cause.EXPIRED,
    RunDeleted: Cause.DELETED,
    RunCancelled: Cause.CANCELLED,
    PeopleStay: Cause.STAY,
    AskedToStop: Cause.PRE_EMPTED,
    StepFailed: Cause.STEP_FAILED,
    HoldLost: Cause.HOLD_LOST,
}


@contextmanager
def way_home(run: Run) -> Iterator[None]:
    """Bring home whatever raises inside, then raise it again.

    A cancelled run has 30 seconds to live: it leaves its release to recovery, a run of its own.
    """
    try:
        yield
    except (TerminationSignal, Superseded):
        raise
    except Exception as error:
        error.add_note(go_home(run, why_home(error)).sentence)
        raise


def why_home(error: Exception) -> Why:
    """Say why a release goes home of what was raised; Prefect refuses everything that a deleted run asks for."""
    if isinstance(error, (httpx.HTTPError, PrefectException)) and is_deleted():
        return Why(Cause.DELETED, f"{Cause.DELETED} while its release went on")
    return Why(_CAUSES.get(type(error), Cause.STEP_FAILED), as_clause(say_error(error)))


def go_home(run: Run, why: Why) -> Plan:
    """Carry out what the planner decides, tell people, and seal the record; return what it came to.

    Whoever holds the environment does not wait: the time to choose is over before a dead process is taken over.
    """
    run.lookout = Silent()
    run.record.homeward = True
    why = replace(why, since=None)
    rows = run.record.rows()
    plan = plan_home(run, rows, why)
    get_run_logger().warning("Way home: %s (%s)", type(plan).__name__, plan.sentence)
    if last(rows, Event.SEALED):
        return plan
    run.record.append(
        Event.GOING_HOME,
        item="4.1.1",
        facts={"cause": why.cause.value, "sentence": why.sentence, "plan": type(plan).__name__},
    )
    leave_staging_as_it_was(run)
    match plan:
        case Nothing():
            if why.cause is Cause.STAY and run.release.way is not Way.MIGRATION:
                run.build = run.build or recorded_build(run)
                inform(production_ref_moved(run, run.built.commit), run)
            tell_stopped(run, plan.sentence, why)
            _clear_status_page(run, "The maintenance is over; nothing was changed.")
            seal(
                run,
                outcome=Ending.STAYED if why.cause is Cause.STAY else Ending.STOPPED,
                sentence=f"{why.sentence}; {plan.sentence}",
            )
        case Forward():
            _sign_off_or_tell(run, plan)
        case Back():
            _go_back(run, plan, why)
        case Restart():
            _restart(run, plan, why)
        case Watching():
            page_watched(run, plan)
        case Stuck():
            broken = read_break(rows)
            headline = say_hold_broken(run.release, broken) if broken else ""
            give_to_people(run, plan.sentence, image_fits=plan.image_fits, headline=headline)
    return _as_it_ended(run, plan)


def _as_it_ended(run: Run, plan: Plan) -> Plan:
    """What was planned and could not be carried out is stuck; the sentence says how the release ended."""
    sealed = last(run.record.seen, Event.SEALED)
    if sealed is None:
        return plan if isinstance(plan, Watching) else Stuck(f"{plan.sentence}; recovery tries again to end it")
    said = say_ending(run.release, sealed)
    return Stuck(said) if ending_of(sealed) is Ending.STUCK else replace(plan, sentence=said)


def _sign_off_or_tell(run: Run, plan: Forward) -> None:
    """What cannot be reached is tried again by recovery; what is refused needs a person."""
    try:
        sign_off(run)
    except StepFailed as error:
        if isinstance(error.__cause__, Unreachable):
            raise
        give_to_people(run, f"{plan.sentence}; it could not be signed off: {error}")


def _restart(run: Run, plan: Restart, why: Why) -> None:
    """4.3.2: a roll-back of the database that did not come to it leaves the application as it was."""
    failed = restart_all(run, plan.servers)
    note_outage(run)
    if left := [*plan.out_of_reach, *failed]:
        give_to_people(run, f"{plan.sentence}. Not started again: {', '.join(left)}", started=True)
        return
    sentence = f"{plan.sentence}; the application runs again as it was; {say_outage_of(run)}"
    tell_stopped(run, sentence, why)
    clear_outage(run, "The maintenance is over; nothing was changed.")
    end_incident(run)
    seal(run, outcome=Ending.STOPPED, sentence=sentence)


def page_watched(run: Run, plan: Watching) -> None:
    """While the database may be at it people are told once; the hold stays, and recovery looks again."""
    world = read_world(run)
    if run.release.takes_back:
        fleet = run.company.fleet
        back, start = fleet.hand_commands(run.release.kept_under), fleet.hand_start_commands()
        text = page_watching(run.release, plan.sentence, world, back, start)
    else:
        text = page_migration_watched(run.release, plan.sentence, world)
    name = "database-watched page"
    if not any(row.event is Event.CONFIRMED and row.step == name for row in run.record.seen):
        page_on_call(run, text, name=name)


def _go_back(run: Run, plan: Back, why: Why) -> None:
    if run.release.takes_back and (different := compare_schema(run)):
        give_to_people(run, f"{plan.sentence}. {different}")
        return
    servers = [run.company.fleet.find(name) for name in plan.servers]
    left = list(plan.out_of_reach)
    if run.release.mode is not Mode.PLAN:
        left += bring_back(run, servers)
        left = _try_again(run, left, why)
        if plan.came_since:
            # The others can carry their load now.
            take_new_version_out(run, ())
    if left or plan.came_since:
        not_back = [f"Not brought back: {', '.join(left)}"] if left else []
        not_back += [say_came_since(plan.came_since, run.release.kept_under)] if plan.came_since else []
        give_to_people(run, ". ".join((plan.sentence, *not_back)))
        return
    verification = verify_rollback(run)
    if run.release.takes_back:
        verification = (*verification, *verify_database(run))
        note_outage(run)
        why = replace(why, sentence=f"{why.sentence}; {say_outage_of(run)}")
        clear_outage(run, "The maintenance is over; the previous version serves again.")
    inform(production_ref_moved(run, run.release.previous_commit), run)
    well = worst_of(verification).verdict.lets_pass
    report = report_incident(run, outcome=Ending.ROLLED_BACK, recovered=well)
    tell_rolled_back(run, why, verification, report=report)
    _clear_status_page(run, "The maintenance is over; the previous version serves again.")
    if well:
        end_incident(run)
    else:
        page_on_call(run, page_not_well(run.release, verification, report=report), name="not-well page")
    seal(run, outcome=Ending.ROLLED_BACK, sentence=plan.sentence)


def _try_again(run: Run, left: Sequence[str], why: Why) -> list[str]:
    """Whoever was silent, or did not get the version before, has a second try before people are given it."""
    again = choose_second_tries(run, left, why) if left else []
    if not again:
        return list(left)
    names = [server.name for server in again]
    return [*(name for name in left if name not in names), *bring_back(run, again)]


def _clear_status_page(run: Run, text: str) -> None:
    """3.3.2: a maintenance that was announced for this release is over on every ending."""
    if has_maintenance(run):
        inform(maintenance_over(run, text), run)


def give_to_people(
    run: Run, sentence: str, *, image_fits: bool = True, started: bool = False, headline: str = ""
) -> None:
    """The record ends once people know; a page that did not go out is tried again by recovery.

    It says what to type to put the image of before back, unless the schema no longer fits it; `started` offers the
    lines that start the application as it was. The announcement says `headline`, or that it needs hands.
    """
    fleet = run.company.fleet
    commands: dict[str, str] = {}
    if image_fits and run.release.way is not Way.MIGRATION:
        commands = keeping(run.digests_before, fleet.hand_commands(run.release.kept_under))
    if started:
        commands = fleet.hand_start_commands()
    world = read_world(run)
    changed = servers_to_put_back(run.record.seen, world, run.release)
    text = page_stuck(run.release, sentence, world, commands, changed=changed)
    if page_on_call(run, text, name="stuck page", rings_anew=True):
        tell_stuck(run, sentence, headline=headline)
        # People first: what writes the report may take a while to answer.
        if report := report_incident(run, outcome=Ending.STUCK, recovered=False):
            tell_reported(run, report)
        seal(run, outcome=Ending.STUCK, sentence=sentence)


def verify_rollback(run: Run) -> tuple[Judgement, ...]:
    """4.2.3: say whether production is well again."""
    as_task(rollback_verified, run)(return_state=True)
    return (run.verdicts.get("4.2.3") or unknown("could not be asked"),)
