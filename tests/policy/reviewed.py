"""A pull request with two commits by one person, for the rules about its reviews."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from policy.limits import Risk
from policy.review_facts import PullCommit, Review, ReviewedPull, Thread
from policy.reviews import Reviewers, ReviewRules
from policy.roles import Roster
from policy.sensitive_paths import SensitivePaths

START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
ROSTER = Roster.model_validate(
    {
        "people": [
            {"name": "Ana Souza", "roles": ["tech lead"], "github": ["ana", "ana-work"]},
            {"name": "Tomas Lima", "roles": ["cto"], "github": ["tomas"]},
            {"name": "Sofia Reyes", "roles": ["security lead"], "github": ["sofia"], "emails": ["sofia@home.xyz"]},
            {"name": "Marco Polo", "roles": ["devops lead"], "github": ["marco"]},
            {
                "name": "Dev Anand",
                "github": ["danand"],
                "emails": ["dev@holilabs.xyz"],
                "deputies": [{"role": "security lead", "from": "2026-11-23", "until": "2026-11-23"}],
            },
        ]
    }
)
REVIEWERS = Reviewers(
    roster=ROSTER,
    rules=ReviewRules(),
    paths=SensitivePaths(),
    on=date(2026, 11, 24),
    zone=ZoneInfo("America/Mexico_City"),
)
AUTHORS = ("Eva Kim", "evakim", "eva@holilabs.xyz")


def review(
    who: str | None, state: str = "APPROVED", *, at: int = 0, commit: str | None = "b2", **changes: Any
) -> Review:
    """A review by a member of the company, `at` minutes after the first."""
    facts: dict[str, Any] = {
        "number": 100 + at,
        "reviewer": who,
        "is_bot": False,
        "association": "MEMBER",
        "state": state,
        "commit": commit,
        "submitted_at": START + timedelta(minutes=at),
    }
    return Review(**(facts | changes))


def pull(*reviews: Review, **changes: Any) -> ReviewedPull:
    """A low-risk pull request of the commits a1 and b2."""
    commits = changes.pop("commits", (PullCommit("a1", ("m0",), AUTHORS), PullCommit("b2", ("a1",), AUTHORS)))
    threads: tuple[Thread, ...] = changes.pop("threads", ())
    facts: dict[str, Any] = {
        "number": 7,
        "url": "https://github.com/holi/web/pull/7",
        "head": "b2",
        "opened_by": "evakim",
        "risk": Risk.LOW,
        "commits": commits,
        "commits_total": len(commits),
        "reviews": reviews,
        "threads": threads,
        "threads_total": len(threads),
        "files": ("src/reminders.ts",),
        "files_complete": True,
    }
    return ReviewedPull(**(facts | changes))
