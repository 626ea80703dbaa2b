"""The shapes of Linear's answers as far as they are read."""

from typing import Any

from pydantic import BaseModel, Field, ValidationError


class Extensions(BaseModel):
    """What an error says to programs."""

    code: str = ""


class Error(BaseModel):
    """An error in the body of an answer."""

    message: str
    extensions: Extensions = Extensions()


class State(BaseModel):
    """A state of a workflow."""

    id: str = ""
    name: str
    type: str


class Issue(BaseModel):
    """A ticket."""

    id: str
    identifier: str
    title: str
    url: str
    state: State


class TicketAnswer(BaseModel):
    """The answer to a question for a ticket."""

    issue: Issue


class Nodes(BaseModel):
    """A list of states."""

    nodes: list[State]


class Team(BaseModel):
    """A team with its states."""

    states: Nodes


class OfTeam(BaseModel):
    """A ticket, as far as its team goes."""

    team: Team


class StatesAnswer(BaseModel):
    """The answer to a question for the states of a team."""

    issue: OfTeam


class Success(BaseModel):
    """Whether something was done."""

    success: bool


class Closed(BaseModel):
    """The answer to closing a ticket."""

    done: Success = Field(alias="issueUpdate")


class Attached(BaseModel):
    """The answer to attaching an address."""

    done: Success = Field(alias="attachmentCreate")


class Body(BaseModel):
    """Every answer: data, or errors, or both."""

    data: dict[str, Any] | None = None
    errors: list[Error] = []


def says_limited(content: bytes) -> bool:
    """Whether an answer says by its code that there were too many calls; the word in a ticket's title says nothing."""
    try:
        errors = Body.model_validate_json(content).errors
    except ValidationError:
        return False
    return any(error.extensions.code == "RATELIMITED" for error in errors)
