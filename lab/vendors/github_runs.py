"""GitHub's operations on workflow runs (REST API: Actions, workflow runs and jobs)."""

from lab.vendors import github_shapes as shapes
from lab.vendors.core import Answer, Call, Operation
from lab.vendors.github_pages import cut_page
from lab.vendors.github_shapes import refusal
from lab.vendors.github_state import GitHubState

_AT = "/repos/{owner}/{repo}/actions"


class RunOperations:
    """The rows of the table about Actions."""

    def __init__(self, state: GitHubState) -> None:
        self.state = state

    def operations(self) -> tuple[Operation, ...]:
        """Runs of the repository, of one workflow, and the jobs of a run."""
        return (
            Operation("GET", f"{_AT}/runs", self._list_runs),
            Operation("GET", f"{_AT}/workflows/{{workflow}}/runs", self._list_runs),
            Operation("GET", f"{_AT}/runs/{{number:int}}/jobs", self._list_jobs),
        )

    def _list_runs(self, call: Call) -> Answer:
        wanted = call.parameters.get("workflow")
        if wanted not in (None, *self.state.workflows):
            raise refusal(404, "Not Found")
        commit, branch = call.query.get("head_sha"), call.query.get("branch")
        found = [
            shapes.run(run, self.state.repository, self.state.workflows.index(run.workflow) + 1)
            for run in reversed(self.state.runs)
            if commit in (None, run.commit) and branch in (None, run.branch) and wanted in (None, run.workflow)
        ]
        page, headers = cut_page(call, found)
        return Answer(body={"total_count": len(found), "workflow_runs": page}, headers=headers)

    def _list_jobs(self, call: Call) -> Answer:
        number = int(call.parameters["number"])
        if not 0 < number <= len(self.state.runs):
            raise refusal(404, "Not Found")
        return Answer(body={"total_count": 1, "jobs": [shapes.job(self.state.runs[number - 1], self.state.repository)]})
