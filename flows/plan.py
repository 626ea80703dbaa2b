"""mode: plan. 1.3 and 1.4 are judged, nothing is changed; the page shows what would happen, in order."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from prefect.artifacts import create_markdown_artifact

from blocks.company import Company
from blocks.record import Record
from blocks.store import FolderStore
from flows.approvers import say_who_may_approve
from flows.migration import migration_prepared
from flows.phase import Report
from flows.preparation import final_checks, gather_evidence
from policy.batches import say_batches
from policy.items import Way
from policy.migrations.order import Order, plan_order
from policy.page import render_page
from policy.record import Event
from policy.release import Build, Release
from tasks.manual import image_built, source_fetched
from tasks.messages import deliver
from tasks.migrating import migrated
from tasks.migration_facts import new_readings
from tasks.preparation import deployed_to_staging
from tasks.rollout import steps_forward
from tasks.run import Run
from tasks.schema import say_closing
from tasks.step import Step
from tasks.way_back import kept, pulled


def show_plan(company: Company, release: Release, *more: Callable[[Run], Report]) -> None:
    """Leave a page with every check judged now and every step that would be carried out, with its command."""
    with tempfile.TemporaryDirectory() as folder:
        run = _rehearsal(company, release, Path(folder))
        reports = (*(phase_of(run) for phase_of in more), *gather_evidence(run), final_checks(run))
        if release.migrations:
            reports = (*reports, migration_prepared(run))
        entries = [entry for report in reports for entry in report.entries]
        image = () if release.way is Way.MIGRATION else (_say_image(run),)
        closing = (say_closing(run),) if release.migrations else ()
        turns = () if release.way is Way.MIGRATION else (say_batches(len(release.servers), limits=release.limits),)
        before = (*image, f"The release {say_who_may_approve(run)} (2.1.4).", *turns, *closing)
        feet = [report.foot for report in reports if report.foot]
        rows = [f"{number}. **{step.title}**: `{step.does}`" for number, step in enumerate(steps_of(run), start=1)]
        create_markdown_artifact(
            key="plan",
            markdown=render_page(
                f"What would happen: {release.what}",
                entries,
                way=release.way,
                foot="\n\n".join(("### Before it begins", *before, "### In this order", "\n".join(rows), *feet)),
            ),
            description="; ".join(report.sentence for report in reports)[:200],
        )


def steps_of(run: Run) -> list[Step]:
    """Return the steps of the roll-out in order, the gate between the first server and the rest."""
    staging = [] if run.company.staging is None else [deployed_to_staging(run)]
    begins = [
        *staging,
        deliver(run, number="1.3.7", name="team notified", text="Production Deployment Planned", thread=False),
    ]
    if run.release.way is Way.MIGRATION:
        return [*begins, *_migrations(run, [one.name for one in new_readings(run)])]
    order = plan_order(new_readings(run)) if run.release.migrations else Order((), ())
    return [
        *begins,
        *_migrations(run, order.before),
        *_ready_to_change(run),
        *(step for server in run.servers for step in steps_forward(server, run)),
        *_migrations(run, order.after),
        deliver(run, number="3.3.1", name="completion posted", text="Production Deployment Complete"),
    ]


def _ready_to_change(run: Run) -> list[Step]:
    if run.release.is_built_on_servers:
        return [step(server, run) for step in (kept, source_fetched, image_built) for server in run.servers]
    return [step(server, run) for server in run.servers for step in (kept, pulled)]


def _migrations(run: Run, names: Sequence[str]) -> list[Step]:
    return [migrated(run, names)] if names else []


def _say_image(run: Run) -> str:
    commit = run.release.commit[:7]
    if run.release.is_built_on_servers:
        return f"Each server builds {commit} itself (2.3.1); what it builds is known by its identity."
    if run.company.registry.find_digest(run.release.commit) is None:
        return f"The registry has no image of {commit}: its pipeline has to build it first (2.1.1)."
    return f"The image of {commit} is {run.built.digest}."


def _rehearsal(company: Company, release: Release, folder: Path) -> Run:
    """A run whose record is thrown away, with the image that is there or that would be built."""
    store = FolderStore(folder=str(folder))
    store.mark()
    record = Record(store, release.key, holder=0, spool=folder / "spool")
    digest = company.registry.find_digest(release.commit) or f"sha256:{'0' * 64}"
    build = Build(commit=release.commit, image=company.registry.name, digest=digest, merged_at=None, run_url=None)
    if release.is_built_on_servers:
        build = build.model_copy(update={"on_servers": dict.fromkeys(release.servers, "the image that it built")})
    record.append(Event.WAY_BACK, item="1.4.5", facts={"digests": {}})
    return Run(release=release, company=company, record=record, number=0, build=build)
