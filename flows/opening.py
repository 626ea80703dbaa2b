"""How a release gets its name: the same one for a run and for every retry of it."""

from prefect.logging import get_run_logger

from blocks.company import Company
from blocks.hold import Hold
from blocks.record import Record
from policy.items import Way
from policy.record import Event, last
from policy.recorded import release_of
from policy.release import Release, Request
from policy.request_faults import find_form_faults, find_way_back_faults
from policy.risk import say_reasons
from tasks.own_checks import read_own_checks
from tasks.resolve import refuse_faults, resolve
from tasks.resolve_migration import resolve_migration
from tasks.resume import resume
from tasks.run import Run, current_run, utc_now


def open_release(request: Request, company: Company, *, way: Way, key: str = "") -> Release:
    """Return the release of this flow run: resumed if an earlier process of the run opened it, else resolved.

    Checks of the company's own that cannot be read are refused first, before anything is touched.
    """
    read_own_checks(tuple(company.rules.own_checks))
    key = key or release_key()
    release = resume(company, key)
    if release is not None:
        get_run_logger().info("Release %s goes on where an earlier process of this run left it", key)
        return release
    if way is Way.MIGRATION:
        release = resolve_migration(request, company, key=key, now=utc_now())
    else:
        release = resolve(request, company, key=key, way=way, now=utc_now())
    get_run_logger().info(
        "Release %s: %s, %s risk (%s)", key, release.what, release.risk, say_reasons(release.risk, release.reasons)
    )
    return release


def require_sound_form(request: Request) -> None:
    """Raise BadRequest with everything that the form alone shows to be wrong, before any system is asked."""
    refuse_faults((*find_way_back_faults(request), *find_form_faults(request)))


def run_of(company: Company, hold: Hold) -> Run | None:
    """Return the run that has this hold, for whoever looks at it from outside; None where it has ended or not begun."""
    record = Record(company.store, hold.release, holder=hold.number, spool=company.spool)
    rows = record.rows()
    if last(rows, Event.SEALED) is not None or (release := release_of(rows)) is None:
        return None
    return Run(release=release, company=company, record=record, number=hold.number)


def release_key() -> str:
    """Return the run's own key: when the run was made, and the run's number."""
    run = current_run()
    if run is None:
        raise RuntimeError("a release is opened inside a flow run")
    made = run.created or utc_now()
    return f"{made:%Y%m%d-%H%M%S}-{str(run.id)[:8]}"
