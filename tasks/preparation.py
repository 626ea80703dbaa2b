"""1.3 and 1.4: what is asked and done before the first server is touched."""

import time
from dataclasses import replace

from blocks.backup_store import BackupStore
from blocks.errors import Refused
from policy.backups import LOOK_BACK, judge_newest_backup
from policy.change_set import judge_change_set
from policy.combined import combine
from policy.contacts import judge_contacts
from policy.health import judge_every_server, judge_health
from policy.judgement import Judgement, failed, not_configured, passed, spoken, worst_of
from policy.record import Event
from policy.recorded import build_of
from policy.release import Build
from policy.risk import say_reasons
from policy.samples import judge_numbers
from policy.troubleshooting import advice_for
from policy.windows import judge_window
from policy.wording import short, short_digest
from tasks.backup import dump_name
from tasks.change_facts import review_of_release
from tasks.dashboards import judge_open_incidents_of, judge_rules_of
from tasks.item import item
from tasks.merged import when_merged
from tasks.on_call import on_call_now
from tasks.rehearsal import say_last_proof
from tasks.run import Run, pause_after, utc_now
from tasks.step import StepFailed
from tasks.systems import BACKUPS


@item("1.3.4")
def commits_reviewed(run: Run) -> Judgement:
    """Every commit and file from production to the release was received; all of them are on the page."""
    return judge_change_set(review_of_release(run))


@item("1.3.5")
def risk_assessed(run: Run) -> Judgement:
    """The risk follows from the files, the migrations, the dependencies and the labels; a person may raise it."""
    return passed(f"{run.release.risk.value} risk: {say_reasons(run.release.risk, run.release.reasons)}")


@item("1.3.6")
def window_selected(run: Run) -> Judgement:
    """Now lies inside the window of the release's risk (7.1.1)."""
    return judge_window(utc_now(), risk=run.release.risk, calendar=run.company.calendar)


@item("7.1.1")
def inside_the_window(run: Run) -> Judgement:
    """Now lies inside the window, just before the first server."""
    return judge_window(utc_now(), risk=run.release.risk, calendar=run.company.calendar)


@item("1.4.1")
def production_healthy(run: Run) -> Judgement:
    """Production is healthy through the balancer, and so is every server asked directly."""
    direct = [run.company.fleet.read_health(server) for server in run.servers]
    return worst_of(
        (
            judge_health(run.company.application.read_health()),
            judge_every_server(direct, servers=run.release.servers, version=run.release.previous_commit),
        )
    )


@item("1.4.2")
def dashboards_green(run: Run) -> Judgement:
    """No alert fires and every rule looks, no incident is open, and the error rate is below its limit."""
    company, now = run.company, utc_now()
    parts = []
    if company.grafana is not None:
        parts.append(judge_rules_of(company.grafana, now=now, max_age=run.limits.alert_age))
    if company.on_call is not None:
        zone = company.rules.time_zone
        parts.append(judge_open_incidents_of(company.on_call, now=now, zone=zone, release=run.release.key))
    if company.prometheus is not None:
        samples = company.prometheus.read_samples(run.release.servers, at=now, span=run.limits.watch_window)
        parts.append(judge_numbers(samples, now=now, limits=run.limits, servers=run.release.servers))
    return combine(parts) if parts else not_configured("grafana], [on_call] or [prometheus")


@item("1.4.4")
def emergency_contacts_ready(run: Run) -> Judgement:
    """The CTO, the DevOps lead and whoever is on call have a number, and at high risk have confirmed to be there."""
    release = run.release
    return judge_contacts(
        run.company.roster,
        on=run.today,
        on_call=on_call_now(run),
        risk=release.risk,
        confirmed=release.request.incident_team_confirmed,
    )


@item("1.4.3", needs=BACKUPS)
def database_backup_recent(run: Run, backups: BackupStore) -> Judgement:
    """A backup of production, of usual size, finished within the allowed age; when one was last restored is shown."""
    now = utc_now()
    judgement = judge_newest_backup(
        backups.list_backups(now - LOOK_BACK),
        now=now,
        max_age=run.limits.backup_age,
        share=run.limits.backup_share,
        names=backups.names,
        ours=dump_name(run.company),
    )
    if run.company.scratch is None:
        return judgement
    return replace(judgement, sentence=f"{judgement.sentence}; {say_last_proof(run.company)}")


@item("1.4.5")
def way_back_known(run: Run) -> Judgement:
    """Every server's image of now is known by digest and can still be pulled; whoever deploys knows the way back."""
    if not run.release.request.way_back_understood:
        return failed(f"{run.release.request.requested_by} has not confirmed to know the way back (section 4)")
    known = []
    for server in run.servers:
        state = run.company.fleet.read_state(server)
        if state.image_digest is None:
            return failed(f"{server.name} runs no image that has a digest; there is nothing to roll back to")
        named = f"Image {short(run.release.previous_commit)} ({short_digest(state.image_digest)}…)"
        if state.was_built_there and not run.company.fleet.has_image(server, state.image_digest):
            return failed(f"{named} was built on {server.name} and is gone from it; there is nothing to roll back to")
        if not state.was_built_there and not run.company.registry.can_pull(state.image_digest):
            return failed(f"{named} can no longer be pulled; there is nothing to roll back to")
        where = "built there" if state.was_built_there else "can be pulled"
        known.append(f"{server.name} {short_digest(state.image_digest)}, {where}")
    return passed(f"back to {short(run.release.previous_commit)}: {'; '.join(known)}")


def record_way_back(run: Run) -> None:
    """Write the digest of every server before the first change; once, so that a retry keeps the first."""
    if run.record.last(Event.WAY_BACK) is not None:
        return
    digests = {server.name: run.company.fleet.read_state(server).image_digest for server in run.servers}
    if missing := [name for name, digest in digests.items() if digest is None]:
        raise Refused(f"{', '.join(missing)}: no digest is known, so there is no way back")
    run.record.append(Event.WAY_BACK, item="1.4.5", facts={"digests": digests, "commit": run.release.previous_commit})


def merge_and_build(run: Run) -> Build:
    """2.1.1: the pull request is merged if one was named, the pipeline is green, the image is known by digest."""
    if known := build_of(run.record.rows()):
        return known
    commit = _merged_commit(run)
    url = _wait_for_pipeline(run, commit)
    digest = run.company.registry.find_digest(commit)
    if digest is None:
        raise StepFailed(f"2.1.1: the registry has no image of {short(commit)}, though its pipeline is green ({url})")
    merged_at = when_merged(run.company, commit, pull_request=run.release.request.pull_request)
    build = Build(commit=commit, image=run.company.registry.name, digest=digest, merged_at=merged_at, run_url=url)
    run.record.append(Event.BUILT, item="2.1.1", facts=build.model_dump(mode="json"))
    return build


def _merged_commit(run: Run) -> str:
    number = run.release.request.pull_request
    if not number:
        return run.release.commit
    run.record.append(
        Event.INTENDED, item="2.1.1", subject=f"#{number}", step="merged", facts={"undo": "revert the merge"}
    )
    merged = run.company.github.merge_pull_request(number, run.release.commit)
    run.record.append(Event.CONFIRMED, item="2.1.1", subject=f"#{number}", step="merged", facts={"sentence": merged})
    if run.company.github.read_tree(merged) != run.company.github.read_tree(run.release.commit):
        raise StepFailed(
            f"2.1.1: the merge {short(merged)} holds other files than {short(run.release.commit)}, which was checked;"
            " release the merge as a commit of its own"
        )
    return merged


def _wait_for_pipeline(run: Run, commit: str) -> str:
    """Return where the pipeline's green run is shown."""
    began = time.monotonic()
    deadline = began + run.limits.build.total_seconds()
    while True:
        run.lookout.check()
        found = run.company.github.read_workflow_run(commit, run.company.rules.workflow)
        if found and found.status == "completed":
            if found.conclusion != "success":
                steps = ", ".join(found.failed_steps) or "no step named"
                raise StepFailed(
                    f"2.1.1: the pipeline of {short(commit)} ended with {found.conclusion} ({steps}): {found.url}."
                    f" {advice_for('10.1')}"
                )
            return found.url
        if time.monotonic() > deadline:
            state = found.status if found else "not started"
            raise StepFailed(f"2.1.1: the pipeline of {short(commit)} is {state} after {spoken(run.limits.build)}")
        time.sleep(pause_after(time.monotonic() - began))
