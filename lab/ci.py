"""What happens after a push: a workflow run builds the image, pushes it, and staging is deployed."""

import asyncio
import re
from dataclasses import dataclass
from typing import Any

from lab.history import DEV, Author, History
from lab.image_builder import Image, Storage, build
from lab.servers import Servers
from lab.vendors.github import GitHub

VERSION_FILE = "apps/api/src/version.ts"
WORKFLOW_CHECKS = ("build", "test", "lint")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the image of a version is built."""

    fault: str | None = None
    boot_seconds: float = 0
    conclusion: str = "success"


class Ci:
    """The company's continuous integration."""

    def __init__(self, history: History, github: GitHub, shelf: Storage, servers: Servers) -> None:
        self.history = history
        self.github = github
        self.github.on_push = self.pushed
        self._shelf = shelf
        self._servers = servers
        self._recipes: dict[str, Recipe] = {}
        self._one_at_a_time = asyncio.Lock()

    def forget(self) -> None:
        """Forget what was shipped since the start."""
        self._recipes.clear()

    def first_image(self) -> Image:
        """Return the image that production runs in the first state."""
        return build(self._shelf, self.history.resolve("production"), tags=("1.4.0",))

    def ship(
        self,
        version: str,
        *,
        fault: str | None = None,
        boot_seconds: float = 0,
        merged: bool = True,
        conclusion: str = "success",
        files: dict[str, str | None] | None = None,
        labels: tuple[str, ...] = (),
        author: Author = DEV,
    ) -> dict[str, Any]:
        """Commit a version; merged, its image is built and its run has ended when this returns."""
        self._recipes[version] = Recipe(fault, boot_seconds, conclusion)
        content = {VERSION_FILE: f'export const version = "{version}"\n', **(files or {})}
        title = f"Release {version}"
        state = self.github.state
        if not merged:
            branch = f"release/{version}"
            commit = self.history.commit(content, title + "\n", author, branch=branch)
            number = state.open_pull_request(branch, title, author=author, labels=labels)
            self._report(commit, branch, conclusion)
            return {"version": version, "commit": commit, "digest": None, "pull_request": number}
        commit = self.history.commit(content, title + "\n", author)
        number = state.record_merged(commit, title, author=author, labels=labels)
        digest = self.run_workflow(commit, "main")
        return {"version": version, "commit": commit, "digest": digest, "pull_request": number}

    def run_workflow(self, commit: str, branch: str) -> str | None:
        """Run the workflow of one commit to its end; return the digest of the image it pushed."""
        version = self._version(commit)
        recipe = self._recipes.get(version, Recipe())
        image = None
        if recipe.conclusion == "success":
            image = build(self._shelf, commit, tags=(version,), fault=recipe.fault, boot_seconds=recipe.boot_seconds)
        self._report(commit, branch, recipe.conclusion)
        return image.digest if image else None

    def _report(self, commit: str, branch: str, conclusion: str) -> None:
        failed = None if conclusion == "success" else "pnpm test"
        self.github.state.report_run(commit, conclusion, branch=branch, failed_step=failed)
        for name in WORKFLOW_CHECKS:
            self.github.state.report_check(commit, name, conclusion if name == "test" else "success")

    def _version(self, commit: str) -> str:
        if self.history.find(commit) is None:
            return "unknown"
        names = self.history.git("ls-tree", "--name-only", commit, VERSION_FILE)
        text = self.history.git("show", f"{commit}:{VERSION_FILE}") if names else ""
        found = re.search(r'"([\w.-]+)"', text)
        return found[1] if found else "1.4.0"

    async def pushed(self, branch: str, commit: str) -> None:
        """Build what was pushed to main or staging; deploy staging."""
        if branch not in ("main", "staging"):
            return
        async with self._one_at_a_time:
            digest = await asyncio.to_thread(self._digest_or_build, commit, branch)
        if branch == "staging" and digest:
            await asyncio.to_thread(self._servers.deploy, "staging", digest)

    def _digest_or_build(self, commit: str, branch: str) -> str | None:
        return self._shelf.digest(commit) or self.run_workflow(commit, branch)
