"""How one repository on GitHub is asked: address, token, limits, pages.

Follows GitHub's REST API description (version 2022-11-28).
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import httpx
from pydantic import Field, PrivateAttr

from blocks.company_block import CompanyBlock
from blocks.credentials import read_secret
from blocks.errors import Unreachable
from blocks.vendor import Vendor, seconds_to_wait, seconds_until

PAGE = 100
# GitHub's advice where it does not say how long.
_UNSAID_WAIT = 60.0
_LIMITED = ("rate limit", "abuse detection")
Page = TypeVar("Page")


class Repository(CompanyBlock):
    """One repository on GitHub, asked with one token; what is asked of it say its kinds."""

    url: str = Field(default="https://api.github.com", description="Address of GitHub's REST API.")
    repository: str = Field(pattern=r"^[\w.-]+/[\w.-]+$", description="The repository as owner/name.")
    token: str = Field(default="GITHUB_TOKEN", description="Name of the secret that holds the token.")
    secrets_folder: str | None = Field(default=None, description="Folder of the files that hold secrets.")
    connect_timeout: timedelta = Field(
        default=timedelta(seconds=5), description="How long a connection may take, in seconds."
    )
    read_timeout: timedelta = Field(
        default=timedelta(seconds=20), description="How long an answer may take, in seconds."
    )
    patience: timedelta = Field(
        default=timedelta(seconds=30), description="How long a rate limit is waited for, in seconds."
    )
    _vendor: Vendor = PrivateAttr()

    def block_initialization(self) -> None:
        """Keep one client; nothing is asked before a verb is called."""
        self._vendor = Vendor(
            "GitHub",
            self.url,
            headers=self._headers,
            connect_seconds=self.connect_timeout.total_seconds(),
            read_seconds=self.read_timeout.total_seconds(),
            patience_seconds=self.patience.total_seconds(),
            limit_of=limit_of,
            lacking=lacking,
        )

    @property
    def page(self) -> str:
        """Where people see the repository: the API of GitHub itself lives on another host than its pages."""
        host = "https://github.com" if self.url == "https://api.github.com" else self.url.removesuffix("/api/v3")
        return f"{host}/{self.repository}"

    def close(self) -> None:
        """Let go of the kept connections."""
        self._vendor.close()

    def _headers(self) -> dict[str, str]:
        folder = Path(self.secrets_folder) if self.secrets_folder else None
        token = read_secret(self.token, folder).get_secret_value()
        return {"Authorization": f"Bearer {token}", "X-GitHub-Api-Version": "2022-11-28"}

    def _at(self, path: str) -> str:
        return f"/repos/{self.repository}/{path}"

    def _pages(self, path: str, shape: type[Page], **query: str | int) -> Iterator[Page]:
        answer = self._vendor.ask("GET", path, query={**query, "per_page": PAGE})
        yield answer.read(shape)
        while answer.next_url:
            answer = self._vendor.ask("GET", answer.next_url)
            yield answer.read(shape)


def limit_of(response: httpx.Response) -> float | None:
    """The seconds that GitHub's primary or secondary limit asks to wait; a 403 that speaks of no limit is none.

    The last call that is allowed says that none remains, too: it may have been refused for another reason.
    """
    if response.status_code not in (403, 429):
        return None
    if "retry-after" in response.headers:
        return seconds_to_wait(response, default=_UNSAID_WAIT)
    if response.status_code != 429 and not any(words in response.text.lower() for words in _LIMITED):
        return None
    reset = response.headers.get("x-ratelimit-reset", "")
    if response.headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        return seconds_until(response, float(reset))
    return _UNSAID_WAIT


def lacking(response: httpx.Response) -> str | None:
    """The permission that a refused call needs: of a fine-grained token or an app, else of a classic token."""
    if response.status_code != 403:
        return None
    names = ("x-accepted-github-permissions", "x-accepted-oauth-scopes")
    return next((found for name in names if (found := response.headers.get(name))), None)


def expect_all(received: int, expected: int, what: str) -> None:
    if received != expected:
        raise Unreachable(f"GitHub: {received} of {expected} {what} received")


def quoted(name: str) -> str:
    return quote(name, safe="")
