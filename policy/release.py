"""What a person typed into the form, and the frozen facts that follow from it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator

from policy.form import EXPLAINED, Comment, CommitName, EnvironmentName, Explanation, Form, NameInRoster
from policy.items import Way
from policy.limits import Mode, RecordedLimits, Risk
from policy.risk import Commit
from policy.typed import AS_RECORDED, line, spelt, verbatim
from policy.wording import short

# How the key of a record ends that is of no release: of evidence gathered the day before, of a revert proposed.
PREPARE_SUFFIX, REVERT_SUFFIX = "-prepare", "-revert"
SUMMARY = line(8, 200)


class Request(Form):
    """A standard production release."""

    commit: CommitName = Field(
        default="",
        description="The commit on main to release, 7 to 40 hexadecimal digits. Leave it empty to name a pull request.",
    )
    pull_request: int = Field(
        default=0,
        ge=0,
        description="The number of the pull request to merge and release, instead of a commit. 0: the commit above.",
    )
    summary: Annotated[str, SUMMARY] = Field(
        description=f"What changes, in one line of {SUMMARY}. It is posted to the team."
    )
    requested_by: NameInRoster
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
        " observe: really release, and let no failed item stop it, except what section 6 asks of a migration.",
    )
    environment: EnvironmentName = Field(default="production", description="The environment to release to.")
    acknowledged: tuple[Annotated[str, line(1, 2000)], ...] = Field(
        default=(),
        description="1.1.5, 1.2.3: lint errors and breaking changes that you know of and that are all right, each by"
        " the name under which the check shows it. 4.2: a commit that was rolled back before goes out again only with"
        " `rolled back on DAY at TIME: ` and why it may; the refusal says what to type.",
    )
    flags: Mapping[str, str] = Field(
        default={}, description="1.2.4: the flags of this release, each with the value that it has in production."
    )

    @field_validator("pull_request", mode="before")
    @classmethod
    def _read_none(cls, value: object) -> object:
        """A record of an earlier version has none where none was named."""
        return 0 if value is None else value

    @property
    def named(self) -> str:
        """What is to be released, as runs are called by it: `c8249e3` or `#12`."""
        return f"#{self.pull_request}" if self.pull_request else short(self.commit)

    @property
    def is_built_on_servers(self) -> bool:
        """Whether the servers fetch and build the commit themselves (2.3), so that it may be a branch's."""
        return False

    @property
    def raised_to(self) -> Risk | None:
        """The risk that a person raised the release to, if anybody did."""
        return None if self.raise_risk_to == "as assessed" else Risk(self.raise_risk_to)


class ManualReason(StrEnum):
    """Why a release is built on the servers and not by the pipeline (2.3)."""

    PIPELINE_BROKEN = "the pipeline is broken"
    INFRASTRUCTURE = "the infrastructure changes"


class ManualRequest(Request):
    """A manual deployment (2.3): the servers fetch the commit and build it themselves."""

    asked_first: ClassVar[tuple[str, ...]] = ("commit", "pull_request", "summary", "reason", "explanation")

    commit: CommitName = Field(
        default="",
        description="The commit that the servers build, on main or on a branch of this repository, 7 to 40 hexadecimal"
        " digits. Leave it empty to name a pull request.",
    )
    pull_request: int = Field(
        default=0,
        ge=0,
        description="The number of the pull request whose newest commit the servers build, instead of a commit."
        " It is not merged. 0: the commit above.",
    )
    reason: ManualReason = Field(description="2.3: why the pipeline cannot do it.")
    explanation: Comment = Field(
        default="",
        description="2.3: what changes, or what is wrong with the pipeline. It may be left out only where the pipeline"
        " did not run.",
    )

    @property
    def is_built_on_servers(self) -> bool:
        """Always."""
        return True


class Urgency(StrEnum):
    """What makes a hotfix an emergency (5.1, 5.2.1)."""

    USERS_AFFECTED = "users are actively affected"
    HOLE_EXPLOITED = "a security vulnerability is being exploited"
    DATA_INTEGRITY = "the integrity of data is at stake"
    NOTHING = "none of these"


class DeployedBy(StrEnum):
    """How a hotfix gets to the servers (5.2.4)."""

    PIPELINE = "the pipeline (2.1)"
    SERVERS = "a build on the servers (2.3): faster, higher risk"


class HotfixRequest(Request):
    """An emergency hotfix (section 5)."""

    asked_first: ClassVar[tuple[str, ...]] = (
        *("commit", "pull_request", "deployed_by", "summary"),
        *("urgency", "can_wait", "explanation"),
        *("requested_by", "way_back_understood"),
        *("check_path", "check_status", "check_expects", "tried_by_hand", "watch_for"),
    )

    commit: CommitName = Field(
        default="",
        description="The commit of the fix, 7 to 40 hexadecimal digits: by the pipeline one on main, by a build on the"
        " servers also one that is on its own branch only. Leave it empty to name a pull request.",
    )
    pull_request: int = Field(
        default=0,
        ge=0,
        description="The number of the fix's pull request, instead of a commit: the pipeline releases what it becomes"
        " on main, a build on the servers its newest commit as it is. 0: the commit above.",
    )
    urgency: Urgency = Field(description="5.2.1: what makes it an emergency. With none of these it is refused.")
    can_wait: Literal["no", "yes"] = Field(
        description="5.2.1: whether it can wait until business hours. What can wait goes the standard way."
    )
    explanation: Explanation = Field(description=f"What is broken, for whom, since when, in {EXPLAINED}.")
    deployed_by: DeployedBy = Field(
        default=DeployedBy.PIPELINE,
        description="5.2.4: a build on the servers may release the branch itself; the back-merge is chased afterwards.",
    )
    check_path: Annotated[str, spelt(r"/\S*", "a path that begins with /")] = Field(
        default="",
        description="5.2.5: a path on production whose answer shows that the bug is gone, such as /api/patients/7."
        " It is asked before the first change, where it has to fail, and after the last. Empty: tried by hand.",
    )
    tried_by_hand: bool = Field(
        default=False,
        description="5.2.5, where no path shows the bug: I tried the fix by hand, and the bug was gone.",
    )
    check_status: int = Field(
        default=200, ge=100, le=599, description="5.2.5: the HTTP status of the answer when the bug is gone."
    )
    check_expects: Annotated[str, verbatim(200)] = Field(
        default="", description="5.2.5: text the answer then contains."
    )
    watch_for: Comment = Field(
        default="", description="5.2.6: what the team should watch for afterwards: side effects."
    )

    @field_validator("can_wait", mode="before")
    @classmethod
    def _read_switch(cls, value: object) -> object:
        """On the command line, and in a record of an earlier version, it is true or false."""
        return ("no", "yes")[value] if isinstance(value, bool) else value

    @property
    def is_built_on_servers(self) -> bool:
        """Whether it goes by option B of 5.2.4."""
        return self.deployed_by is DeployedBy.SERVERS

    @property
    def is_security(self) -> bool:
        """Whether a hole is being exploited: then 5.2.6 requires a post-mortem."""
        return self.urgency is Urgency.HOLE_EXPLOITED


_ANY_REQUEST = TypeAdapter[Request | HotfixRequest | ManualRequest](Request | HotfixRequest | ManualRequest)


class Release(BaseModel):
    """The frozen facts of one release; facts that two items need are fetched once, here."""

    model_config = ConfigDict(frozen=True)

    key: str
    environment: str
    way: Way
    request: Request | HotfixRequest | ManualRequest
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
    limits: RecordedLimits
    opened_at: datetime
    undoes: str = ""
    takes_back: tuple[str, ...] = ()

    @field_validator("request", mode="wrap")
    @classmethod
    def _read_as_recorded(cls, value: object, _handler: object) -> Request:
        """What an earlier version took was taken: its record is read, whatever is refused today."""
        return _ANY_REQUEST.validate_python(value, context=AS_RECORDED)

    @property
    def kept_under(self) -> str:
        """The key under which the servers keep the way back: a roll-back uses what the release kept."""
        return self.undoes or self.key

    @property
    def mode(self) -> Mode:
        """What this release may do."""
        return self.request.mode

    @property
    def is_built_on_servers(self) -> bool:
        """Whether the servers fetch and build the commit themselves (2.3)."""
        return self.way in (Way.MANUAL, Way.HOTFIX) and self.request.is_built_on_servers

    @property
    def watched_for(self) -> timedelta:
        """How long production is watched after the last server; a hotfix has a time of its own (5.2.5)."""
        return self.limits.hotfix_watch if self.way is Way.HOTFIX else self.limits.extended_watch

    @property
    def is_live_already(self) -> bool:
        """Whether the servers serve this very commit, so that no code lands with it."""
        return self.commit == self.previous_commit

    @property
    def what(self) -> str:
        """Name the release in one breath."""
        return f"{short(self.commit)} ({self.request.summary})"


class Build(BaseModel):
    """What 2.1.1 adds: the commit that was merged and the image that was built from it, by digest.

    What the servers built themselves (2.3) has an identity on each of them, and `digest` is the first server's.
    """

    model_config = ConfigDict(frozen=True)

    commit: str
    image: str
    digest: str
    merged_at: datetime | None
    run_url: str | None
    on_servers: Mapping[str, str] = {}

    def digest_on(self, server: str) -> str:
        """By what the new image is known on this server."""
        return self.on_servers.get(server, self.digest)

    def reference_on(self, server: str) -> str:
        """The image as the container engine of this server spells it."""
        return self.on_servers.get(server) or f"{self.image}@{self.digest}"

    @property
    def identity(self) -> str:
        """What is approved: the digest, or what each server built."""
        built = (f"{server} {identity}" for server, identity in sorted(self.on_servers.items()))
        return ", ".join(built) or self.digest
