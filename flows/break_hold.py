"""Breaking a hold on purpose: whoever held the environment can change nothing more, and people go on by hand."""

from prefect import flow
from prefect.logging import get_run_logger

from blocks.company import Company
from blocks.hold import Holds
from flows.hold import held_run
from flows.opening import run_of
from flows.way_home import give_to_people
from policy.broken_hold import judge_break, say_hold_broken
from policy.record import Unreadable
from policy.way_back_forms import BreakHoldRequest
from tasks.resolve import BadRequest, require_person
from tasks.run import day_in
from tasks.run_log import ends_with_its_sentence


@flow(name="Break hold", flow_run_name="{request.requested_by}: {request.reason}", persist_result=False)
@ends_with_its_sentence
def break_hold(request: BreakHoldRequest) -> None:
    """The hold is free and its record says who broke it and why; no server is touched, which is where is posted."""
    with Company.load(request.environment) as company:
        break_hold_of(company, request)


def break_hold_of(company: Company, request: BreakHoldRequest) -> None:
    """Free the company's environment; raises BadRequest where nobody holds it, or it is not theirs to break."""
    person = require_person(company, request.requested_by)
    holds = Holds(company.store, request.environment)
    newest = holds.newest()
    if newest is None or newest.released:
        raise BadRequest(f"environment: nobody holds {request.environment}, so there is no hold to break")
    stale_after = company.limits.heartbeat_stale
    judgement = judge_break(
        person,
        held=newest.sentence,
        lives=not newest.is_dead(stale_after),
        silent_for=newest.silent_for,
        stale_after=stale_after,
        although_it_lives=request.although_it_lives,
        roster=company.roster,
        on=day_in(company.rules.time_zone),
    )
    if not judgement.verdict.lets_pass:
        raise BadRequest(judgement.sentence)
    why = f"{person.name} broke the hold of {newest.what}: {request.reason}"
    get_run_logger().warning("%s (%s)", why, judgement.sentence)
    try:
        broken = run_of(company, newest)
    except Unreadable as error:
        get_run_logger().warning("The record of %s cannot be read and is left as it is: %s", newest.what, error)
        broken = None
    if broken is None:
        holds.release(newest.number, why)
        return
    with held_run(company, holds, broken.release, over=newest, why=why) as run:
        give_to_people(run, why, headline=say_hold_broken(run.release, why))
