"""What a person typed into the form, and the frozen facts that follow from it."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from policy.items import Way
from policy.limits import Limits, Mode, Risk
from policy.red_flags import RaisedFlag
from policy.risk import Commit

# How the key of a record ends that is of no release: of evidence gathered the day before, of a revert proposed.
PREPARE_SUFFIX, REVERT_SUFFIX = "-prepare", "-revert"


class Request(BaseModel):
    """A standard production release."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    commit: str = Field(
        default="",
        pattern=r"^([0-9a-f]{7,40})?$",
        description="The commit on main to release, 7 to 40 hexadecimal digits. Leave it empty to name a pull request.",
    )
    pull_request: int | None = Field(
        default=None, gt=0, description="The pull request to merge and release, instead of a commit."
    )
    summary: str = Field(
        min_length=8, max_length=200, description="What changes, in one line. It is posted to the team."
    )
    requested_by: str = Field(min_length=1, description="Your name, as in the roster.")
    way_back_understood: bool = Field(description="1.4.5: I know how to roll back, also by hand (docs/runbook.md).")
    incident_team_confirmed: bool = Field(
        default=False,
        description="1.4.4, for high risk: CTO, DevOps lead and on-call have confirmed that they are there.",
    )
    raise_risk_to: Literal["as assessed", "medium", "high"] = Field(
        default="as assessed", description="1.3.5: a person may raise the assessed risk, never lower it."
    )
    ask_for_waivers: bool = Field(
        default=False,
        description="If checks fail before the first change, wait for somebody entitled to waive them, row by row."
        " Otherwise the release ends there.",
    )
    mode: Mode = Field(
        default=Mode.RELEASE,
        description="release: do it. plan: judge 1.1 to 1.4, show every step, change nothing in production."
        " observe: really release, and let no failed item stop it.",
    )
    environment: str = Field(default="production", description="The environment to release to.")
    acknowledged: tuple[str, ...] = Field(
        default=(),
        description=(
            "1.1.5, 1.2.3: lint errors and breaking changes that you know of and that are all right, each by the name"
            " under which the check shows it. 4.2: a commit that was rolled back before goes out again only with"
            " `rolled back on DAY: ` and why it may; the refusal says what to type."
        ),
    )
    flags: Mapping[str, str] = Field(
        default={}, description="1.2.4: the flags of this release, each with the value that it has in production."
    )

    @property
    def raised_to(self) -> Risk | None:
        """The risk that a person raised the release to, if anybody did."""
        return None if self.raise_risk_to == "as assessed" else Risk(self.raise_risk_to)


class Urgency(StrEnum):
    """Why a hotfix cannot wait (5.2.1)."""

    USERS_AFFECTED = "users are actively affected"
    HOLE_EXPLOITED = "a security vulnerability is being exploited"
    DATA_INTEGRITY = "the integrity of data is at stake"
    CAN_WAIT = "it can wait until business hours"


class HotfixRequest(Request):
    """An emergency hotfix (section 5)."""

    urgency: Urgency = Field(description="5.2.1: is this truly an emergency? What can wait goes the standard way.")
    explanation: str = Field(min_length=8, max_length=500, description="What is broken, for whom, since when.")
    check_path: str = Field(
        default="",
        pattern=r"^(/\S*)?$",
        description="5.2.5: a path on production whose answer shows that the bug is gone, such as /api/patients/7.",
    )
    check_expects: str = Field(default="", max_length=200, description="5.2.5: text the answer then contains.")


class RollbackReason(StrEnum):
    """Why a person rolls production back (4.1)."""

    ERROR_RATE = "the error rate is high"
    FEATURE_BROKEN = "a critical feature is broken"
    PERFORMANCE = "performance degraded significantly"
    DATA_CORRUPTION = "data is corrupted"
    SECURITY_HOLE = "a security vulnerability was introduced"
    USER_REPORTS = "users report problems"


class RollbackRequest(BaseModel):
    """Put production back to the version before the newest release (4.2.2)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: RollbackReason = Field(description="4.1: what calls for a roll-back.")
    what_was_seen: str = Field(min_length=8, max_length=500, description="What you saw, in one line.")
    requested_by: str = Field(min_length=1, description="Your name, as in the roster.")
    release: str = Field(
        default="", description="The key of the release to undo. Empty: the newest one that changed a server."
    )
    mode: Mode = Field(default=Mode.RELEASE, description="plan: show what would happen and change nothing.")
    environment: str = Field(default="production", description="The environment to roll back.")


class RevertRequest(BaseModel):
    """Propose on GitHub to take off main what a release brought (4.2.1)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    release: str = Field(
        default="", description="The key of the release to revert. Empty: the newest one that was rolled back."
    )
    reason: str = Field(min_length=8, max_length=500, description="Why, in one line. It is posted on GitHub.")
    requested_by: str = Field(min_length=1, description="Your name, as in the roster.")
    ticket: str = Field(default="", max_length=40, description="1.1.1: the ticket of the revert, if you need one.")
    environment: str = Field(default="production", description="The environment that was released to.")


class DatabaseRollbackRequest(BaseModel):
    """Take back the migrations of a release, and put production back to the version before it (4.3)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: RollbackReason = Field(description="4.1: what calls for a roll-back.")
    what_was_seen: str = Field(min_length=8, max_length=500, description="What you saw, in one line.")
    requested_by: str = Field(min_length=1, description="Your name, as in the roster; you cannot approve it yourself.")
    release: str = Field(
        default="", description="The key of the release whose migrations go back. Empty: the newest one that migrated."
    )
    mode: Mode = Field(
        default=Mode.RELEASE,
        description="plan: judge 4.3.1, show every statement and every step, and change nothing.",
    )
    environment: str = Field(default="production", description="The environment to roll back.")


class RedFlagRequest(BaseModel):
    """Send the release that is under way home (4.1)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: RaisedFlag = Field(description="4.1: what calls for a roll-back.")
    what_was_seen: str = Field(min_length=8, max_length=500, description="What you saw, in one line.")
    requested_by: str = Field(min_length=1, description="Your name, as in the roster.")
    environment: str = Field(default="production", description="The environment that is being released to.")


class BreakHoldRequest(BaseModel):
    """Free an environment whose release neither ends nor is recovered; its servers are left as they are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: str = Field(min_length=8, max_length=500, description="Why the hold is broken, for the record.")
    requested_by: str = Field(min_length=1, description="Your name, as in the roster.")
    environment: str = Field(default="production", description="The environment whose hold is broken.")


class Release(BaseModel):
    """The frozen facts of one release; facts that two items need are fetched once, here."""

    model_config = ConfigDict(frozen=True)

    key: str
    environment: str
    way: Way
    request: Request | HotfixRequest
    commit: str
    previous_commit: str
    commits: tuple[Commit, ...]
    files: tuple[str, ...]
    complete: bool
    gone: tuple[str, ...] = ()
    commits_said: int | None = None
    migrations: tuple[str, ...]
    risk: Risk
    reasons: tuple[str, ...]
    servers: tuple[str, ...]
    limits: Limits
    opened_at: datetime
    undoes: str = ""
    takes_back: tuple[str, ...] = ()

    @property
    def kept_under(self) -> str:
        """The key under which the servers keep the way back: a roll-back uses what the release kept."""
        return self.undoes or self.key

    @property
    def mode(self) -> Mode:
        """What this release may do."""
        return self.request.mode

    @property
    def is_live_already(self) -> bool:
        """Whether the servers serve this very commit, so that no code lands with it."""
        return self.commit == self.previous_commit

    @property
    def what(self) -> str:
        """Name the release in one breath."""
        return f"{self.commit[:7]} ({self.request.summary})"


class Build(BaseModel):
    """What 2.1.1 adds: the commit that was merged and the image that was built from it, by digest."""

    model_config = ConfigDict(frozen=True)

    commit: str
    image: str
    digest: str
    merged_at: datetime | None
    run_url: str | None

    @property
    def reference(self) -> str:
        """The image as a container engine spells it."""
        return f"{self.image}@{self.digest}"
