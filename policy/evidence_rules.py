"""What a company decided about its evidence: which checks, whose reviews, which reports, what is accepted."""

from collections.abc import Collection
from typing import Literal

from pydantic import Field

from policy.checks import CheckRules
from policy.coverage import CoverageRules
from policy.dated_exceptions import DatedException
from policy.pull_requests import PullRequestRules
from policy.reviews import ReviewRules
from policy.roles import Roster
from policy.sensitive_paths import SensitivePaths
from policy.table import Table

Scanner = Literal["pnpm audit", "gitleaks", "code scanning", "Snyk"]


class CoverageSource(CoverageRules):
    """Where the report of coverage lies among the artifacts of the workflow."""

    artifact: str = Field(default="coverage", description="1.1.3: the artifact of the workflow that holds the report.")
    file: str = Field(
        default="coverage-summary.json",
        description="1.1.3: the report in it: Cobertura, LCOV, or a JSON summary of istanbul.",
    )
    folder: str = Field(default="", description="1.1.3: the folder in which the report's paths begin.")


class SecuritySource(Table):
    """Which scanners look at every commit, and where their reports lie among the artifacts of the workflow."""

    scanners: tuple[Scanner, ...] = Field(
        default=("pnpm audit", "gitleaks"),
        min_length=1,
        description="1.1.4: the scanners in use; one without a report stops.",
    )
    artifact: str = Field(default="security", description="1.1.4: the artifact of the workflow that holds the reports.")
    audit: str = Field(default="pnpm-audit.json", description="1.1.4: in it, what `pnpm audit --json` printed.")
    leaks: str = Field(default="gitleaks.json", description="1.1.4: in it, the report of gitleaks as JSON.")
    leaks_range: str = Field(
        default="gitleaks-range.json",
        description=(
            "1.1.4: in it, what gitleaks looked at: an object with `base` (empty: the whole history), `head` and"
            " `commits`, the number that gitleaks printed."
        ),
    )


class BreakingRules(Table):
    """What is compared to find what breaks."""

    api_descriptions: tuple[str, ...] = Field(
        default=("**/openapi.json", "**/openapi.y*ml", "**/*.openapi.json", "**/*.openapi.y*ml"),
        description="1.2.3: the OpenAPI descriptions of what others call.",
    )


class EvidenceRules(Table):
    """Everything that the items of 1.1 and 1.2 are told beside the evidence; None is what the company does not have."""

    checks: CheckRules = CheckRules()
    reviews: ReviewRules = ReviewRules()
    pull_requests: PullRequestRules = PullRequestRules()
    coverage: CoverageSource | None = None
    security: SecuritySource | None = None
    sensitive: SensitivePaths = SensitivePaths()
    breaking: BreakingRules = BreakingRules()
    exceptions: tuple[DatedException, ...] = ()


def find_contradictions(rules: EvidenceRules, *, roster: Roster, systems: Collection[str]) -> tuple[str, ...]:
    """Return every pair of settings that cannot both be meant, a sentence each."""
    found = []
    for one, other in (("jira", "linear"), ("notion", "confluence")):
        if one in systems and other in systems:
            found.append(f"[{one}] and [{other}]: expected one of the two, found both")
    found += [
        f"[{one}]: it is described, and there is no [{other}]"
        for one, other in (("load_test", "staging_metrics"), ("staging_metrics", "staging"))
        if one in systems and other not in systems
    ]
    scanners = rules.security.scanners if rules.security else ()
    if "Snyk" in scanners and "snyk" not in systems:
        found.append("security.scanners: Snyk is asked for, and there is no [snyk]")
    if "snyk" in systems and "Snyk" not in scanners:
        found.append("[snyk]: it is described, and security.scanners does not ask for Snyk")
    if rules.exceptions and rules.security is None:
        found.append("exceptions: findings are accepted, and there is no [security] that finds any")
    found += [
        f"exceptions: {exception.owner!r} answers for {exception.finding} and is not in the roster"
        for exception in rules.exceptions
        if roster.find(exception.owner) is None
    ]
    return tuple(found)
