"""Jira: a ticket, whether it is done, closing it with a link to its release, and how many people wrote to support.

Follows Jira Cloud's API description (version 3). A ticket is asked for by its key: the search does not show at once
what was written. A link carries our own number, so linking twice changes nothing.
"""

import base64
from datetime import timedelta
from typing import ClassVar

from pydantic import BaseModel, Field, HttpUrl

from blocks.errors import Refused, Unreachable
from blocks.tickets import Ticket
from blocks.vendor import Answer
from blocks.vendor_block import VendorBlock

_READ, _WRITE = "the scope read:jira-work", "the scope write:jira-work"
_DONE = "done"


class _Category(BaseModel):
    key: str


class _Status(BaseModel):
    name: str
    category: _Category = Field(alias="statusCategory")


class _Fields(BaseModel):
    summary: str
    status: _Status


class _Issue(BaseModel):
    key: str
    fields: _Fields


class _Transition(BaseModel):
    id: str
    to: _Status


class _Transitions(BaseModel):
    transitions: list[_Transition]


class _Link(BaseModel):
    id: int


class _Count(BaseModel):
    count: int


class Jira(VendorBlock):
    """One site of Jira Cloud."""

    _block_type_name = "Countersign Jira"
    _block_type_slug = "countersign-jira"
    _description = "Tickets: read, linked and closed."
    _documentation_url = HttpUrl("https://developer.atlassian.com/cloud/jira/platform/rest/v3/")
    _code_example = """
    ```python
    from blocks.jira import Jira

    jira = Jira.load("BLOCK_NAME")
    jira.read_ticket("HOLI-7")
    ```"""
    called: ClassVar[str] = "Jira"

    url: str = Field(description="Address of the site, such as https://holilabs.atlassian.net.")
    user: str = Field(description="E-mail of the account that the token belongs to.")
    token: str = Field(default="JIRA_TOKEN", description="Name of the secret that holds the API token.")
    done_status: str = Field(default="Done", description="Name of the status that a closed ticket gets.")
    support: str = Field(
        default="",
        description="JQL that finds what people wrote to support, such as `project = SUP`; empty where Jira does not"
        " have it.",
    )

    def shown(self, secret: str) -> dict[str, str]:
        """Return the header of Atlassian's basic authentication."""
        pair = base64.b64encode(f"{self.user}:{secret}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}

    def read_ticket(self, key: str) -> Ticket:
        """The ticket with this key."""
        query = {"fields": "summary,status"}
        answer = self._vendor.ask("GET", self._at(key), query=query, scope=_READ, understood=(404,))
        found = self._there(answer, key).read(_Issue)
        status = found.fields.status
        page = f"{self.url.rstrip('/')}/browse/{found.key}"
        return Ticket(found.key, found.fields.summary, status.name, status.category.key == _DONE, page)

    def close_ticket(self, key: str) -> Ticket:
        """The ticket is done; done before counts as done."""
        ticket = self.read_ticket(key)
        if ticket.done:
            return ticket
        path = self._at(key, "/transitions")
        ways = self._vendor.ask("GET", path, scope=_READ).read(_Transitions).transitions
        numbers = [way.id for way in ways if way.to.name == self.done_status]
        if not numbers:
            names = ", ".join(sorted(way.to.name for way in ways)) or "nowhere"
            raise Refused(f"Jira: {key} stands in {ticket.state} and cannot go to {self.done_status}, only to {names}")
        try:
            self._vendor.ask("POST", path, body={"transition": {"id": numbers[0]}}, scope=_WRITE)
        except (Unreachable, Refused):
            # The answer may be lost and the ticket closed: only looking can tell.
            if (seen := self.read_ticket(key)).done:
                return seen
            raise
        return self.read_ticket(key)

    def link_release(self, key: str, release: str, *, url: str, title: str) -> None:
        """The ticket shows one link to the release, however often this is called."""
        body = {"globalId": f"countersign={release}", "object": {"url": url, "title": title}}
        answer = self._vendor.ask("POST", self._at(key, "/remotelink"), body=body, scope=_WRITE, understood=(404,))
        self._there(answer, key).read(_Link)

    def count_support(self, since: timedelta, until: timedelta = timedelta(0)) -> int:
        """How many people wrote to support between so long ago and so long ago, as Jira estimates it.

        Times are said as minutes before now: Jira reads a date in the time zone of the token's account.
        """
        jql = f"({self.support}) AND created >= -{_minutes(since)}m AND created < -{_minutes(until)}m"
        path = "/rest/api/3/search/approximate-count"
        return self._vendor.ask("POST", path, body={"jql": jql}, scope=_READ).read(_Count).count

    def _there(self, answer: Answer, key: str) -> Answer:
        if answer.status == 404:
            raise Refused(f"Jira has no ticket {key} that the secret {self.token} may see")
        return answer

    def _at(self, key: str, more: str = "") -> str:
        if not key.replace("-", "").isalnum():
            raise Refused(f"{key!r} is no key of a ticket; expected one such as HOLI-7")
        return f"/rest/api/3/issue/{key}{more}"


def _minutes(span: timedelta) -> int:
    return -(span // -timedelta(minutes=1))
