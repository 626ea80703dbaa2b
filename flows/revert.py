"""4.2.1: take off main what a release brought, by a pull request that people merge and `production` releases.

Production itself is put back by its images (4.2.2), which takes a minute and needs no pipeline. This is about what the
next release would bring again.
"""

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from blocks.company import Company
from blocks.record import Record
from flows.opening import release_key
from flows.phase import publish_record
from flows.rollback import read_release
from policy.checklist import ITEMS
from policy.items import Way
from policy.judgement import Judgement, passed
from policy.messages import revert_proposed
from policy.metrics import Ending
from policy.record import Event, Row, last
from policy.recorded import environment_of, undone_by
from policy.release import REVERT_SUFFIX, Release
from policy.revert import Brought, branch_of, describe, say_migrations, title_of
from policy.way_back_forms import RevertRequest
from policy.wording import short
from tasks.item import write_down
from tasks.messages import deliver, inform
from tasks.records import list_newest_first
from tasks.resolve import BadRequest, require_person
from tasks.revert import (
    branch_made,
    brought_by,
    compare_revert,
    find_proposal,
    is_left_on_main,
    main_taken_in,
    pipeline_green,
    pull_request_opened,
)
from tasks.run import Run, utc_now
from tasks.run_log import ends_failed, ends_with_its_sentence, leave_page
from tasks.step import StepFailed, carry_out


@flow(name="Revert", flow_run_name="{request.requested_by}: revert {request.named}", persist_result=False)
@ends_with_its_sentence
def revert(request: RevertRequest) -> State[None]:
    """Propose the revert of a release on GitHub, wait for its pipeline, and say whether it holds what was before."""
    with Company.load(request.environment) as company:
        require_person(company, request.requested_by)
        original, rows, brought = release_to_revert(company, request)
        run = open_run(company, original, request, key=release_key() + REVERT_SUFFIX)
        try:
            judgement, what_next = propose(run, request, rows, brought)
        except StepFailed as error:
            end(run, Ending.STOPPED, str(error))
            raise
        write_down(run, ITEMS["4.2.1"], judgement)
        end(run, Ending.PROPOSED, f"{judgement.sentence}; next: {what_next}", *say_migrations(brought))
    if judgement.verdict.lets_pass:
        return Completed(name="Proposed", message=what_next)
    return ends_failed(name="Look", message=f"{judgement.sentence}. {what_next}")


def release_to_revert(company: Company, request: RevertRequest) -> tuple[Release, tuple[Row, ...], Brought]:
    """Return the release, its rows and what it brought to main; raises BadRequest where there is nothing to revert."""
    key = request.release or newest_rolled_back(company, request.environment)
    release, rows = read_release(company, key)
    if release.undoes:
        return release_to_revert(company, request.model_copy(update={"release": release.undoes}))
    brought, main = brought_by(rows), company.rules.main_branch
    if brought is None:
        raise BadRequest(f"release: {key} ended before 2.1.1 and merged nothing; there is nothing to revert")
    if not company.github.is_ancestor(brought.commit, main):
        raise BadRequest(
            f"release: {short(brought.commit)} of {key} is not on {main}, so there is nothing to take off it;"
            " delete or mend the branch that it was released from"
        )
    return release, rows, brought


def newest_rolled_back(company: Company, environment: str) -> str:
    """Return the key of the newest release that was rolled back, by its own record or by another."""
    for key, rows in list_newest_first(company):
        sealed = last(rows, Event.SEALED)
        if sealed is None or sealed.facts["outcome"] != Ending.ROLLED_BACK:
            continue
        if environment_of(rows) == environment:
            return undone_by(rows) or key
    raise BadRequest("release: no release was rolled back; name the key of the one to revert")


def open_run(company: Company, original: Release, request: RevertRequest, *, key: str) -> Run:
    """Return the run of the revert, under a record of its own; nobody holds the environment for it."""
    asked = original.request.model_copy(
        update={"requested_by": request.requested_by, "summary": f"Revert {short(original.commit)}"}
    )
    release = original.model_copy(
        update={"key": key, "way": Way.HOMEWARD, "request": asked, "opened_at": utc_now(), "undoes": original.key}
    )
    run = Run(release, company, Record(company.store, key, holder=0, spool=company.spool), number=0)
    if run.record.sealed:
        raise BadRequest(f"the revert {key} has ended; start a new one")
    if run.record.last(Event.OPENED) is None:
        run.record.append(Event.OPENED, facts={"release": release.model_dump(mode="json")})
    return run


def propose(run: Run, request: RevertRequest, rows: tuple[Row, ...], brought: Brought) -> tuple[Judgement, str]:
    """4.2.1: carry out what is left of the proposal; return whether it holds what was before, and what to do next."""
    main, branch = run.company.rules.main_branch, branch_of(brought.key)
    merged = find_proposal(run, brought)
    if merged is not None and merged.merged and merged.merge_commit:
        judgement = compare_revert(run, brought, merged.merge_commit)
        return judgement, f"#{merged.number} is merged as {short(merged.merge_commit)}: release that commit"
    carry_out(branch_made(run, brought), run)
    carry_out(main_taken_in(run, brought), run)
    if not is_left_on_main(run, brought):
        sentence = f"{main} holds nothing of {brought.key} any more; nothing is proposed, and {branch} can be deleted"
        return passed(sentence), "nothing to do"
    text = describe(
        brought,
        reason=request.reason,
        by=request.requested_by,
        why=say_why(rows),
        ticket=request.ticket,
        record=f"{run.link} (`python -m deployments.verify_record {brought.key}`)",
    )
    carry_out(pull_request_opened(run, brought, text), run)
    head = run.company.github.read_ref(branch)
    carry_out(pipeline_green(run, head), run)
    judgement = compare_revert(run, brought, head)
    proposal = find_proposal(run, brought)
    link = proposal.url if proposal else branch
    message = revert_proposed(title_of(brought), link=link, sentence=judgement.sentence)
    inform(deliver(run, number="4.2.1", name="revert proposed", text=message, thread=False), run)
    return judgement, f"merge {link}, then release the merge commit with `production`"


def end(run: Run, outcome: Ending, sentence: str, *more: str) -> None:
    """The record ends with what was found, and a page says it with what to do next."""
    run.record.signer = run.company.signer
    run.record.append(Event.SEALED, facts={"outcome": outcome.value, "sentence": sentence})
    publish_record(run)
    lines = (f"- {sentence}", *more)
    leave_page("revert", "\n".join((f"## Revert of {run.release.undoes}", "", *lines, "")), sentence)


def say_why(rows: tuple[Row, ...]) -> str:
    """Say how the release ended, by its record: the cause in our words, not what people typed."""
    home = last(rows, Event.GOING_HOME)
    return f"It went home: {home.facts['cause']}." if home else "It was live."
