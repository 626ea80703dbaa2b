"""Every number a rule compares with, the classes of risk, and what a flow may do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from policy.judgement import spoken
from policy.typed import AS_RECORDED


class Risk(StrEnum):
    """How risky a change set is (1.3.5)."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """Low is 0, high is 2."""
        return list(Risk).index(self)


class Mode(StrEnum):
    """What a flow that changes something may do."""

    RELEASE = "release"
    OBSERVE = "observe"
    PLAN = "plan"


@dataclass(frozen=True, slots=True)
class Least:
    """A limit that another one must reach, so many `times`: below it the two could never be right together."""

    name: str
    times: int = 1

    def find_missed(self, value: Any, others: Mapping[str, Any]) -> str:
        """Say what `value` does not reach; empty where it does, or where that is refused for itself."""
        least = others.get(self.name)
        if least is None or value >= least * self.times:
            return ""
        named = f"`{self.name}`, which is {spoken(least) if isinstance(least, timedelta) else least}"
        return named if self.times == 1 else f"{self.times} times {named}"


# Here nothing says "at once"; any other time is longer.
MAY_BE_NOTHING = frozenset(
    (
        *("warm_up", "roll_back_after", "consider_after", "unknown_patience"),
        *("wrong_code_delay", "choice", "drain", "drain_home"),
    )
)
# A limit is declared after those that it must reach.
LEAST: Mapping[str, Least] = {
    "error_rate_consider": Least("error_rate"),
    "error_rate_roll_back": Least("error_rate"),
    "p95_roll_back": Least("p95"),
    "of_samples": Least("red_samples"),
    "sample_age": Least("watch_interval"),
    "first_server_watch": Least("watch_interval"),
    "immediate_watch": Least("watch_interval"),
    "extended_watch": Least("immediate_watch"),
    "hotfix_watch": Least("immediate_watch"),
    "heartbeat_stale": Least("heartbeat", times=2),
    "coverage_critical": Least("coverage"),
}


class Limits(BaseModel):
    """Every number of the checklist; the defaults are the checklist's own. What could never be right is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)

    error_rate: float = Field(
        default=0.01, gt=0, lt=1, description="1.4.2, 3.1.5: the share of failed requests is below."
    )
    error_rate_consider: float = Field(
        default=0.02, gt=0, lt=1, description="4.1: above it for `consider_after`, people are asked."
    )
    error_rate_roll_back: float = Field(
        default=0.05, gt=0, lt=1, description="2.1, 4.1: above it production is rolled back."
    )
    roll_back_after: timedelta = Field(
        default=timedelta(minutes=5), description="4.1: how long the rate must stay high after the roll-out."
    )
    consider_after: timedelta = Field(
        default=timedelta(minutes=15), description="4.1: how long it must last before people are asked."
    )
    p95: timedelta = Field(default=timedelta(milliseconds=500), description="3.1.5: p95 latency is below.")
    p95_roll_back: timedelta = Field(
        default=timedelta(milliseconds=2000), description="2.1, 4.1: above it production is rolled back."
    )
    p95_factor: float = Field(
        default=2.0, gt=1, description="2.1: more than so many times its value before is doubled."
    )
    same_factor: float = Field(
        default=2.0,
        gt=1,
        description="4.1: as bad as elsewhere is at most so many times as bad; more is this release.",
    )
    least_requests: int = Field(default=20, ge=1, description="Fewer requests in a window are too few to judge.")
    least_errors: int = Field(default=3, ge=1, description="Fewer failed requests are never a red flag.")
    red_samples: int = Field(default=2, ge=1, description="k of n: so many bad samples make a red flag.")
    of_samples: int = Field(default=3, ge=1, description="k of n: of the newest so many samples.")
    watch_interval: timedelta = Field(default=timedelta(seconds=15), description="How often the watch looks.")
    sample_age: timedelta = Field(
        default=timedelta(minutes=2), description="An older sample is stale and counts as unknown."
    )
    watch_window: timedelta = Field(
        default=timedelta(minutes=1), description="The span one sample of the metrics covers."
    )
    warm_up: timedelta = Field(
        default=timedelta(seconds=30),
        description="2.1.4: latency so soon after a boot is not compared.",
    )
    first_server_watch: timedelta = Field(
        default=timedelta(minutes=10), description="2.1.3: how long the first server is watched."
    )
    immediate_watch: timedelta = Field(
        default=timedelta(minutes=15), description="3.1: how long after the last server it is verified."
    )
    extended_watch: timedelta = Field(
        default=timedelta(minutes=60), description="3.2: how long after the last server it is watched."
    )
    hotfix_watch: timedelta = Field(
        default=timedelta(minutes=30),
        description="5.2.5: how long a hotfix is watched after the last server, 30-60 min.",
    )
    hotfix_commits: int = Field(default=5, ge=1, description="5.2.2: a hotfix has at most so many commits.")
    hotfix_files: int = Field(default=10, ge=1, description="5.2.2: a hotfix changes at most so many files.")
    unknown_patience: timedelta = Field(
        default=timedelta(minutes=5), description="How long evidence may be missing before a person is asked."
    )
    traffic_share: float = Field(
        default=0.5, gt=0, lt=1, description="3.1.5: traffic below this share of last week's is not as usual."
    )
    cpu: float = Field(default=0.70, gt=0, lt=1, description="3.2.4: the share of the processors in use.")
    memory: float = Field(default=0.80, gt=0, lt=1, description="3.2.4: the share of the memory in use.")
    disk: float = Field(default=0.80, gt=0, lt=1, description="3.2.4: the share of the disk in use.")
    connections: float = Field(default=0.80, gt=0, lt=1, description="3.2.4: the share of the pool in use.")
    memory_growth: float = Field(
        default=0.10, gt=0, description="3.2.1: memory that grew steadily by more than this share is a leak."
    )
    audit_window: timedelta = Field(
        default=timedelta(minutes=15), description="3.2.3: the audit log must have grown within it."
    )
    audit_share: float = Field(
        default=0.9, gt=0, le=1, description="3.2.3: so many of the requests that must leave an audit row left one."
    )
    support_factor: float = Field(
        default=2.0, gt=1, description="3.4.2: more people than so many times the usual wrote to support."
    )
    support_least_more: int = Field(default=5, ge=1, description="3.4.2: and at least so many more than usual.")
    backup_age: timedelta = Field(default=timedelta(hours=24), description="1.4.3: at most so old.")
    backup_share: float = Field(
        default=0.5, gt=0, lt=1, description="1.4.3: smaller than this share of the usual size is suspicious."
    )
    approval: timedelta = Field(
        default=timedelta(minutes=30), description="2.1.4: how long an answer is awaited; then roll back."
    )
    wrong_code_delay: timedelta = Field(
        default=timedelta(seconds=10), description="2.1.4: how long an answer waits at most after wrong codes."
    )
    reminder: timedelta = Field(default=timedelta(minutes=10), description="How often approvers are reminded.")
    choice: timedelta = Field(
        default=timedelta(minutes=10), description="After a crash, servers healthy: time to choose."
    )
    batch_servers: int = Field(
        default=1, ge=1, description="2.1.5: so many of the remaining servers are updated at once."
    )
    may_be_down: float = Field(
        default=0.5, gt=0, lt=1, description="2.1.5: at most this share of the servers is without requests at a time."
    )
    drain: timedelta = Field(default=timedelta(seconds=60), description="How long a server may empty.")
    drain_home: timedelta = Field(default=timedelta(seconds=10), description="On the way home; then sessions are cut.")
    boot: timedelta = Field(
        default=timedelta(minutes=2), description="How long a server may take from start to healthy."
    )
    build: timedelta = Field(default=timedelta(minutes=30), description="2.1.1: how long CI may take.")
    staging: timedelta = Field(
        default=timedelta(minutes=10), description="1.3.1: how long staging may take to serve it."
    )
    prepared: timedelta = Field(
        default=timedelta(hours=24), description="How old evidence of `prepare` may be at most; some items keep less."
    )
    staging_watch: timedelta = Field(
        default=timedelta(minutes=10),
        description="1.3.3: how long staging is watched, from its start on; a release waits for the rest of it.",
    )
    load_share: float = Field(
        default=0.95, gt=0, le=1, description="1.3.3: so much of the load that was asked for must have been sent."
    )
    migration: timedelta = Field(
        default=timedelta(minutes=5),
        description="6.1.3: a migration that takes longer needs off-hours and a maintenance.",
    )
    lock_timeout: timedelta = Field(
        default=timedelta(seconds=2), description="6.3.2: a migration waits for a lock, and lets others wait, so long."
    )
    migration_patience: timedelta = Field(
        default=timedelta(minutes=30), description="6.3.2: how long the migrations of a release may take altogether."
    )
    backfill_keys: int = Field(
        default=5_000, ge=1, description="6.3.1: at most so many keys make a batch of a backfill."
    )
    backfill_batch: timedelta = Field(
        default=timedelta(seconds=1),
        description="6.3.1: a batch that takes longer is followed by a smaller one; after ten times as long it ends.",
    )
    backfill_patience: timedelta = Field(
        default=timedelta(hours=6), description="6.3.1: how long a backfill may take; what it did is kept."
    )
    clock: timedelta = Field(
        default=timedelta(seconds=5), description="`doctor`: a server's clock is off by at most so much."
    )
    heartbeat: timedelta = Field(default=timedelta(seconds=10), description="How often a hold shows life.")
    heartbeat_stale: timedelta = Field(
        default=timedelta(seconds=45), description="A hold that was silent for longer may be taken over."
    )
    dead_man: timedelta = Field(
        default=timedelta(minutes=5),
        description="How long after the last heartbeat a message of Slack's own says that servers differ.",
    )
    coverage: float = Field(default=0.70, gt=0, le=1, description="1.1.3: test coverage at least.")
    coverage_critical: float = Field(
        default=0.90, gt=0, le=1, description="1.1.3: the same where security-critical paths changed."
    )
    on_call_patience: timedelta = Field(
        default=timedelta(minutes=10), description="1.3.8: how long whoever is on call has to confirm."
    )
    roll_out: timedelta = Field(
        default=timedelta(minutes=15), description="1.3.7, 1.3.9: how long people are told that the roll-out takes."
    )
    alert_age: timedelta = Field(
        default=timedelta(minutes=15), description="1.4.2: an alert rule was evaluated within it."
    )
    new_errors: timedelta = Field(
        default=timedelta(minutes=15),
        description="3.1.4: no kind of error was first seen within it, nor since the first change.",
    )
    slow_query: timedelta = Field(
        default=timedelta(milliseconds=100), description="3.2.2: a query that takes longer on average is slow."
    )
    slow_query_calls: int = Field(
        default=20, ge=1, description="3.2.2: a query that ran fewer times since the release began is not judged."
    )
    target_frequency: float = Field(default=1.0, gt=0, description="9.1: more releases a week than this.")
    target_lead_time: timedelta = Field(
        default=timedelta(hours=1), description="9.1: from merge until live everywhere, less than this."
    )
    target_success: float = Field(default=0.95, gt=0, lt=1, description="9.1: a greater share succeeds.")
    target_rollback: float = Field(default=0.05, gt=0, lt=1, description="9.1: a smaller share goes back.")
    target_recovery: timedelta = Field(
        default=timedelta(minutes=10), description="9.1: mean time to recovery, less than this."
    )
    releases_a_day: int = Field(default=3, ge=1, description="7.2.1: more releases in one day are many.")
    batch_commits: int = Field(default=20, ge=1, description="7.2.1: more commits in one release are many.")

    @field_validator("*")
    @classmethod
    def _refuse_what_is_never_right(cls, value: Any, info: ValidationInfo) -> Any:
        """What an earlier version recorded is read as it was written."""
        name = str(info.field_name)
        if info.context is AS_RECORDED:
            return value
        if isinstance(value, timedelta):
            _refuse_no_time(value, may_be_nothing=name in MAY_BE_NOTHING)
        if name in LEAST and (missed := LEAST[name].find_missed(value, info.data)):
            raise PydanticCustomError("limit", "expected at least {missed}", {"missed": missed})
        return value


def _refuse_no_time(value: timedelta, *, may_be_nothing: bool) -> None:
    if may_be_nothing and value < timedelta(0):
        raise PydanticCustomError("limit", "expected 0 s or more")
    if not may_be_nothing and value <= timedelta(0):
        raise PydanticCustomError("limit", "expected more than 0 s")


def _read_as_recorded(value: object) -> object:
    return value if isinstance(value, Limits) else Limits.model_validate(value, context=AS_RECORDED)


RecordedLimits = Annotated[Limits, BeforeValidator(_read_as_recorded)]
