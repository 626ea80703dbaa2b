"""5: the emergency hotfix. It bypasses the normal review and the window, not the tests, the gate or the watch."""

from prefect import flow

from blocks.company import Company
from flows.hold import holding, pre_empt
from flows.opening import open_release
from flows.phase import Report, phase, require, run_items
from flows.plan import show_plan
from flows.preparation import announcement, final_checks, preparation
from flows.production import roll_out
from flows.recovery import recover
from flows.sign_off import sign_off
from flows.way_home import way_home
from policy.items import Way
from policy.release import Mode
from policy.request import HotfixRequest
from policy.way_home import touched_servers
from tasks.hotfix import bug_fixed, urgency_assessed
from tasks.run import Run


@flow(name="Emergency hotfix", persist_result=False)
def emergency_hotfix(request: HotfixRequest) -> None:
    """Release one urgent fix: a running release is asked to stop, the window does not count, the CTO or tech lead decides."""
    company = Company.load(request.environment)
    release = open_release(request, company, way=Way.HOTFIX)
    if release.mode is Mode.PLAN:
        show_plan(company, release)
        return
    dead = pre_empt(company, release.environment, why=f"hotfix {release.what}: {request.explanation}")
    if dead is not None and dead.release != release.key:
        recover(company, dead, asked=f"the hotfix {release.what} needs the environment")
    with holding(company, release) as run, way_home(run):
        if not touched_servers(run.record.rows()):
            require(urgency(run), run)
            preparation(run)
            announcement(run)
            require(final_checks(run), run)
        roll_out(run)
        require(hotfix_verified(run), run)
        sign_off(run)


@phase("5.2.1 Urgency")
def urgency(run: Run) -> Report:
    """It is truly an emergency; who approves it is asked at the gate."""
    return run_items(run, urgency_assessed)


@phase("5.2.5 Verify the hotfix")
def hotfix_verified(run: Run) -> Report:
    """The bug is gone in production."""
    return run_items(run, bug_fixed)
