"""The operator's day begins here: what is wrong before anybody releases, in one table."""

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from blocks.company import Company
from policy.diagnosis import headline, render_page
from tasks.doctor import systems_tried


@flow(name="Doctor", persist_result=False)
def doctor(environment: str = "production") -> State[None]:
    """Each configured system was reached and each permission tried as far as reading allows; nothing was changed.

    Args:
        environment: The environment whose systems are tried.
    """
    with Company.load(environment) as company:
        findings = systems_tried(company)
    said = headline(findings)
    create_markdown_artifact(key="doctor", markdown=render_page(findings), description=said)
    if any(finding.is_red for finding in findings):
        return Failed(name="Look", message=said)
    return Completed(name="Well", message=said)
