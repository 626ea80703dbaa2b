"""GitHub's operations on what machines say of a commit: statuses, code scanning, the artifacts of a run."""

import io
import zipfile
from dataclasses import replace
from typing import Any

from lab.vendors.core import Answer, Call, Operation
from lab.vendors.github_links import API, SITE, deployment, deployment_status, repository
from lab.vendors.github_pages import cut_page
from lab.vendors.github_shapes import invalid, refusal
from lab.vendors.github_state import Artifact, Deployment, GitHubState, Status

STATES = ("error", "failure", "inactive", "in_progress", "queued", "pending", "success")
_MOST_LETTERS = 140
_DEPLOYMENT_FIELDS = frozenset(
    {
        "ref",
        "task",
        "auto_merge",
        "required_contexts",
        "payload",
        "environment",
        "description",
        "transient_environment",
        "production_environment",
    }
)
_STATUS_FIELDS = frozenset(
    {"state", "target_url", "log_url", "description", "environment", "environment_url", "auto_inactive"}
)
_AT = "/repos/{owner}/{repo}"
STORAGE = "/artifact-storage"


class ReportOperations:
    """The rows of the table about reports; an artifact lies at a storage that takes no token."""

    def __init__(self, state: GitHubState) -> None:
        self.state = state

    def operations(self) -> tuple[Operation, ...]:
        """Paths that end in a name with slashes stand after longer ones."""
        return (
            Operation("GET", f"{_AT}/commits/{{ref:path}}/status", self._combine_statuses),
            Operation("GET", f"{_AT}/code-scanning/analyses", self._list_analyses),
            Operation("GET", f"{_AT}/code-scanning/alerts", self._list_alerts),
            Operation("GET", f"{_AT}/deployments", self._list_deployments),
            Operation("POST", f"{_AT}/deployments", self._create_deployment, _DEPLOYMENT_FIELDS),
            Operation("GET", f"{_AT}/deployments/{{number:int}}/statuses", self._list_states),
            Operation("POST", f"{_AT}/deployments/{{number:int}}/statuses", self._add_state, _STATUS_FIELDS),
            Operation("GET", f"{_AT}/actions/runs/{{number:int}}/artifacts", self._list_artifacts),
            Operation("GET", f"{_AT}/actions/artifacts/{{number:int}}/zip", self._point_to_artifact),
            Operation("GET", f"{STORAGE}/{{number:int}}", self._get_artifact),
        )

    def _combine_statuses(self, call: Call) -> Answer:
        sha = self.state.history.find(call.parameters["ref"])
        if not sha:
            raise refusal(422, f"No commit found for SHA: {call.parameters['ref']}")
        newest = {one.context: one for one in self.state.statuses if one.commit == sha}
        page, headers = cut_page(call, [self._status(one) for one in newest.values()])
        words = {one.state for one in newest.values()}
        worst = "failure" if words & {"failure", "error"} else "success" if words == {"success"} else "pending"
        url = f"{API}/repos/{self.state.repository}/commits/{sha}"
        body = {
            "state": worst,
            "statuses": page,
            "sha": sha,
            "total_count": len(newest),
            "repository": repository(self.state.repository),
            "commit_url": url,
            "url": f"{url}/status",
        }
        return Answer(body=body, headers=headers)

    def _status(self, one: Status) -> dict[str, Any]:
        return {
            "url": f"{API}/repos/{self.state.repository}/statuses/{one.commit}",
            "avatar_url": None,
            "id": one.number,
            "node_id": f"SC_{one.number}",
            "state": one.state,
            "description": None,
            "target_url": f"{SITE}/{self.state.repository}/status/{one.number}",
            "context": one.context,
            "created_at": one.at,
            "updated_at": one.at,
        }

    def _list_analyses(self, call: Call) -> Answer:
        """404 where nothing was ever analysed, as GitHub says it."""
        found = [
            {
                "id": one.number,
                "ref": one.ref,
                "commit_sha": one.commit,
                "analysis_key": ".github/workflows/codeql.yml:analyze",
                "environment": "{}",
                "category": one.category,
                "error": one.error,
                "created_at": one.at,
                "results_count": 0,
                "rules_count": 1,
                "url": f"{API}/repos/{self.state.repository}/code-scanning/analyses/{one.number}",
                "sarif_id": f"sarif-{one.number}",
                "tool": {"name": one.tool, "guid": None, "version": "2"},
                "deletable": True,
                "warning": "",
            }
            for one in self.state.analyses
            if call.query.get("ref") in (None, one.ref)
        ]
        if not found:
            raise refusal(404, "no analysis found")
        page, headers = cut_page(call, list(reversed(found)))
        return Answer(body=page, headers=headers)

    def _list_alerts(self, call: Call) -> Answer:
        wanted = call.query.get("state")
        found = [alert for alert in self.state.alerts if wanted in (None, alert["state"])]
        page, headers = cut_page(call, found)
        return Answer(body=page, headers=headers)

    def _list_deployments(self, call: Call) -> Answer:
        wanted = call.query.get("environment")
        found = [deployment(one, self.state.repository) for one in self.state.deployments[::-1]]
        page, headers = cut_page(call, [one for one in found if wanted in (None, one["environment"])])
        return Answer(body=page, headers=headers)

    def _create_deployment(self, call: Call) -> Answer:
        ref = str(call.body.get("ref", ""))
        if not ref:
            raise invalid({"resource": "Deployment", "code": "missing_field", "field": "ref"})
        commit = self.state.history.find(ref)
        if commit is None:
            raise refusal(422, f"No ref found for: {ref}")
        if call.body.get("required_contexts") is None and not self.state.is_green(commit):
            raise refusal(409, f"Conflict: Commit status checks failed for {ref}.")
        payload = call.body.get("payload") or {}
        made = self.state.deploy(commit, str(call.body.get("environment", "production")), "", payload=payload)
        return Answer(201, deployment(made, self.state.repository))

    def _add_state(self, call: Call) -> Answer:
        one = self._deployment(call)
        state = str(call.body.get("state", ""))
        if state not in STATES:
            raise invalid({"resource": "DeploymentStatus", "code": "invalid", "field": "state"})
        if len(str(call.body.get("description", ""))) > _MOST_LETTERS:
            raise invalid({"resource": "DeploymentStatus", "code": "custom", "field": "description"})
        link = str(call.body.get("log_url") or call.body.get("target_url") or "")
        self.state.deployments[one.number - 1] = changed = replace(one, state=state, link=link)
        return Answer(201, deployment_status(changed, self.state.repository))

    def _deployment(self, call: Call) -> Deployment:
        number = int(call.parameters["number"])
        if not 0 < number <= len(self.state.deployments):
            raise refusal(404, "Not Found")
        return self.state.deployments[number - 1]

    def _list_states(self, call: Call) -> Answer:
        one = self._deployment(call)
        page, headers = cut_page(call, [deployment_status(one, self.state.repository)] if one.state else [])
        return Answer(body=page, headers=headers)

    def _list_artifacts(self, call: Call) -> Answer:
        run, wanted = int(call.parameters["number"]), call.query.get("name")
        found = [self._artifact(one) for one in self.state.artifacts if one.run == run and wanted in (None, one.name)]
        page, headers = cut_page(call, found)
        return Answer(body={"total_count": len(found), "artifacts": page}, headers=headers)

    def _artifact(self, one: Artifact) -> dict[str, Any]:
        url = f"{API}/repos/{self.state.repository}/actions/artifacts/{one.number}"
        return {
            "id": one.number,
            "node_id": f"A_{one.number}",
            "name": one.name,
            "size_in_bytes": sum(map(len, one.files.values())),
            "url": url,
            "archive_download_url": f"{url}/zip",
            "expired": one.expired,
            "created_at": one.at,
            "expires_at": one.at,
            "updated_at": one.at,
        }

    def _found(self, call: Call) -> Artifact:
        number = int(call.parameters["number"])
        if not 0 < number <= len(self.state.artifacts):
            raise refusal(404, "Not Found")
        return self.state.artifacts[number - 1]

    def _point_to_artifact(self, call: Call) -> Answer:
        one = self._found(call)
        if one.expired:
            raise refusal(410, "Artifact has expired")
        return Answer(302, headers={"Location": f"{call.base_url}{STORAGE}/{one.number}"})

    def _get_artifact(self, call: Call) -> Answer:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self._found(call).files.items():
                archive.writestr(name, content)
        return Answer(headers={"Content-Type": "application/zip"}, raw=packed.getvalue())
