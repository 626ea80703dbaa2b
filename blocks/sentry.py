"""Sentry: issues that are new since a moment, and the release with its commits and deploys.

Follows Sentry's API description (API version 0). A release is known by its version: creating one that exists changes
nothing. A deploy has no such key, so it is looked for by name before it is recorded.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import ClassVar, TypeVar
from urllib.parse import parse_qs, quote, urlsplit

import httpx
from pydantic import BaseModel, Field, HttpUrl

from blocks.errors import Misconfigured, Unreachable
from blocks.vendor import Query, seconds_until
from blocks.vendor_block import VendorBlock
from policy.new_errors import NewError

_PAGE = 100
_PLAIN = '"'
_READ_ISSUES, _WRITE_RELEASES = "the scope event:read", "the scope project:releases"


class _Issue(BaseModel):
    name: str = Field(alias="shortId")
    title: str
    level: str
    count: int
    first_seen: datetime = Field(alias="firstSeen")
    permalink: str


class _Release(BaseModel):
    version: str


class _Deploy(BaseModel):
    name: str | None = None


_Row = TypeVar("_Row", _Issue, _Deploy)


class Sentry(VendorBlock):
    """One project of an organization on Sentry."""

    _block_type_name = "Countersign Sentry"
    _block_type_slug = "countersign-sentry"
    _description = "New issues, releases and deploys of one project."
    _documentation_url = HttpUrl("https://docs.sentry.io/api/")
    _code_example = """
    ```python
    from datetime import UTC, datetime

    from blocks.sentry import Sentry

    sentry = Sentry.load("BLOCK_NAME")
    sentry.list_new_issues(datetime(2026, 11, 25, tzinfo=UTC), "production")
    ```"""
    called: ClassVar[str] = "Sentry"

    url: str = Field(default="https://sentry.io", description="Address of Sentry, without /api.")
    token: str = Field(default="SENTRY_TOKEN", description="Name of the secret that holds the token.")
    organization: str = Field(pattern=r"^[\w-]+$", description="Short name of the organization.")
    project: str = Field(pattern=r"^[\w-]+$", description="Short name of the project.")

    @staticmethod
    def limit_of(response: httpx.Response) -> float | None:
        """Return the seconds until Sentry's own moment, which it gives as a Unix time."""
        if response.status_code != 429:
            return None
        moment = response.headers.get("x-sentry-rate-limit-reset", "")
        return seconds_until(response, float(moment)) if moment.isdecimal() else 1.0

    def list_new_issues(self, since: datetime, environment: str, release: str | None = None) -> tuple[NewError, ...]:
        """Every issue first seen at or after `since` there, solved or not; of one release, if one is given."""
        words = [f"firstSeen:>={since.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"]
        if release:
            words.append(f'release:"{release.replace(_PLAIN, "")}"')
        query: Query = {"project": self.project, "environment": environment, "query": " ".join(words), "limit": _PAGE}
        found = self._pages(f"{self._at()}issues/", query, list[_Issue], _READ_ISSUES)
        return tuple(
            NewError(one.name, one.title, one.level, one.count, one.first_seen, one.permalink) for one in found
        )

    def create_release(self, version: str, commits: Sequence[tuple[str, str]], *, url: str) -> None:
        """Sentry knows the release and its commits (hash and subject); known before counts as done."""
        body = {
            "version": version,
            "projects": [self.project],
            "url": url,
            "commits": [{"id": sha, "message": subject} for sha, subject in commits],
        }
        answer = self._vendor.ask("POST", f"{self._at()}releases/", body=body, scope=_WRITE_RELEASES)
        if answer.read(_Release).version != version:
            raise Unreachable(f"Sentry: the release {version} was answered with another")

    def record_deploy(self, version: str, environment: str, key: str, *, since: datetime, until: datetime) -> None:
        """The release was deployed there once under this key, however often this is called."""
        path = f"{self._at()}releases/{quote(version, safe='')}/deploys/"
        if self._knows_deploy(path, key):
            return
        body = {
            "environment": environment,
            "name": key,
            "dateStarted": since.astimezone(UTC).isoformat(),
            "dateFinished": until.astimezone(UTC).isoformat(),
            "projects": [self.project],
        }
        try:
            self._vendor.ask("POST", path, body=body, scope=_WRITE_RELEASES).read(_Deploy)
        except Unreachable:
            # The answer may be lost and the deploy recorded: only looking can tell.
            if not self._knows_deploy(path, key):
                raise

    def _knows_deploy(self, path: str, key: str) -> bool:
        return any(deploy.name == key for deploy in self._pages(path, {}, list[_Deploy], _WRITE_RELEASES))

    def _pages(self, path: str, query: Query, shape: type[list[_Row]], scope: str) -> Iterator[_Row]:
        while True:
            answer = self._vendor.ask("GET", path, query=query, scope=scope, understood=(404,))
            if answer.status == 404:
                raise Misconfigured(
                    f"Sentry has nothing at {path}: is {self.organization} the organization and {self.project} "
                    f"the project that the secret {self.token} may see?"
                )
            yield from answer.read(shape)
            if answer.next_url is None:
                return
            query = {**query, "cursor": parse_qs(urlsplit(answer.next_url).query)["cursor"][0]}

    def _at(self) -> str:
        return f"/api/0/organizations/{self.organization}/"
