"""What the list of runs in Prefect can be filtered by: `risk:high`, `version:4e219ce`, `outcome:rolled-back`."""

from policy.items import Way
from policy.metrics import Ending
from policy.release import Release
from policy.wording import short

_PREFIXES = {Way.STANDARD: "", Way.HOTFIX: "Hotfix: ", Way.MIGRATION: "Migrate: "}


def release_tag(key: str) -> str:
    """Every run that works on a release carries it."""
    return f"release:{key}"


def outcome_tag(outcome: Ending) -> str:
    """How a release ended, without spaces."""
    short = "stayed" if outcome is Ending.STAYED else outcome.value.replace(" ", "-")
    return f"outcome:{short}"


def tags_of(release: Release) -> tuple[str, ...]:
    """What is known of a release when it begins; `release:` of the one that it undoes, too."""
    return (
        release_tag(release.key),
        *([f"undoes:{release.undoes}"] if release.undoes else []),
        f"environment:{release.environment}",
        f"risk:{release.risk}",
        f"version:{short(release.commit)}",
    )


def run_name(release: Release) -> str | None:
    """How the run of a release is called once its commit is known; None: as its flow calls it."""
    prefix = _PREFIXES.get(release.way)
    if prefix is None or release.undoes:
        return None
    return f"{prefix}{release.request.summary} ({short(release.commit)}, {release.request.requested_by})"
