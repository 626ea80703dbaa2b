"""PagerDuty's REST API: who is on call, what is open, and what is under maintenance.

Follows PagerDuty's API description (version 2). Every list is read to its end: PagerDuty gives 25 at a time unless it
is asked for more, says `more`, and refuses to go beyond 10,000.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import ClassVar, TypeVar

import httpx
from pydantic import Field, HttpUrl

from blocks import pagerduty_answers as answers
from blocks.errors import Misconfigured, Refused
from blocks.vendor import Query, seconds_to_wait
from blocks.vendor_block import VendorBlock
from policy.conflicts import Maintenance
from policy.incidents import Incident
from policy.on_call import OnCall

_PAGE = 100
_FURTHEST = 10_000
_SCOPE = "read access"


_Page = TypeVar("_Page", answers.OnCalls, answers.Incidents, answers.Windows)


class PagerDutyRest(VendorBlock):
    """One account on PagerDuty, read only."""

    _block_type_name = "Countersign PagerDuty REST"
    _block_type_slug = "countersign-pagerduty-rest"
    _description = "Who is on call, open incidents and maintenance windows."
    _documentation_url = HttpUrl("https://developer.pagerduty.com/api-reference/")
    _code_example = """
    ```python
    from blocks.pagerduty_rest import PagerDutyRest

    pagerduty = PagerDutyRest.load("BLOCK_NAME")
    pagerduty.list_open_incidents(["PIJ90N7"])
    ```"""
    called: ClassVar[str] = "PagerDuty"

    url: str = Field(default="https://api.pagerduty.com", description="Address of PagerDuty's REST API.")
    token: str = Field(default="PAGERDUTY_TOKEN", description="Name of the secret that holds the API key.")
    policy: str = Field(default="", description="Number of the escalation policy that releases ask about.")
    level: int = Field(default=1, ge=1, description="Level of the policy whose engineer is told before a release.")
    services: list[str] = Field(default_factory=list, description="Numbers of production's services.")

    def shown(self, secret: str) -> dict[str, str]:
        """Return the header in PagerDuty's own scheme, and the type that it wants on every request."""
        return {"Authorization": f"Token token={secret}", "Content-Type": "application/json"}

    @staticmethod
    def limit_of(response: httpx.Response) -> float | None:
        """Return the seconds until PagerDuty counts anew."""
        if response.status_code != 429:
            return None
        reset = response.headers.get("ratelimit-reset", "")
        return float(reset) if reset.isdecimal() else seconds_to_wait(response, default=1.0)

    def list_on_call(self, policy: str, since: datetime, until: datetime) -> tuple[OnCall, ...]:
        """Everybody who is on call by an escalation policy in this time, the first level first."""
        query: Query = {
            "escalation_policy_ids[]": [policy],
            "include[]": ["users"],
            "since": _spoken(since),
            "until": _spoken(until),
        }
        found = [answers.on_call(row) for page in self._pages("/oncalls", query, answers.OnCalls) for row in page.rows]
        if not found:
            raise Misconfigured(f"PagerDuty: nobody is on call by the policy {policy}; is there such a policy?")
        return tuple(sorted(dict.fromkeys(found), key=lambda one: (one.level, one.name)))

    def list_open_incidents(self, services: Sequence[str]) -> tuple[Incident, ...]:
        """Every incident of these services that is not resolved, however old."""
        statuses = ["triggered", "acknowledged"]
        return self._incidents({"service_ids[]": services, "statuses[]": statuses, "date_range": "all"})

    def list_incidents(self, services: Sequence[str], since: datetime, until: datetime) -> tuple[Incident, ...]:
        """Every incident of these services that began in this time, resolved or not."""
        return self._incidents({"service_ids[]": services, "since": _spoken(since), "until": _spoken(until)})

    def list_maintenance_windows(self, services: Sequence[str]) -> tuple[Maintenance, ...]:
        """The windows of any of these services that are open now or still to come."""
        query: Query = {"service_ids[]": services, "filter": "open"}
        pages = self._pages("/maintenance_windows", query, answers.Windows)
        return tuple(answers.maintenance(row) for page in pages for row in page.rows)

    def _incidents(self, query: Query) -> tuple[Incident, ...]:
        pages = self._pages("/incidents", query, answers.Incidents)
        found = {row.incident_number: answers.incident(row) for page in pages for row in page.rows}
        return tuple(incident for _, incident in sorted(found.items()))

    def _pages(self, path: str, query: Query, shape: type[_Page]) -> Iterator[_Page]:
        for offset in range(0, _FURTHEST, _PAGE):
            asked = {**query, "limit": _PAGE, "offset": offset}
            page = self._vendor.ask("GET", path, query=asked, scope=_SCOPE).read(shape)
            yield page
            if not page.more:
                return
        raise Refused(f"PagerDuty: more than {_FURTHEST} rows at {path}; it lists no more: ask for fewer services")


def _spoken(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
