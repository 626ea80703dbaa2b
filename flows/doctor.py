"""The operator's day begins here: what is wrong before anybody releases, in one table."""

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed

from blocks.company import Company
from blocks.errors import Misconfigured
from policy.diagnosis_page import headline, render_page
from tasks.doctor import systems_tried
from tasks.run_log import call_run, ends_failed, ends_with_its_sentence


@flow(name="Doctor", flow_run_name="Doctor of {environment}", persist_result=False)
@ends_with_its_sentence
def doctor(environment: str = "production") -> State[None]:
    """Each configured system was reached and each permission tried as far as reading allows; nothing was changed.

    Args:
        environment: The environment whose systems are tried.
    """
    try:
        company = Company.load(environment)
    except Misconfigured as error:
        call_run("Doctor: nothing could be tried")
        return ends_failed(name="Look", message=f"{error}; nothing was tried")
    with company:
        findings = systems_tried(company)
    said = headline(findings)
    call_run(f"Doctor: {said}")
    create_markdown_artifact(key="doctor", markdown=render_page(findings), description=said)
    if all(finding.is_well for finding in findings):
        return Completed(name="Well", message=said)
    return ends_failed(name="Look", message=f"{said}: the page of this run says what to do about each")
