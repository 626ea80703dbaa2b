"""1.4.3: a backup that nobody ever restored is a hope; once a week the newest one is restored for real."""

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.logging import get_run_logger

from blocks.company import Company
from blocks.errors import BlockError
from policy.rehearsal_page import draw_rehearsal, rehearsal_failed
from policy.roles import Role
from tasks.rehearsal import Rehearsal, backup_rehearsed
from tasks.run import current_run, day_in, link_of_run
from tasks.run_log import ends_with_its_sentence
from tasks.systems import BACKUPS, SCRATCH


@flow(name="Restore rehearsal", flow_run_name="Restore rehearsal", persist_result=False)
@ends_with_its_sentence
def restore_rehearsal(environment: str = "production") -> None:
    """The newest backup was restored into a scratch database, counted and thrown away; the proof is kept.

    Args:
        environment: The environment whose backup is tried.
    """
    with Company.load(environment) as company:
        missing = [system.section for system in (BACKUPS, SCRATCH) if system.of(company) is None]
        if missing:
            get_run_logger().info("Nothing to rehearse: there is no [%s] in the settings", "] and no [".join(missing))
            return
        rehearsal = backup_rehearsed(company)
        get_run_logger().info("1.4.3: %s", rehearsal.judgement.sentence)
        _show(rehearsal)
        if not rehearsal.judgement.verdict.lets_pass:
            _tell(company, rehearsal)
            raise RuntimeError(rehearsal.judgement.sentence)


def _show(rehearsal: Rehearsal) -> None:
    create_markdown_artifact(
        key="restore-rehearsal",
        markdown=draw_rehearsal(rehearsal.judgement, rehearsal.backup, took=rehearsal.took, rows=rehearsal.rows),
        description=rehearsal.judgement.sentence[:200],
    )


def _tell(company: Company, rehearsal: Rehearsal) -> None:
    """Those who look after backups are told; the run fails with the same sentence whether they could be or not."""
    this = current_run()
    leads = company.roster.holders(Role.DEVOPS_LEAD, on=day_in(company.rules.time_zone))
    text = rehearsal_failed(
        company.rules.environment,
        rehearsal.judgement.sentence,
        leads=leads,
        link=link_of_run(company),
    )
    try:
        company.slack.post(company.slack.alerts, text, f"restore-rehearsal/{this.id if this else ''}")
    except BlockError as error:
        get_run_logger().warning("Nobody was told in Slack: %s", error)
