"""6.3.1: the version in production is put on staging, whose database is migrated, tried there, and taken away again."""

import time
from collections.abc import Callable

from blocks.company import Company, Staging
from blocks.errors import BlockError, Refused, Superseded
from blocks.fleet.server import Server
from blocks.postgres_tables import read_applied
from policy.health import judge_health
from policy.items import Way
from policy.judgement import Judgement, Verdict, failed, spoken, unknown
from policy.limits import Mode
from policy.migrations.history import Progress, progress_of
from policy.migrations.old_code import (
    PUT_BACK,
    PUT_THERE,
    SUBJECT,
    TRIED,
    Left,
    Meeting,
    find_trial,
    judge_old_code,
    left_on_staging,
    not_tried,
)
from policy.migrations.order import plan_order
from policy.record import Event
from policy.wording import short_digest
from tasks.migration_facts import new_readings
from tasks.run import Run, pause_after
from tasks.smoke_tests import judge_smoke_tests
from tasks.step import Seen, Step
from tasks.systems import PRISMA, STAGING

KEPT = "what it serves kept"


def meeting_of(run: Run) -> Meeting | None:
    """Return which migrations the version in production will live with; None where it meets none.

    Within a release what takes something away comes after the last server; without one no other version follows.
    """
    order = plan_order(new_readings(run))
    if run.release.way is Way.MIGRATION:
        names = tuple(one.name for one in new_readings(run))
        return Meeting(run.release.previous_commit, names) if names else None
    return Meeting(run.release.previous_commit, order.before, order.after) if order.before else None


def old_code_proved(run: Run, meeting: Meeting) -> Judgement:
    """Say whether the version in production was seen to live on the new schema."""
    if (found := find_trial(run.record.rows(), meeting)) is not None:
        return found
    return not_tried(meeting, why_not_now(run, meeting) or "the trial has not begun")


def why_not_now(run: Run, meeting: Meeting) -> str:
    """Say what keeps the trial from being made; empty where nothing does."""
    staging = run.company.staging
    if staging is None or staging.database is None:
        section = "staging" if staging is None else "staging_database"
        return f"there is no [{section}] in the settings"
    if run.release.mode is Mode.PLAN:
        return "a plan changes nothing on staging either"
    rows = read_applied(staging.database, schema=PRISMA.required(run.company).database_schema)
    if waiting := [name for name in meeting.names if progress_of(name, rows) is not Progress.APPLIED]:
        return f"staging has not applied {', '.join(waiting)}"
    return ""


def image_in_production(run: Run) -> tuple[str, str]:
    """Return the image that production runs, by digest, and the digest alone; raises Refused where it has none."""
    server = run.servers[0]
    state = run.company.fleet.read_state(server)
    if state.reference is None or state.image_digest is None:
        raise Refused(f"{server.name} runs {state.image or 'nothing'}, which has no digest")
    if state.was_built_there:
        raise Refused(f"{server.name} runs an image that was built there, which no registry has for staging")
    return state.reference, state.image_digest


def staging_runs(company: Company) -> str | None:
    """Return the digest of what staging runs now, if it has one."""
    staging = STAGING.required(company)
    return staging.fleet.read_state(_server(staging)).image_digest


def staging_kept(run: Run, key: str) -> Step:
    """What staging serves, with its Compose file and environment, is kept there before anything is changed."""

    def look(company: Company) -> Seen:
        staging = STAGING.required(company)
        found = staging.fleet.read_kept(_server(staging), key)
        return Seen(found is not None, found.sentence if found else "nothing is kept yet")

    def act(company: Company, number: int) -> None:
        fleet = STAGING.required(company).fleet
        fleet.keep_files(_server(STAGING.required(company)), number, key)

    return Step(
        number="6.3.1",
        subject=SUBJECT,
        name=KEPT,
        look=look,
        act=behind_staging_fence(act),
        does=f"on staging: copy Compose file, .env and image name, under {key}",
        undo="nothing to undo: a copy was made",
        within=run.limits.boot,
    )


def put_on_staging(run: Run, image: str, digest: str, key: str) -> Step:
    """Staging runs the image that production runs."""

    def look(company: Company) -> Seen:
        runs = staging_runs(company)
        return Seen(runs == digest, f"staging runs {short_digest(runs)}")

    def act(company: Company, number: int) -> None:
        staging = STAGING.required(company)
        staging.fleet.pull(_server(staging), number, image)
        staging.fleet.update(_server(staging), number, image)

    return Step(
        number="6.3.1",
        subject=SUBJECT,
        name=PUT_THERE,
        look=look,
        act=behind_staging_fence(act),
        does=f"on staging: docker compose up with {image}, for the smoke tests",
        undo=_by_hand(run, key),
        within=run.limits.staging,
        facts={"kept_under": key, "digest": digest},
    )


def staging_put_back(run: Run, left: Left) -> Step:
    """Staging serves what it served before the trial, or what somebody deployed there meanwhile."""

    def look(company: Company) -> Seen:
        staging = STAGING.required(company)
        server, runs = _server(staging), staging_runs(company)
        kept = staging.fleet.read_kept(server, left.kept_under)
        if kept is None:
            raise Refused(f"staging keeps nothing under {left.kept_under}; deploy it anew")
        if runs not in (left.digest, kept.digest):
            return Seen(
                done=True,
                sentence=f"staging runs {short_digest(runs)}, which somebody deployed meanwhile; it is left alone",
            )
        health = judge_health(staging.fleet.read_health(server))
        as_before = runs == kept.digest and staging.fleet.has_kept_files(server, left.kept_under)
        return Seen(as_before and health.verdict.lets_pass, f"staging runs {short_digest(runs)}; {health.sentence}")

    def act(company: Company, number: int) -> None:
        staging = STAGING.required(company)
        staging.fleet.restore(_server(staging), number, left.kept_under)

    return Step(
        number="6.3.1",
        subject=SUBJECT,
        name=PUT_BACK,
        look=look,
        act=behind_staging_fence(act),
        does=_by_hand(run, left.kept_under),
        undo="nothing to undo: staging is as it was",
        within=run.limits.staging,
    )


def smoke_test_old_code(run: Run, meeting: Meeting) -> Judgement:
    """Say whether the version in production, which staging serves now, works on the migrated schema."""
    staging = STAGING.required(run.company)
    count = 1 + len(staging.application.smoke_tests)
    return keep_trial(run, meeting, judge_old_code(meeting, _works(run, staging, meeting.version), count=count))


def keep_trial(run: Run, meeting: Meeting, judgement: Judgement) -> Judgement:
    """The record says what became of the trial."""
    facts = {**judgement.facts, "version": meeting.version, "migrations": list(meeting.names)}
    run.record.append(Event.JUDGED, item="6.3.1", subject=SUBJECT, step=TRIED, facts=facts)
    return judgement


def left_by(run: Run) -> Left | None:
    """Return what this release put on staging and has not put back."""
    return left_on_staging(run.record.rows())


def _works(run: Run, staging: Staging, version: str) -> Judgement:
    """It boots, says that it is this version and that its database is connected, and its smoke tests pass."""
    began = time.monotonic()
    while True:
        run.lookout.check()
        try:
            health = judge_health(staging.fleet.read_health(_server(staging)), version=version)
            if health.verdict is Verdict.PASSED:
                return judge_smoke_tests(staging.application)
        except BlockError as error:
            health = unknown(str(error))
        if time.monotonic() - began > run.limits.boot.total_seconds():
            judge = failed if health.verdict is Verdict.FAILED else unknown
            return judge(f"{health.sentence}; waited {spoken(run.limits.boot)}")
        time.sleep(pause_after(time.monotonic() - began))


def _server(staging: Staging) -> Server:
    return staging.fleet.servers[0]


def _by_hand(run: Run, key: str) -> str:
    fleet = STAGING.required(run.company).fleet
    return fleet.hand_commands(key)[fleet.servers[0].name]


def behind_staging_fence(act: Callable[[Company, int], None]) -> Callable[[Company, int], None]:
    """Raise staging's own fence, then act; who is refused there has not lost production."""

    def fenced(company: Company, number: int) -> None:
        staging = STAGING.required(company)
        try:
            staging.fleet.raise_fence(_server(staging), number)
            act(company, number)
        except Superseded as error:
            raise Refused(f"staging: another environment uses this staging server: {error}") from error

    return fenced
