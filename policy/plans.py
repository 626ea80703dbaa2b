"""What a way home is planned from, and what it may come to."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from policy.judgement import Verdict


class Cause(StrEnum):
    """Why a release does not simply go on."""

    CHECKS_FAILED = "a check failed"
    RED_FLAG = "red flag"
    REFUSED = "approval refused"
    CHOSEN = "people decided"
    EXPIRED = "no approval in time"
    STEP_FAILED = "a step failed"
    HOLD_LOST = "the hold could not be kept"
    CANCELLED = "the run was cancelled"
    DELETED = "the run was deleted in Prefect"
    UNSEALED = "the run ended without sealing its record"
    DIED = "the process died"
    PRE_EMPTED = "a roll-back or a hotfix needs the environment"
    ROLLBACK_ASKED = "a person asked for the roll-back"
    STAY = "people decided to stay"


@dataclass(frozen=True, slots=True)
class Why:
    """The cause and the sentence with what was measured.

    `since` is when a dead process was last alive; without it the time in which people may choose is over.
    """

    cause: Cause
    sentence: str
    since: datetime | None = None

    @property
    def said(self) -> str:
        """The cause with its sentence."""
        return say_why(self.cause, self.sentence)


def say_why(cause: str, sentence: str) -> str:
    """Return the cause with its sentence, which may begin with the cause itself."""
    return sentence if sentence.startswith(cause) else f"{cause}: {sentence}"


@dataclass(frozen=True, slots=True)
class ServerState:
    """One server as it is now; `digest` is None where no container exists or the host does not answer.

    `version` is the commit that it says it serves; what was `built_there` has a digest that no other server has.
    `fault` says what keeps it from serving, in the words of whoever said so; empty where nothing does.
    """

    name: str
    reachable: bool
    digest: str | None
    health: Verdict
    in_rotation: bool | None
    held: bool = False
    version: str | None = None
    built_there: bool = False
    fault: str = ""


class Migrating(StrEnum):
    """What the database says of the migrations that a release began, or that a roll-back of it takes back."""

    UNKNOWN = "the database was not asked, or did not answer"
    RUNNING = "somebody is at it"
    FAILED = "one began and never finished"
    NOTHING = "none was applied, and nobody is at it"
    DONE = "all were applied"


@dataclass(frozen=True, slots=True)
class World:
    """Every server, looked at now; without a balancer nobody can say which of them get requests."""

    servers: tuple[ServerState, ...]
    balanced: bool = True
    migrating: Migrating = Migrating.UNKNOWN


@dataclass(frozen=True, slots=True)
class Nothing:
    """No server was touched, or the release had already ended: there is nothing to bring home."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Forward:
    """Every server was updated and verified: what is left is to sign off."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Back:
    """Put the named servers back, in this order; those out of reach are named to people.

    So are those that `came_since` the release that is undone: nothing of it is kept there.
    """

    servers: tuple[str, ...]
    out_of_reach: tuple[str, ...]
    sentence: str
    came_since: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """Servers differ but are healthy: people may choose until then."""

    until: datetime
    sentence: str


@dataclass(frozen=True, slots=True)
class Stuck:
    """Nothing may be touched; people are told which server is where.

    `image_fits` is false where the commands that put the previous image back would break production.
    """

    sentence: str
    image_fits: bool = True


@dataclass(frozen=True, slots=True)
class Restart:
    """A roll-back of the database did not come to it: start the application again on the version that it had."""

    servers: tuple[str, ...]
    out_of_reach: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Watching:
    """The database may be at it: nothing is touched until it says that it is done, and people know."""

    sentence: str


Plan = Nothing | Forward | Back | Wait | Stuck | Restart | Watching
