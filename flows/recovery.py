"""Recovery: a process that died leaves a hold that falls silent; this finds it and brings production home.

It runs on a short schedule that is switched on while a hold exists. A run that finds nothing to do removes
itself from Prefect's run list.
"""

from contextlib import suppress

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed

from blocks.company import Company
from blocks.errors import BlockError
from blocks.hold import Held, Hold, Holds, describe_silence
from blocks.record import Record
from flows.dead_mans_switch import DeadMansSwitch
from flows.hold import cause_of_death, held_run
from flows.recovery_schedule import leave_no_litter, switch_off, switch_on
from flows.red_flag import raised_flags
from flows.way_home import give_to_people, go_home, page_watched
from flows.world import read_world
from policy.broken_hold import read_break
from policy.items import Way
from policy.on_call_pages import page_record_unreadable, page_wait
from policy.plans import Cause, Nothing, Plan, Stuck, Wait, Watching, Why
from policy.record import Event, Unreadable, last
from policy.recorded import release_of
from policy.way_home import decided_to_stay, plan_way_home
from tasks.closed import closed_since
from tasks.marks import show_ending
from tasks.messages import page_on_call, tell_sealed
from tasks.records import read_rows
from tasks.run import Run, utc_now
from tasks.run_log import call_run, ends_with_its_sentence

PROCESS_DIED = "the process died"


@flow(name="Recovery", flow_run_name="Recovery of {environment}", persist_result=False)
@ends_with_its_sentence
def recovery(environment: str = "production") -> State[None]:
    """Bring home what a dead process left behind; while people may still choose, only tell them.

    Args:
        environment: The environment that is brought home.
    """
    with Company.load(environment) as company:
        newest = Holds(company.store, environment).newest()
        if newest is None or newest.released:
            rest(company, environment)
        elif not newest.is_dead(company.limits.heartbeat_stale):
            leave_no_litter()
        else:
            return _bring_home(company, newest)
        return Completed(message="nobody needs to be brought home")


def _bring_home(company: Company, dead: Hold) -> State[None]:
    """Recover it, unless another recovery was faster at this very moment; from now on the run list says whom."""
    call_run(f"Recovery of {dead.what}")
    try:
        plan = recover(company, dead)
    except Held as error:
        leave_no_litter()
        return Completed(message=f"another recovery goes on: {error}")
    return Completed(message=plan.sentence)


def rest(company: Company, environment: str) -> None:
    """Nobody holds the environment: recovery sleeps, unless a release has begun at this very moment."""
    switch_off(environment)
    newest = Holds(company.store, environment).newest()
    if newest is not None and not newest.released:
        switch_on(environment)
    leave_no_litter()


def recover(company: Company, dead: Hold, *, asked: str = "", although_broken: bool = False) -> Plan:
    """Bring home the release of a dead hold; people who did not ask for it have some time to choose first.

    One whose hold a person broke is left to people, unless that very roll-back is `asked` for `although_broken`.
    """
    log = get_run_logger()
    holds = Holds(company.store, company.rules.environment)
    record = Record(company.store, dead.release, holder=dead.number, spool=company.spool)
    try:
        rows = record.rows()
        release = release_of(rows)
    except Unreadable as error:
        return page_unreadable(company, dead, error)
    if release is None:
        holds.release(dead.number)
        return Nothing(f"hold {dead.number} of {dead.release} was taken and nothing was written; it is given back")
    looking = Run(release=release, company=company, record=record, number=dead.number)
    if sealed := last(rows, Event.SEALED):
        record.signer = company.signer
        record.merge()
        tell_sealed(looking)
        DeadMansSwitch(looking, holds).end()
        holds.release(dead.number)
        show_ending(looking)
        return Nothing(f"the release had already ended: {sealed.facts.get('sentence', '')}")
    for fault in filter(None, (record.spool_fault, record.came_too_late)):
        log.warning("The spool of %s: %s", release.key, fault)
    why = why_dead(looking, dead, asked)
    log.warning("%s: %s", release.what, why.sentence)
    plan = plan_way_home(rows, read_world(looking), why, now=utc_now(), limits=release.limits)
    if isinstance(plan, Wait):
        name = f"{PROCESS_DIED} under hold {dead.number}"
        if not any(row.event is Event.CONFIRMED and row.step == name for row in rows):
            text = page_wait(release, plan.until, plan.sentence, zone=company.rules.time_zone)
            page_on_call(looking, text, name=name)
        with suppress(BlockError):
            DeadMansSwitch(looking, holds).push()
        return plan
    if isinstance(plan, Watching):
        page_watched(looking, plan)
        with suppress(BlockError):
            DeadMansSwitch(looking, holds).push()
        return plan
    taken = f"{asked or describe_silence(dead)}, so recovery ends its release"
    broken = "" if although_broken else read_break(rows)
    with held_run(company, holds, release, over=dead, why=taken, broken=broken) as run:
        if release.undoes and not borrow_way_back(run):
            sentence = f"the way back of {release.undoes}, which was to be rolled back, is not in the store"
            give_to_people(run, sentence)
            return Stuck(sentence)
        return go_home(run, why)


def page_unreadable(company: Company, dead: Hold, error: Unreadable) -> Stuck:
    """Nobody knows from such a record what was done: people are told once, and the hold is theirs to break."""
    text = page_record_unreadable(dead.what, str(error), company.fleet.hand_commands(dead.release))
    sentence, environment = text.splitlines()[0], company.rules.environment
    channel, key = company.slack.alerts, f"{dead.release}/record-unreadable"
    if company.slack.find(channel, key) is None:
        if company.pagerduty is not None:
            with suppress(BlockError):
                company.pagerduty.trigger(
                    sentence, source=environment, severity="critical", key=key, details={"page": text}
                )
        company.slack.post(channel, text, key)
    return Stuck(sentence)


def borrow_way_back(run: Run) -> bool:
    """Let this roll-back's record hold what the release that it undoes recorded; say whether there is a way back.

    A process that died in the middle of it had done nothing yet of what a person asked for.
    """
    rows = read_rows(run.company, run.release.undoes)
    for event in (Event.BUILT, Event.WAY_BACK):
        row = last(rows, event)
        if row is not None and run.record.last(event) is None:
            taken_away = {"taken_away": closed_since(run)} if event is Event.WAY_BACK else {}
            run.record.append(event, item=row.item, facts={**row.facts, **taken_away})
    return run.record.last(Event.WAY_BACK) is not None


def why_dead(looking: Run, dead: Hold, asked: str) -> Why:
    """Say why the release does not simply go on; a roll-back goes on, for a person asked for it."""
    release = looking.release
    if asked:
        return Why(Cause.ROLLBACK_ASKED, asked)
    if release.way is Way.HOMEWARD:
        asked_by = release.request.requested_by
        return Why(Cause.ROLLBACK_ASKED, f"{asked_by} asked for it, and its process died: {describe_silence(dead)}")
    if flags := raised_flags(looking.company, release.key):
        return Why(Cause.RED_FLAG, flags[0])
    if stay := decided_to_stay(looking.record.seen):
        return Why(Cause.STAY, stay)
    return Why(cause_of_death(dead), describe_silence(dead), since=dead.last_sign)
