"""Breaking a hold on purpose: whoever held the environment can change nothing more, and people go on by hand."""

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed

from blocks.company import Company
from blocks.errors import Meant
from blocks.hold import Holds
from flows.hold import held_run
from flows.opening import run_of
from flows.way_home import give_to_people
from policy.broken_hold import judge_break, say_hold_broken
from policy.database_rows import list_taken_away
from policy.record import Event, Unreadable, last
from policy.way_back_forms import BreakHoldRequest
from tasks.resolve import BadRequest, require_person
from tasks.run import day_in
from tasks.run_log import ends_with_its_sentence


class NobodyTold(Meant):
    """The hold was broken and nobody took the page, so it is not free yet."""


@flow(name="Break hold", flow_run_name="{request.requested_by}: {request.reason}", persist_result=False)
@ends_with_its_sentence
def break_hold(request: BreakHoldRequest) -> State[None]:
    """The hold is free and its record says who broke it and why; no server is touched, which is where is posted."""
    with Company.load(request.environment) as company:
        return Completed(message=break_hold_of(company, request))


def break_hold_of(company: Company, request: BreakHoldRequest) -> str:
    """Free the company's environment and say so; raises BadRequest where nobody holds it, or it is not theirs to break.

    From the moment at which it is taken over nothing touches a server any more, also where nobody can be told: then
    the record stays open for recovery, which tells them and frees the environment.
    """
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
        return f"{why}; {request.environment} is free"
    with held_run(company, holds, broken.release, over=newest, why=why, broken=why) as run:
        fits = not list_taken_away(run.record.rows())
        give_to_people(run, why, image_fits=fits, headline=say_hold_broken(run.release, why))
    if last(run.record.seen, Event.SEALED) is None:
        raise NobodyTold(
            f"{why}; no server is touched any more, but nobody on call could be told which is where, so"
            f" {request.environment} is not free yet: recovery tells them as soon as it can, and frees it then"
        )
    return f"{why}; {request.environment} is free, and every server is left as it is"
