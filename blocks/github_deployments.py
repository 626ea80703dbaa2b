"""GitHub: deployments and their states, as every page of the repository shows them.

Follows GitHub's REST API description (version 2022-11-28), "Deployments" and "Deployment statuses".
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from blocks import github_answers as answers
from blocks.github_repository import Repository
from policy.conflicts import OURS, Deployment

_PARALLEL = 6
_NEWEST = 10
_MOST_LETTERS = 140

State = Literal["in_progress", "success", "failure", "inactive"]


class Deployments(Repository):
    """What GitHub knows of deployments; ours are known again by the release's key in their payload."""

    def list_deployments(self, environment: str) -> tuple[Deployment, ...]:
        """The newest deployments to an environment, each with its newest status."""
        found = self._newest(environment)
        with ThreadPoolExecutor(_PARALLEL) as pool:
            states = list(pool.map(self._state_of, [one.id for one in found]))
        return tuple(answers.deployment(one, state) for one, state in zip(found, states, strict=True))

    def show_deployment(
        self, environment: str, key: str, state: State, *, commit: str, description: str, link: str, address: str
    ) -> None:
        """The deployment of this release, made where there is none yet, is in this state and leads to `link`."""
        ours = [one for one in self._newest(environment) if answers.deployment(one, None).key == key]
        number = ours[0].id if ours else self._create(environment, key, commit, description)
        if self._state_of(number) == state:
            return
        body = {
            "state": state,
            "log_url": link,
            "environment_url": address,
            "description": description[:_MOST_LETTERS],
        }
        self._vendor.ask("POST", self._at(f"deployments/{number}/statuses"), body=body).read(answers.State)

    def _create(self, environment: str, key: str, commit: str, description: str) -> int:
        """GitHub itself merges nothing and judges no checks: the release has done so."""
        body = {
            "ref": commit,
            "environment": environment,
            "payload": {OURS: key},
            "description": description[:_MOST_LETTERS],
            "auto_merge": False,
            "required_contexts": [],
            "production_environment": True,
        }
        return self._vendor.ask("POST", self._at("deployments"), body=body).read(answers.DeploymentAnswer).id

    def _newest(self, environment: str) -> list[answers.DeploymentAnswer]:
        query: dict[str, str | int] = {"environment": environment, "per_page": _NEWEST}
        return self._vendor.ask("GET", self._at("deployments"), query=query).read(list[answers.DeploymentAnswer])

    def _state_of(self, deployment: int) -> str | None:
        path = self._at(f"deployments/{deployment}/statuses")
        found = self._vendor.ask("GET", path, query={"per_page": 1}).read(list[answers.State])
        return found[0].state if found else None
