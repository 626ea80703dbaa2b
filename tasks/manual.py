"""2.3: without the pipeline: each server fetches the commit and builds its image; nothing that runs is touched."""

from blocks.company import Company
from blocks.errors import Refused
from blocks.fleet import Fleet, Server
from blocks.fleet.commands import built_image
from blocks.fleet.source import BuildFailed
from policy.judgement import Judgement
from policy.manual import Pipeline, judge_manual
from policy.record import Event
from policy.recorded import build_of
from policy.release import Build, ManualReason, ManualRequest
from policy.troubleshooting import explain
from policy.wording import listed, short, short_digest
from tasks.item import item
from tasks.merged import when_merged
from tasks.run import Run
from tasks.step import Seen, Step
from tasks.systems import STAGING


@item("2.3.1")
def manual_way_justified(run: Run) -> Judgement:
    """The pipeline did not do its work, or somebody says why it is left out."""
    request = run.release.request
    reason, explanation = ManualReason.PIPELINE_BROKEN, ""
    if isinstance(request, ManualRequest):
        reason, explanation = request.reason, request.explanation
    else:
        # Section 5 itself offers this way as the faster one.
        explanation = "the hotfix is built on the servers (5.2.4, option B)"
    return judge_manual(reason, explanation, read_pipeline(run.company, run.release.commit), by=request.requested_by)


def read_pipeline(company: Company, commit: str) -> Pipeline:
    """Return what the pipeline did for the commit."""
    found = company.github.read_workflow_run(commit, company.rules.workflow)
    return Pipeline(
        commit=commit,
        state=found.status if found else None,
        conclusion=found.conclusion if found else None,
        failed_steps=found.failed_steps if found else (),
        has_image=company.registry.find_digest(commit) is not None,
        url=found.url if found else None,
    )


def source_fetched(server: Server, run: Run) -> Step:
    """The files of the commit lie on the server, beside the checkout in use, which nobody changed by hand."""
    commit = run.release.commit

    def look(company: Company) -> Seen:
        return look_at_source(company.fleet, server, commit)

    return Step(
        number="2.3.1",
        subject=server.name,
        name="source fetched",
        look=look,
        act=lambda company, number: company.fleet.source(server).fetch(number, commit),
        does=f"on {server.name}: git fetch origin {short(commit)}, lay it out beside the checkout in use",
        undo="nothing to undo: nothing that runs was changed",
        within=run.limits.boot,
    )


def image_built(server: Server, run: Run) -> Step:
    """The server has an image of the commit, known by its identity; nothing runs it yet."""
    key, commit = run.release.key, run.release.commit
    name = built_image(server.service, key)

    def look(company: Company) -> Seen:
        found = company.fleet.source(server).find_built(key)
        return Seen(found is not None, f"{name} is {short_digest(found)}" if found else f"there is no {name} yet")

    return Step(
        number="2.3.1",
        subject=server.name,
        name="image built",
        look=look,
        act=lambda company, number: build(company.fleet, server, number, key=key, commit=commit),
        does=f"on {server.name}: docker compose build {server.service}, as {name}",
        undo=f"nothing to undo: an image was added; `docker image rm {name}` removes it",
        within=run.limits.boot,
    )


def look_at_source(fleet: Fleet, server: Server, commit: str) -> Seen:
    """Say whether the commit lies there to be built; raises Refused where somebody changed files in the checkout."""
    source = fleet.source(server).read()
    if source.changed:
        raise Refused(
            f"{server.directory} has changes that are in no commit ({listed(source.changed)});"
            " commit them, or undo them with `git checkout -- FILE`, for the checkout is to move"
        )
    return Seen(
        source.laid_out == commit, f"{short(source.laid_out)} lies there to be built, {short(source.commit)} in use"
    )


def build(fleet: Fleet, server: Server, number: int, *, key: str, commit: str) -> None:
    """Build the image; raises Refused with the last lines of a build that ended badly, and what section 10 advises."""
    try:
        fleet.source(server).build(number, key, commit)
    except BuildFailed as error:
        raise Refused(f"{error}: {explain('10.1', error.log)}") from error


def built_by_servers(run: Run) -> Build:
    """Return what each server built, and write it down once: the way back and what is approved name it."""
    if known := build_of(run.record.rows()):
        return known
    identities = {server.name: _identity(run.company.fleet, server, run.release.key) for server in run.servers}
    build_made = Build(
        commit=run.release.commit,
        image="built on the servers",
        digest=identities[run.release.servers[0]],
        merged_at=when_merged(run.company, run.release.commit, pull_request=None),
        run_url=None,
        on_servers=identities,
    )
    run.record.append(Event.BUILT, item="2.3.1", facts=build_made.model_dump(mode="json"))
    return build_made


def build_on_staging(run: Run, company: Company, number: int) -> None:
    """1.3.1 without the pipeline: staging fetches the commit, builds it and runs it."""
    fleet, key, commit = STAGING.required(company).fleet, run.release.key, run.release.commit
    server = fleet.servers[0]
    if not look_at_source(fleet, server, commit).done:
        fleet.source(server).fetch(number, commit)
    build(fleet, server, number, key=key, commit=commit)
    fleet.update(server, number, _identity(fleet, server, key), commit=commit)


def _identity(fleet: Fleet, server: Server, key: str) -> str:
    found = fleet.source(server).find_built(key)
    if found is None:
        raise Refused(f"{server.name} has lost the image that it built; retry")
    return found
