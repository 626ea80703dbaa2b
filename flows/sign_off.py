"""3.3 and 3.4: people are told, the last look is taken, the record is sealed."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from prefect.logging import get_run_logger

from blocks.company import Company
from blocks.errors import BlockError
from flows.red_flag import RedFlag, raised_flags
from policy.duties import Duty
from policy.items import Way
from policy.judgement import Judgement, passed, unknown
from policy.limits import Risk
from policy.messages import completed, migrated
from policy.metrics import Ending
from policy.page import say_each
from policy.record import Event
from policy.recorded import build_of
from policy.release import Build
from policy.revert import find_reverted
from policy.skipped import say_skipped
from policy.wording import counted, short
from tasks.change_facts import tickets_of_release
from tasks.duties import duties_scheduled, duty_scheduled
from tasks.item import Question, as_task
from tasks.messages import deliver, end_incident, inform, show_end
from tasks.revert import revert_deployed
from tasks.rollout import say_how_it_ended
from tasks.run import Run, utc_now
from tasks.seal import seal
from tasks.sign_off import log_written, release_documented, release_tagged, ticket_closed
from tasks.step import Seen, Step, carry_out
from tasks.telling import maintenance_over, stakeholders_notified, stakeholders_told, status_page_resolved
from tasks.verification import final_health_check

COMPARED = "compared with the standard way"


def sign_off(run: Run) -> None:
    """The production ref stands at what production serves, the team is told, and the record is sealed.

    3.4.1 was settled with people before the release counted as verified. Where recovery signs off for a process that
    died, it is asked once more and listed if it does not pass: nobody waits at a gate of recovery, and a release that
    was verified is not rolled back for it.
    """
    if run.release.way is Way.MIGRATION:
        sign_off_migration(run)
        return
    if run.build is None:
        run.build = recorded_build(run)
    judgement = run.verdicts.get("3.4.1") or _ask(run, final_health_check)
    carry_out(production_ref_moved(run, run.build.commit), run)
    hear_flags(run)
    issues = [] if judgement.verdict.lets_pass else [judgement.sentence]
    issues += list_untold(run) + list_killed(run) + written_down(run)
    took = utc_now() - run.release.opened_at
    skipped = compared_with_standard(run)
    hear_flags(run)
    show_end(run, completed(run.release, run.built, took=took, issues=issues, skipped=skipped))
    inform(completion_posted(run, took=took, issues=issues, skipped=skipped), run)
    end_incident(run)
    end_signed_off(run, f"{say_live(run)}; {judgement.sentence}")


def end_signed_off(run: Run, sentence: str) -> None:
    """The record is sealed, unless a person objected meanwhile: until then a red flag sends the release home.

    Its completion may have been posted by then; the roll-back is said in the same thread.
    """
    hear_flags(run)
    seal(run, outcome=Ending.SIGNED_OFF, sentence=sentence)


def say_live(run: Run) -> str:
    """Say what is live, and on how many servers."""
    return f"{short(run.built.commit)} is live on {counted(len(run.release.servers), 'server')}"


def list_untold(run: Run) -> list[str]:
    """Say that Slack did not take 2.1.7: what is live waits for no message, and nobody may think that one was sent."""
    told = any(row.event is Event.CONFIRMED and row.item == "2.1.7" for row in run.record.rows())
    return [] if told else ["2.1.7: Slack did not take that every server serves it"]


def list_killed(run: Run) -> list[str]:
    """Say of each server whose version before had to be killed that it was; it is live, so nothing waits for it."""
    said = []
    for server in run.servers:
        with suppress(BlockError):
            said.append(say_how_it_ended(server, run))
    return [sentence for sentence in said if sentence]


def compared_with_standard(run: Run) -> str:
    """The record says what another way left out of the standard one; nothing where it is the standard way."""
    item = {Way.HOTFIX: "5.2.4", Way.MANUAL: "2.3.1"}.get(run.release.way)
    if item is None:
        return ""
    sentence = say_skipped(run.record.rows(), migrates=bool(run.release.migrations))
    run.record.append(Event.JUDGED, item=item, step=COMPARED, facts=passed(sentence).facts)
    return sentence


def sign_off_migration(run: Run) -> None:
    """The team is told and the record is sealed; the servers serve what they served, so no ref and no tag moves."""
    hear_flags(run)
    for step in steps_of_sign_off(run):
        inform(step, run)
    entries = [(question.item, _ask(run, question)) for question in (status_page_resolved,)]
    issues = [say_each([entry]) for entry in entries if not entry[1].verdict.lets_pass]
    took = utc_now() - run.release.opened_at
    show_end(run, migrated(run.release, took=took, issues=issues))
    inform(migration_posted(run, took=took, issues=issues), run)
    end_incident(run)
    served = short(run.release.previous_commit)
    end_signed_off(run, f"the database is migrated; the servers serve {served} as before")


def written_down(run: Run) -> list[str]:
    """3.3.2, 3.3.3, 3.4.3 and 3.4.4: page, mail, log, tickets and tag; 4.2.1 and 5.2.6 where they are asked.

    Production is live, so what fails here is listed only.
    """
    for step in steps_of_sign_off(run):
        inform(step, run)
    questions = [status_page_resolved, stakeholders_notified, release_documented]
    if run.release.way is Way.HOTFIX:
        questions.append(duties_scheduled)
    if find_reverted(run.release.commits):
        questions.append(revert_deployed)
    entries = [(question.item, _ask(run, question)) for question in questions]
    return [say_each([entry]) for entry in entries if not entry[1].verdict.lets_pass]


def steps_of_sign_off(run: Run) -> list[Step]:
    """Return tag, page, log, mail, tickets and duties, in the order in which they are written down.

    By a migration alone nothing is deployed that a tag, a mail or a ticket could name.
    """
    company, deploys = run.company, run.release.way is not Way.MIGRATION
    steps = [release_tagged(run)] if deploys else []
    if company.statuspage is not None:
        steps.append(maintenance_over(run, "Maintenance complete, all systems operational."))
    if company.log is not None:
        steps.append(log_written(run))
    if deploys and company.mail is not None and run.release.risk is Risk.HIGH:
        steps.append(stakeholders_told(run))
    steps += steps_for_tickets(run) if deploys else []
    return [*steps, *(duty_scheduled(run, duty) for duty in Duty if run.release.way is Way.HOTFIX)]


def steps_for_tickets(run: Run) -> list[Step]:
    """3.4.3: every ticket that the release delivers is closed; without GitHub or tickets nobody can say which."""
    if run.company.tickets is None:
        return []
    try:
        return [ticket_closed(run, key) for key in tickets_of_release(run).delivered]
    except BlockError as error:
        get_run_logger().warning("The tickets of %s are not closed: %s", run.release.key, error)
        return []


def completion_posted(run: Run, *, took: timedelta, issues: Sequence[str], skipped: str = "") -> Step:
    """3.3.1: the completion stands in the thread of the announcement."""
    text = completed(run.release, run.built, took=took, issues=issues, skipped=skipped)
    return deliver(run, number="3.3.1", name="completion posted", text=text)


def migration_posted(run: Run, *, took: timedelta, issues: Sequence[str]) -> Step:
    """3.3.1: so does that of a migration alone."""
    text = migrated(run.release, took=took, issues=issues)
    return deliver(run, number="3.3.1", name="completion posted", text=text)


def hear_flags(run: Run) -> None:
    """Ask the store itself, not the last heartbeat; raises RedFlag if a person objects before the sign-off."""
    try:
        flags = raised_flags(run.company, run.release.key)
    except BlockError:
        if not run.record.homeward:
            raise
        return
    if flags:
        raise RedFlag(flags[0])


def _ask(run: Run, question: Question) -> Judgement:
    """Return what the item says now. A phase would need Prefect's server, which may be away."""
    as_task(question, run)(return_state=True)
    return run.verdicts.get(question.item.number) or unknown(f"{question.item.title} could not be asked")


def production_ref_moved(run: Run, commit: str) -> Step:
    """The `production` ref says what production serves, so that the next change set begins there."""
    branch = run.company.rules.production_ref

    def look(company: Company) -> Seen:
        stands_at = company.github.read_ref(branch)
        return Seen(stands_at == commit, f"{branch} stands at {short(stands_at)}")

    return Step(
        number="3.1.2",
        subject=branch,
        name="ref moved",
        look=look,
        act=lambda company, _number: company.github.move_ref(branch, commit),
        does=f"GitHub: move {branch} to {short(commit)}",
        undo="move it back",
        within=run.limits.boot,
    )


def recorded_build(run: Run) -> Build:
    """Return the build that the record holds; raises LookupError if it holds none."""
    build = build_of(run.record.rows())
    if build is None:
        raise LookupError("the record holds no build")
    return build
