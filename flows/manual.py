"""2.3: the manual deployment: the pipeline is broken or the infrastructure changes, so the servers build."""

from prefect import flow
from prefect.client.schemas.objects import State

from flows.production import carry_through
from policy.items import Way
from policy.release import ManualRequest
from tasks.run_log import ends_with_its_sentence


@flow(
    name="Manual deployment",
    flow_run_name="By hand: {request.summary} ({request.named}, {request.requested_by})",
    persist_result=False,
)
@ends_with_its_sentence
def manual_deployment(request: ManualRequest) -> State[None]:
    """2.3.1: as the standard release, with git and docker compose build on the servers instead of the pipeline."""
    return carry_through(request, way=Way.MANUAL)
