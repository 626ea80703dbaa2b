"""The duties of the day after a hotfix, as Prefect's server knows them."""

from prefect import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags

from flows.hotfix_duty import hotfix_duty


def offer_duties() -> None:
    """A hotfix finds the deployment that looks after its duties; no worker takes its runs."""
    with get_client(sync_client=True) as client:
        client.create_deployment(client.create_flow(hotfix_duty), name="hotfix-duty")


def list_scheduled_duties(key: str) -> list[str]:
    """The duties of a hotfix that have a run of their own, in order; the release itself has the same tag."""
    tags = FlowRunFilterTags(all_=[f"release:{key}"])
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(flow_run_filter=FlowRunFilter(tags=tags))
    return sorted(str(run.parameters["duty"]) for run in runs if "duty" in run.parameters)
