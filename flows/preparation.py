"""1: before the deployment. Nothing on any production server is changed here."""

from flows.phase import Report, phase, run_items
from policy.checklist import ITEMS
from policy.items import Asked
from policy.limits import Mode
from tasks.messages import inform
from tasks.preparation import (
    commits_reviewed,
    database_backup_recent,
    deployed_to_staging,
    inside_the_window,
    production_healthy,
    risk_assessed,
    staging_left_out,
    staging_smoke_test,
    team_notified,
    way_back_known,
    window_selected,
)
from tasks.run import Run
from tasks.step import carry_out


@phase("1.3 Pre-deployment preparation")
def preparation(run: Run) -> Report:
    """Staging serves the commit and works; the change set, its risk and its window are known."""
    questions = (staging_smoke_test, commits_reviewed, risk_assessed, window_selected)
    if run.company.staging is None:
        return run_items(run, staging_left_out, *questions)
    if ITEMS["1.3.1"].asked[run.release.way] is Asked.REQUIRED and run.release.mode is not Mode.PLAN:
        carry_out(deployed_to_staging(run), run)
    return run_items(run, *questions)


@phase("1.4 Final pre-deployment checks")
def final_checks(run: Run) -> Report:
    """Production is healthy, its backup is recent, the way back is known, the window is open."""
    return run_items(run, production_healthy, database_backup_recent, way_back_known, inside_the_window)


def announcement(run: Run) -> None:
    """1.3.7: the team is told; on the standard way nothing goes on without it."""
    tell = carry_out if ITEMS["1.3.7"].asked[run.release.way] is Asked.REQUIRED else inform
    tell(team_notified(run), run)
