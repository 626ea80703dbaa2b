"""Statuspage: one scheduled maintenance a release, found again by our key, completed on every ending.

Follows Statuspage's API description. It takes no idempotency key, so the key stands in the maintenance's metadata.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Literal

import httpx
from pydantic import BaseModel, Field, HttpUrl

from blocks.errors import Misconfigured, Refused, Unreachable
from blocks.vendor import seconds_to_wait
from blocks.vendor_block import VendorBlock

Status = Literal[
    "investigating", "identified", "monitoring", "resolved", "scheduled", "in_progress", "verifying", "completed"
]
LONGEST_NAME = 255
_PAGE = 100
_OVER = frozenset({"completed", "resolved"})


@dataclass(frozen=True, slots=True)
class Maintenance:
    """A scheduled maintenance as the page shows it."""

    number: str
    name: str
    status: str
    url: str

    @property
    def over(self) -> bool:
        """Whether people were told that it is over."""
        return self.status in _OVER


class _Incident(BaseModel):
    id: str
    name: str
    status: Status
    shortlink: str = ""
    created_at: datetime
    metadata: dict[str, Any] | None = None

    def maintenance(self) -> Maintenance:
        """Return the fact behind it."""
        return Maintenance(self.id, self.name, self.status, self.shortlink)


class Statuspage(VendorBlock):
    """One page on Statuspage."""

    _block_type_name = "Countersign Statuspage"
    _block_type_slug = "countersign-statuspage"
    _description = "Scheduled maintenances of one public page."
    _documentation_url = HttpUrl("https://developer.statuspage.io/")
    _code_example = """
    ```python
    from blocks.statuspage import Statuspage

    statuspage = Statuspage.load("BLOCK_NAME")
    statuspage.find_maintenance("release-7")
    ```"""
    called: ClassVar[str] = "Statuspage"

    url: str = Field(default="https://api.statuspage.io/v1", description="Address of Statuspage's API, with /v1.")
    token: str = Field(default="STATUSPAGE_TOKEN", description="Name of the secret that holds the API key.")
    page: str = Field(pattern=r"^[\w-]+$", description="Number of the page, such as kctbh9vrtdwd.")
    components: list[str] = Field(default_factory=list, description="Numbers of the components under maintenance.")
    look_back: timedelta = Field(
        default=timedelta(days=30), description="How far back our own maintenance is looked for, in seconds."
    )

    def shown(self, secret: str) -> dict[str, str]:
        """Return the header in Statuspage's own scheme."""
        return {"Authorization": f"OAuth {secret}"}

    @staticmethod
    def limit_of(response: httpx.Response) -> float | None:
        """Return the wait for one call a second; 420 is what Statuspage says for 429."""
        return seconds_to_wait(response, default=1.0) if response.status_code in (420, 429) else None

    def schedule_maintenance(self, key: str, name: str, text: str, *, starts: datetime, ends: datetime) -> Maintenance:
        """One maintenance of this key that is not over stands on the page, however often this is called."""
        if ends <= starts:
            raise Refused(f"the maintenance {key} would end at {ends:%H:%M} before it starts at {starts:%H:%M}")
        if (seen := self.find_maintenance(key)) and not seen.over:
            return seen
        wanted = {
            "name": name[:LONGEST_NAME],
            "status": "scheduled",
            "scheduled_for": _spoken(starts),
            "scheduled_until": _spoken(ends),
            "scheduled_auto_in_progress": True,
            "scheduled_auto_completed": False,
            "body": text,
            "component_ids": self.components,
            "metadata": {"countersign": {"key": key}},
        }
        try:
            answer = self._vendor.ask("POST", self._at("incidents"), body={"incident": wanted})
            return answer.read(_Incident).maintenance()
        except Unreachable:
            # The answer may be lost and the maintenance made: only looking can tell.
            if (seen := self.find_maintenance(key)) and not seen.over:
                return seen
            raise

    def find_maintenance(self, key: str) -> Maintenance | None:
        """Our newest maintenance with this key, or None where none was made within `look_back`."""
        for incident in self._incidents():
            if (incident.metadata or {}).get("countersign") == {"key": key}:
                return incident.maintenance()
        return None

    def complete_maintenance(self, maintenance: Maintenance, text: str) -> Maintenance:
        """The page says that the maintenance is over; said before counts as done."""
        path = self._at(f"incidents/{maintenance.number}")
        seen = self._vendor.ask("GET", path).read(_Incident).maintenance()
        if seen.over:
            return seen
        body = {"incident": {"status": "completed", "body": text}}
        return self._vendor.ask("PATCH", path, body=body).read(_Incident).maintenance()

    def _incidents(self) -> Iterator[_Incident]:
        oldest, page = datetime.now(UTC) - self.look_back, 1
        while True:
            query = {"limit": _PAGE, "page": page}
            answer = self._vendor.ask("GET", self._at("incidents"), query=query, understood=(404,))
            if answer.status == 404:
                raise Misconfigured(f"Statuspage has no page {self.page} that the secret {self.token} may see")
            found = answer.read(list[_Incident])
            yield from found
            if len(found) < _PAGE or found[-1].created_at < oldest:
                return
            page += 1

    def _at(self, path: str) -> str:
        return f"/pages/{self.page}/{path}"


def _spoken(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
