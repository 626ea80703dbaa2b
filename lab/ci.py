"""What happens after a push: a workflow run builds the image, pushes it, and staging is deployed."""

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Any

from lab import prisma_cli
from lab.application_database import STAGING, ApplicationDatabases
from lab.history import DEV, Author, History
from lab.image_builder import Image, Storage, build, build_own
from lab.product import PORTAL, Product
from lab.servers import Servers
from lab.vendors.github import GitHub

TICKET = "HOLI-7"
VERSION_FILE = "apps/api/src/version.ts"
WORKFLOW_CHECKS = ("unit", "integration", "build", "types", "lint", "image")
DESCRIPTION = """\
## What and why

The team ships version {version}: the change was tried on staging and is small enough to be read in one go.

Ticket: {ticket}

![The page after the change](https://github.com/user-attachments/assets/0f3c-{version})
"""
COVERAGE = {"total": 400, "covered": 384, "skipped": 0, "pct": 96}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the image of a version is built."""

    fault: str | None = None
    boot_seconds: float = 0
    conclusion: str = "success"


class Ci:
    """The company's continuous integration."""

    def __init__(
        self,
        history: History,
        github: GitHub,
        shelf: Storage,
        servers: Servers,
        databases: ApplicationDatabases | None = None,
        *,
        product: Product = PORTAL,
    ) -> None:
        self.history = history
        self._product = product
        self.github = github
        self.github.on_push = self.pushed
        self._shelf = shelf
        self._servers = servers
        self._databases = databases
        self._recipes: dict[str, Recipe] = {}
        self._one_at_a_time = asyncio.Lock()

    def forget(self) -> None:
        """Forget what was shipped since the start."""
        self._recipes.clear()

    def first_image(self) -> Image:
        """Return the image that production runs in the first state."""
        return self._build(self.history.resolve("production"), "1.4.0", Recipe())

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
        title: str = "",
    ) -> dict[str, Any]:
        """Commit a version; merged, its image is built and its run has ended when this returns."""
        self._recipes[version] = Recipe(fault, boot_seconds, conclusion)
        content = {VERSION_FILE: f'export const version = "{version}"\n', **(files or {})}
        title = title or f"Bring version {version} to the patients"
        body = DESCRIPTION.format(version=version, ticket=TICKET)
        state = self.github.state
        if not merged:
            branch = f"release/{version}"
            commit = self.history.commit(content, title + "\n", author, branch=branch)
            number = state.open_pull_request(branch, title, body=body, author=author, labels=labels)
            state.approve(number)
            self._report(commit, branch, conclusion)
            return _shipped(version, title, commit, None, number)
        commit = self.history.commit(content, title + "\n", author)
        number = state.record_merged(commit, title, body=body, author=author, labels=labels)
        state.approve(number)
        digest = self.run_workflow(commit, "main")
        return _shipped(version, title, commit, digest, number)

    def run_workflow(self, commit: str, branch: str) -> str | None:
        """Run the workflow of one commit to its end; return the digest of the image it pushed."""
        version = self._version(commit)
        recipe = self._recipes.get(version, Recipe())
        image = None
        if recipe.conclusion == "success":
            image = self._build(commit, version, recipe)
        self._report(commit, branch, recipe.conclusion)
        return image.digest if image else None

    def _build(self, commit: str, version: str, recipe: Recipe) -> Image:
        if self._product.folder is not None:
            return build_own(self._shelf, self.history, commit, self._product.repository)
        return build(self._shelf, commit, tags=(version,), fault=recipe.fault, boot_seconds=recipe.boot_seconds)

    def publish(self) -> list[dict[str, Any]]:
        """Let what its owner committed to main be reviewed, merged and built, commit by commit; return what came.

        The portal has no owner: a developer of the lab brings one more harmless version of it.
        """
        if self._product.folder is None:
            return [self.ship(f"1.{self.history.git('rev-list', '--count', 'main')}.0")]
        published = []
        for one in self.history.fetch_new(self._product.folder):
            digest = self.run_workflow(one.commit, "main")
            self.history.move("refs/heads/main", one.commit)
            body = DESCRIPTION.format(version=one.title, ticket=TICKET)
            number = self.github.state.record_merged(one.commit, one.title, body=body, author=one.author)
            self.github.state.approve(number)
            published.append(_shipped(one.title, one.title, one.commit, digest, number))
        return published

    def _report(self, commit: str, branch: str, conclusion: str) -> None:
        failed = None if conclusion == "success" else "pnpm test"
        run = self.github.state.report_run(commit, conclusion, branch=branch, failed_step=failed)
        for name in WORKFLOW_CHECKS:
            self.github.state.report_check(commit, name, conclusion if name == "unit" else "success")
        self.github.state.analyse(commit, ref=f"refs/heads/{branch}")
        self.github.state.keep_artifact(run, "coverage", {"coverage-summary.json": self._coverage(commit)})
        self.github.state.keep_artifact(run, "security", self._security(commit))

    def _coverage(self, commit: str) -> str:
        """Every file that could be covered is, to the same share."""
        names = self.history.git("ls-tree", "-r", "--name-only", commit).splitlines()
        total = {key: value * len(names) if key != "pct" else value for key, value in COVERAGE.items()}
        return json.dumps({"total": {"lines": total}, **{name: {"lines": COVERAGE} for name in names}})

    def _security(self, commit: str) -> dict[str, str]:
        """Two scanners that looked at everything and found nothing."""
        counts = dict.fromkeys(("info", "low", "moderate", "high", "critical"), 0)
        audit = {"advisories": {}, "metadata": {"vulnerabilities": counts, "totalDependencies": 412}}
        commits = int(self.history.git("rev-list", "--count", commit))
        return {
            "pnpm-audit.json": json.dumps(audit),
            "gitleaks.json": "[]",
            "gitleaks-range.json": json.dumps({"base": "", "head": commit, "commits": commits}),
        }

    def _version(self, commit: str) -> str:
        if self.history.find(commit) is None:
            return "unknown"
        names = self.history.git("ls-tree", "--name-only", commit, VERSION_FILE)
        text = self.history.git("show", f"{commit}:{VERSION_FILE}") if names else ""
        found = re.search(r'"([\w.-]+)"', text)
        return found[1] if found else "1.4.0"

    async def pushed(self, branch: str, commit: str) -> None:
        """Build what was pushed to main or staging; deploy staging. What is proposed is tried, and no image is kept."""
        if branch.startswith("revert/"):
            recipe = self._recipes.get(self._version(commit), Recipe())
            await asyncio.to_thread(self._report, commit, branch, recipe.conclusion)
        if branch not in ("main", "staging"):
            return
        async with self._one_at_a_time:
            digest = await asyncio.to_thread(self._digest_or_build, commit, branch)
        if branch == "staging" and digest:
            await asyncio.to_thread(self._migrate_staging, commit)
            await asyncio.to_thread(self._servers.deploy, "staging", digest)

    def _migrate_staging(self, commit: str) -> None:
        """Apply what staging's database lacks of the commit's migrations."""
        names = self.history.git("ls-tree", "-r", "--name-only", commit, "prisma").splitlines()
        waiting = {name.split("/")[2] for name in names if name.endswith("/migration.sql")}
        if self._databases is None or not waiting - self._databases.applied(STAGING):
            return
        files = {name: self.history.git_bytes("cat-file", "blob", f"{commit}:{name}") for name in names}
        prisma_cli.deploy(files, self._databases.url(STAGING))

    def _digest_or_build(self, commit: str, branch: str) -> str | None:
        return self._shelf.digest(commit) or self.run_workflow(commit, branch)


def _shipped(version: str, title: str, commit: str, digest: str | None, number: int) -> dict[str, Any]:
    """What the client is told of a commit and the pull request that brings it."""
    return {"version": version, "title": title, "commit": commit, "digest": digest, "pull_request": number}
