"""Health checks failing is a red flag of its own (2.1): what the servers themselves answer while the watch looks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from policy.health import HealthAnswer, judge_health
from policy.judgement import Judgement, Verdict, spoken, unknown
from policy.limits import Limits
from policy.red_flags import Conclusion, Flag, worst_conclusion
from policy.wording import counted

RULE = "2.1: health checks failing"


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One server, asked once; None where it gave no answer, which says nothing of its health."""

    at: datetime
    server: str
    answer: HealthAnswer | None


def judge_health_checks(
    checks: Iterable[HealthCheck], *, now: datetime, new: frozenset[str], old: frozenset[str], limits: Limits
) -> Conclusion:
    """Conclude for the worst of the new servers; when no old one is well either, it is not this release.

    The checks of a new server begin after it came back with the new version.
    """
    if not new:
        return Conclusion(Flag.UNKNOWN, "no server serves the new version yet", "2.1.3")
    taken = list(checks)
    newest = {server: _judge_newest(taken, server=server, now=now, limits=limits) for server in new | old}
    elsewhere = [newest[server] for server in sorted(old - new)]
    ill_everywhere = bool(elsewhere) and all(
        judgements and judgements[-1].verdict is Verdict.FAILED for judgements in elsewhere
    )
    return worst_conclusion(
        [_conclude(server, newest[server], ill_everywhere=ill_everywhere, limits=limits) for server in sorted(new)]
    )


def conclude_watch(metrics: Conclusion | None, health: Conclusion) -> Conclusion:
    """Return the worse of what the metrics and the health checks say; None: the company has no metrics."""
    if metrics is None:
        return replace(health, sentence=f"{health.sentence}; no metrics are configured")
    return worst_conclusion([metrics, health])


def _judge_newest(checks: Sequence[HealthCheck], *, server: str, now: datetime, limits: Limits) -> list[Judgement]:
    """Judge the newest n checks of the server that are not stale, the newest last."""
    own = sorted(
        (check for check in checks if check.server == server and check.at <= now),
        key=lambda check: check.at,
    )
    fresh = [check for check in own[-limits.of_samples :] if now - check.at <= limits.sample_age]
    return [unknown("no answer") if check.answer is None else judge_health(check.answer) for check in fresh]


def _conclude(server: str, newest: Sequence[Judgement], *, ill_everywhere: bool, limits: Limits) -> Conclusion:
    if not newest:
        return Conclusion(
            Flag.UNKNOWN, f"{server}: no health check of the last {spoken(limits.sample_age)}", "no evidence"
        )
    failing = [judgement for judgement in newest if judgement.verdict is Verdict.FAILED]
    known = [judgement for judgement in newest if judgement.verdict is not Verdict.UNKNOWN]
    if len(failing) >= limits.red_samples:
        said = f"{failing[-1].sentence}; in {len(failing)} of the newest {counted(len(newest), 'health check')}"
        if ill_everywhere:
            return Conclusion(Flag.NOT_THIS_RELEASE, f"{said}; no old server is healthy either", RULE)
        return Conclusion(Flag.ROLL_BACK, said, RULE)
    if newest[-1].verdict is Verdict.FAILED:
        said = f"{newest[-1].sentence}; not for long enough to go back"
        return Conclusion(Flag.UNKNOWN, said, "not decided")
    if newest[-1].verdict is Verdict.UNKNOWN or len(known) < limits.red_samples:
        said = f"{server}: {len(known)} of {limits.red_samples} health checks were answered"
        return Conclusion(Flag.UNKNOWN, f"{said}; the newest: {newest[-1].sentence}", "no evidence")
    healthy = len(known) - len(failing)
    said = f"{server}: healthy in {healthy} of the newest {counted(len(newest), 'health check')}"
    return Conclusion(Flag.CLEAR, said, "no red flag")
