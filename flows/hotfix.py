"""5: the emergency hotfix. It bypasses the normal review and the window, not the tests, the gate or the watch."""

from prefect import flow
from prefect.client.schemas.objects import State

from blocks.company import Company
from flows.hold import holding, pre_empt
from flows.opening import open_release, release_key, require_sound_form
from flows.phase import Report, phase, require, run_items
from flows.plan import show_plan
from flows.preparation import announcement, gather_evidence, remember_statements
from flows.production import final_evidence, roll_out
from flows.recovery import recover
from flows.sign_off import sign_off
from flows.waivers import require_or_waive
from flows.way_home import way_home
from policy.items import Way
from policy.limits import Mode
from policy.release import HotfixRequest
from policy.way_home import touched_servers
from tasks.hotfix import bug_fixed, bug_there, fast_track_review, hotfix_branch, urgency_assessed
from tasks.own_checks import read_own_checks
from tasks.resolve import check_request, refuse_quarantined
from tasks.resume import resume
from tasks.run import Run
from tasks.run_log import ends_planned, ends_sealed, ends_with_its_sentence


@flow(
    name="Emergency hotfix",
    flow_run_name="Hotfix: {request.summary} ({request.named}, {request.requested_by})",
    persist_result=False,
)
@ends_with_its_sentence
def emergency_hotfix(request: HotfixRequest) -> State[None]:
    """5.2.4: release one urgent fix at any hour: a running release goes home first, the CTO or a tech lead decides."""
    require_sound_form(request)
    with Company.load(request.environment) as company:
        if request.mode is Mode.PLAN:
            show_plan(company, open_release(request, company, way=Way.HOTFIX), urgency, fix_reviewed)
            return ends_planned()
        make_room(company, request)
        release = open_release(request, company, way=Way.HOTFIX)
        with holding(company, release) as run, way_home(run):
            before_the_first_change(run)
            roll_out(run, hotfix_verified)
            sign_off(run)
            return ends_sealed(run)


def make_room(company: Company, request: HotfixRequest) -> None:
    """A release that is under way goes home first; one whose process died is brought home.

    Nothing is stopped for a request that would be refused anyway. What production serves is asked afterwards.
    """
    read_own_checks(tuple(company.rules.own_checks))
    key = release_key()
    if resume(company, key) is None:
        refuse_quarantined(request, company, check_request(request, company))
    why = f"the hotfix {request.summary!r} needs the environment"
    dead = pre_empt(company, request.environment, why=why)
    if dead is not None and dead.release != key:
        recover(company, dead, asked=why)


def before_the_first_change(run: Run) -> None:
    """5.2.1 to 5.2.3, then what a hotfix asks of sections 1 and 6: of section 1 shown, but few of it blocks."""
    if touched_servers(run.record.rows()):
        return
    require(run, urgency(run))
    require_or_waive(run, hotfix_evidence)
    gather_evidence(run)
    announcement(run)
    require_or_waive(run, final_evidence)
    remember_statements(run)


@phase("5.2.1 Urgency")
def urgency(run: Run) -> Report:
    """It is truly an emergency; who approves it is asked at the gate."""
    return run_items(run, urgency_assessed)


def hotfix_evidence(run: Run) -> tuple[Report, ...]:
    """5.2.2, 5.2.3, and 5.2.5 before the fix."""
    return (fix_reviewed(run),)


@phase("5.2 Hotfix branch and review")
def fix_reviewed(run: Run) -> Report:
    """The fix is small, tested and looked at, and production shows the bug."""
    return run_items(run, hotfix_branch, fast_track_review, bug_there)


@phase("5.2.5 Verify the hotfix")
def hotfix_verified(run: Run) -> Report:
    """The bug is gone in production."""
    return run_items(run, bug_fixed)
