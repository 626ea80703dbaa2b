"""1.3.10: is anything else going on that a release would meet."""

from collections.abc import Callable, Iterator, Mapping

from blocks.errors import BlockError
from blocks.hold import Holds
from blocks.status_pages import OwnSystem, StatusPages
from policy.conflicts import Holder, StatusPage, Vendor, judge_conflicts
from policy.judgement import Judgement
from tasks.item import item
from tasks.run import Run, utc_now
from tasks.systems import BACKUPS

CARRIED_ANYWAY: Mapping[str, tuple[OwnSystem, ...]] = {"GitHub": ("github",), "Slack": ("slack",)}


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
        zone=company.rules.time_zone,
    )


def _holder(run: Run) -> Holder | None:
    newest = Holds(run.company.store, run.release.environment).newest()
    if newest is None or newest.released:
        return None
    return Holder(newest.release, newest.release, f"the environment {run.release.environment}", run.release.opened_at)


def _vendors(run: Run) -> Iterator[Vendor]:
    """What each vendor in use says of itself, and what our own calls to what lives there saw."""
    pages = run.company.status_pages
    if pages is None:
        return
    for name in pages.pages:
        page, page_failure = _read(pages, name)
        carried = dict.fromkeys((*CARRIED_ANYWAY.get(name, ()), *pages.carries.get(name, ())))
        failures = [failure for system in carried if (failure := _ask(run, system)) is not None]
        yield Vendor(
            name,
            page,
            tuple(pages.uses.get(name, ())),
            "; ".join(failures) or None,
            asked=bool(carried),
            page_failure=page_failure,
        )


def _read(pages: StatusPages, vendor: str) -> tuple[StatusPage | None, str | None]:
    """The page, or why it could not be read: one address that is wrong hides nothing of what the others say."""
    try:
        return pages.read_status(vendor), None
    except BlockError as error:
        return None, str(error)


def _ask(run: Run, system: OwnSystem) -> str | None:
    """How our own call failed; None where it went well."""
    company = run.company
    asks: dict[OwnSystem, Callable[[], object]] = {
        "github": company.github.check,
        "slack": company.slack.check,
        "store": Holds(company.store, run.release.environment).newest,
        "backups": lambda: BACKUPS.required(company).check(),
    }
    try:
        asks[system]()
    except BlockError as error:
        return str(error)
    return None
