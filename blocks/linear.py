"""Linear: a ticket, whether it is done, and closing it with a link to its release.

Follows Linear's GraphQL schema. A limit, a refusal and a missing ticket all come as errors in the body, under 200 or
400; so the code there decides, not the status. An address is attached to a ticket once: attaching again changes it.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

import httpx
from pydantic import Field, HttpUrl, ValidationError

from blocks import linear_answers as answers
from blocks.errors import Misconfigured, Refused, Unreachable
from blocks.tickets import Ticket
from blocks.vendor import seconds_until
from blocks.vendor_block import VendorBlock

_FINISHED = frozenset({"completed", "canceled"})
_TICKET = "id identifier title url state { name type }"
_READ = f"query Ticket($id: String!) {{ issue(id: $id) {{ {_TICKET} }} }}"
_STATES = """query States($id: String!) {
  issue(id: $id) { team { states(first: 250) { nodes { id name type } } } }
}"""
_CLOSE = f"""mutation Close($id: String!, $state: String!) {{
  issueUpdate(id: $id, input: {{ stateId: $state }}) {{ success issue {{ {_TICKET} }} }}
}}"""
_ATTACH = """mutation Attach($input: AttachmentCreateInput!) {
  attachmentCreate(input: $input) { success attachment { id } }
}"""


_Shape = TypeVar("_Shape", answers.TicketAnswer, answers.StatesAnswer, answers.Closed, answers.Attached)


class Linear(VendorBlock):
    """One workspace on Linear."""

    _block_type_name = "Countersign Linear"
    _block_type_slug = "countersign-linear"
    _description = "Tickets: read, linked and closed."
    _documentation_url = HttpUrl("https://linear.app/developers")
    _code_example = """
    ```python
    from blocks.linear import Linear

    linear = Linear.load("BLOCK_NAME")
    linear.read_ticket("HOLI-7")
    ```"""
    called: ClassVar[str] = "Linear"

    url: str = Field(default="https://api.linear.app", description="Address of Linear's API, without /graphql.")
    token: str = Field(default="LINEAR_TOKEN", description="Name of the secret that holds the API key.")
    done_status: str = Field(default="Done", description="Name of the state that a closed ticket gets.")

    def shown(self, secret: str) -> dict[str, str]:
        """Return the header as Linear wants it for a key."""
        return {"Authorization": secret}

    @staticmethod
    def limit_of(response: httpx.Response) -> float | None:
        """Return the seconds until Linear counts anew; its moment is in milliseconds."""
        if response.status_code != 429 and not answers.says_limited(response.content):
            return None
        moment = response.headers.get("x-ratelimit-requests-reset", "")
        return seconds_until(response, float(moment) / 1000) if moment.isdecimal() else 60.0

    def read_ticket(self, key: str) -> Ticket:
        """The ticket with this key."""
        return _ticket(self._issue(key))

    def close_ticket(self, key: str) -> Ticket:
        """The ticket is done; done before counts as done."""
        issue = self._issue(key)
        if issue.state.type in _FINISHED:
            return _ticket(issue)
        states = self._ask(_STATES, {"id": issue.id}, answers.StatesAnswer, key).issue.team.states.nodes
        numbers = [state.id for state in states if state.name == self.done_status]
        if not numbers:
            names = ", ".join(state.name for state in states)
            raise Refused(f"Linear: the team of {key} has no state {self.done_status}, only {names}")
        # Setting a state twice changes nothing, so a lost answer is met by asking again.
        if not self._ask(_CLOSE, {"id": issue.id, "state": numbers[0]}, answers.Closed, key).done.success:
            raise Refused(f"Linear did not close {key}, and did not say why")
        return self.read_ticket(key)

    def link_release(self, key: str, release: str, *, url: str, title: str) -> None:
        """The ticket shows one link to the release, however often this is called."""
        given = {"issueId": self._issue(key).id, "url": url, "title": title, "subtitle": release}
        if not self._ask(_ATTACH, {"input": given}, answers.Attached, key).done.success:
            raise Refused(f"Linear did not attach {url} to {key}, and did not say why")

    def _issue(self, key: str) -> answers.Issue:
        return self._ask(_READ, {"id": key}, answers.TicketAnswer, key).issue

    def _ask(self, query: str, variables: Mapping[str, Any], shape: type[_Shape], key: str) -> _Shape:
        body = {"query": query, "variables": dict(variables)}
        answer = self._vendor.ask("POST", "/graphql", body=body, understood=(400, 401, 403))
        read = answer.read(answers.Body)
        for error in read.errors:
            self._raise(error, key)
        if read.data is None:
            raise Unreachable(f"Linear: an answer about {key} with neither data nor errors ({answer.status})")
        try:
            return shape.model_validate(read.data)
        except ValidationError as error:
            raise Unreachable(
                f"Linear: the answer about {key} is not as expected ({error.errors()[0]['msg']})"
            ) from None

    def _raise(self, error: answers.Error, key: str) -> None:
        code = error.extensions.code
        if code == "AUTHENTICATION_ERROR":
            raise Misconfigured(f"Linear does not accept the secret {self.token}: {error.message}")
        if code == "FORBIDDEN":
            needed = "it needs the scope write"
            raise Misconfigured(f"Linear: the secret {self.token} may not do this to {key}; {needed}: {error.message}")
        if error.message.startswith("Entity not found"):
            raise Refused(f"Linear has no ticket {key} that the secret {self.token} may see")
        raise Refused(f"Linear refused a question about {key}: {error.message}")


def _ticket(issue: answers.Issue) -> Ticket:
    state = issue.state
    return Ticket(issue.identifier, issue.title, state.name, state.type in _FINISHED, issue.url)
