"""1.3.10: is anything else going on that a release would meet."""

from collections.abc import Iterator

from blocks.errors import BlockError, Unreachable
from blocks.hold import Holds
from policy.conflicts import Holder, Vendor, judge_conflicts
from policy.judgement import Judgement
from tasks.item import item
from tasks.run import Run, utc_now


@item("1.3.10")
def no_conflicting_deployment(run: Run) -> Judgement:
    """Nothing else is deployed, no maintenance lies before the end of the roll-out, and no vendor in use is down."""
    now, company, release = utc_now(), run.company, run.release
    services = company.on_call.services if company.on_call else ()
    return judge_conflicts(
        company.github.list_deployments(release.environment),
        _holder(run),
        company.on_call.list_maintenance_windows(services) if company.on_call else (),
        list(_vendors(run)),
        key=release.key,
        environment=release.environment,
        services=services,
        now=now,
        until=now + company.limits.roll_out,
    )


def _holder(run: Run) -> Holder | None:
    newest = Holds(run.company.store, run.release.environment).newest()
    if newest is None or newest.released:
        return None
    return Holder(newest.release, newest.release, f"the environment {run.release.environment}", run.release.opened_at)


def _vendors(run: Run) -> Iterator[Vendor]:
    """What each vendor in use says of itself, and what our own calls to GitHub and Slack saw."""
    pages = run.company.status_pages
    own = {"GitHub": run.company.github.check, "Slack": run.company.slack.check}
    for name in pages.pages if pages else ():
        try:
            page = pages.read_status(name) if pages else None
        except Unreachable:
            page = None
        failure = None
        if name in own:
            try:
                own[name]()
            except BlockError as error:
                failure = str(error)
        uses = pages.uses.get(name, ()) if pages else ()
        yield Vendor(name, page, tuple(uses), failure, asked=name in own)
