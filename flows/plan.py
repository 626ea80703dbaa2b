"""mode: plan. 1.3 and 1.4 are judged, nothing is changed; the page shows what would happen, in order."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from prefect.artifacts import create_markdown_artifact

from blocks.company import Company
from blocks.record import Record
from blocks.store import FolderStore
from flows.ahead import after_the_gate, before_the_gate
from flows.approvers import say_who_may_approve
from flows.migration import migration_prepared
from flows.phase import Report
from flows.preparation import final_checks, gather_evidence
from policy.batches import say_batches
from policy.items import Way
from policy.page import render_page
from policy.plan_page import list_order, render_items, say_at_a_glance
from policy.record import Event
from policy.release import Build, Release
from tasks.run import Run
from tasks.schema import say_closing


def show_plan(company: Company, release: Release, *more: Callable[[Run], Report]) -> None:
    """Leave a page with every check judged now and every step that would be carried out, with its command."""
    with tempfile.TemporaryDirectory() as folder:
        run = _rehearsal(company, release, Path(folder))
        reports = (*(phase_of(run) for phase_of in more), *gather_evidence(run), final_checks(run))
        if release.migrations:
            reports = (*reports, migration_prepared(run))
        create_markdown_artifact(
            key="plan",
            markdown=render_plan(run, reports),
            description="; ".join(report.headline for report in reports)[:200],
        )


def render_plan(run: Run, reports: tuple[Report, ...]) -> str:
    """Return the page: what was judged, every step in order, and every item of the way with where it stands."""
    release = run.release
    entries = [entry for report in reports for entry in report.entries]
    planned = [*before_the_gate(run), *after_the_gate(run, run.servers[1:])]
    judged = {item.number: judgement.verdict for item, judgement in entries}
    turns = () if release.way is Way.MIGRATION else (say_batches(len(release.servers), limits=release.limits),)
    closing = (say_closing(run),) if release.migrations else ()
    foot = (
        "### In this order",
        list_order(planned),
        *turns,
        *closing,
        "### Every item of this way",
        render_items(release.way, planned, judged, migrates=bool(release.migrations)),
        *(report.foot for report in reports if report.foot),
    )
    head = say_at_a_glance(release, say_who_may_approve(run), [report.headline for report in reports])
    return render_page(
        f"What would happen: {release.what}", entries, way=release.way, head=head, foot="\n\n".join(foot)
    )


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
