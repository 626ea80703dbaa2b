"""The forms of what goes back: a roll-back, a revert, a roll-back of the database, a red flag, a broken hold."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from policy.form import EXPLAINED, EnvironmentName, Explanation, Form, KeyOfRelease, NameInRoster, WhatWasSeen
from policy.limits import Mode
from policy.red_flags import RaisedFlag
from policy.typed import line


class RollbackReason(StrEnum):
    """Why a person rolls production back (4.1)."""

    ERROR_RATE = "the error rate is high"
    FEATURE_BROKEN = "a critical feature is broken"
    PERFORMANCE = "performance degraded significantly"
    DATA_CORRUPTION = "data is corrupted"
    SECURITY_HOLE = "a security vulnerability was introduced"
    USER_REPORTS = "users report problems"


class RollbackRequest(Form):
    """Put production back to the version before the newest release (4.2.2)."""

    reason: RollbackReason = Field(description="4.1: what calls for a roll-back.")
    what_was_seen: WhatWasSeen
    requested_by: NameInRoster
    release: KeyOfRelease = Field(
        default="", description="The key of the release to undo. Empty: the newest one that changed a server."
    )
    mode: Mode = Field(default=Mode.RELEASE, description="plan: show what would happen and change nothing.")
    environment: EnvironmentName = Field(default="production", description="The environment to roll back.")


class RevertRequest(Form):
    """Propose on GitHub to take off main what a release brought (4.2.1)."""

    release: KeyOfRelease = Field(
        default="", description="The key of the release to revert. Empty: the newest one that was rolled back."
    )
    reason: Explanation = Field(description=f"Why, in one line of {EXPLAINED}. It is posted on GitHub.")
    requested_by: NameInRoster
    ticket: Annotated[str, line(0, 40)] = Field(
        default="", description="1.1.1: the ticket of the revert, if you need one."
    )
    environment: EnvironmentName = Field(default="production", description="The environment that was released to.")

    @property
    def named(self) -> str:
        """Which release is meant, as runs are called by it."""
        return self.release or "the newest that was rolled back"


class DatabaseRollbackRequest(Form):
    """Take back the migrations of a release, and put production back to the version before it (4.3)."""

    reason: RollbackReason = Field(description="4.1: what calls for a roll-back.")
    what_was_seen: WhatWasSeen
    requested_by: NameInRoster = Field(description="Your name, as in the roster; you cannot approve it yourself.")
    release: KeyOfRelease = Field(
        default="", description="The key of the release whose migrations go back. Empty: the newest one that migrated."
    )
    mode: Mode = Field(
        default=Mode.RELEASE,
        description="plan: judge 4.3.1, show every statement and every step, and change nothing.",
    )
    environment: EnvironmentName = Field(default="production", description="The environment to roll back.")


class RedFlagRequest(Form):
    """Send the release that is under way home (4.1)."""

    reason: RaisedFlag = Field(description="4.1: what calls for a roll-back.")
    what_was_seen: WhatWasSeen
    requested_by: NameInRoster
    environment: EnvironmentName = Field(default="production", description="The environment that is being released to.")


class BreakHoldRequest(Form):
    """Free an environment whose release neither ends nor is recovered; its servers are left as they are."""

    reason: Explanation = Field(description=f"Why the hold is broken, for the record, in {EXPLAINED}.")
    requested_by: NameInRoster
    although_it_lives: bool = Field(
        default=False,
        description="Break it although its process lives: a CTO or DevOps lead only, where a red flag does not help.",
    )
    environment: EnvironmentName = Field(default="production", description="The environment whose hold is broken.")
