"""6.1.4: a backup that was read back, also as a deployment of its own."""

from typing import Literal

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.logging import get_run_logger

from blocks.company import Company
from tasks.backup import backup_planned, backup_taken
from tasks.run_log import ends_with_its_sentence


@flow(name="Database backup", flow_run_name="Database backup", persist_result=False)
@ends_with_its_sentence
def database_backup(environment: str = "production", mode: Literal["release", "plan"] = "release") -> None:
    """A custom-format dump is in the backup bucket, was read back whole, and pg_restore can read it.

    Args:
        environment: The environment whose database is dumped.
        mode: release: do it. plan: say where the dump would go and change nothing.
    """
    with Company.load(environment) as company:
        judgement = backup_planned(company) if mode == "plan" else backup_taken(company)
    get_run_logger().info("6.1.4: %s", judgement.sentence)
    create_markdown_artifact(
        key="backup",
        markdown=f"## 6.1.4 Backup\n\n{judgement.sentence}\n",
        description=judgement.sentence[:200],
    )
    if not judgement.verdict.lets_pass:
        raise RuntimeError(judgement.sentence)
