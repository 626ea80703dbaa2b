"""What a watch measured, kept beside the record, so that other limits can be tried on it later."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from policy.health import HealthAnswer, read_health
from policy.health_watch import HealthCheck
from policy.record import Unreadable
from policy.samples import Baseline, Sample

# The facts of a seal have the hash of what was kept under this name: what was altered later is not replayed.
WATCHED = "watched"


@dataclass(frozen=True, slots=True)
class Observed:
    """Everything that one watch judged from: what was usual before, since when servers were new, every measurement."""

    baseline: Baseline
    new_since: Mapping[str, datetime]
    samples: tuple[Sample, ...]
    checks: tuple[HealthCheck, ...]


def without_text(answer: HealthAnswer) -> HealthAnswer:
    """Return what is judged of an answer and nothing else that it may say; the verdict on it is the same."""
    health = read_health(answer)
    if health is None:
        return HealthAnswer(answer.server, answer.status_code, "")
    said: dict[str, str] = {} if health.status is None else {"status": health.status}
    if health.database is not None:
        said["database"] = "connected" if health.database_connected else "not connected"
    return HealthAnswer(answer.server, answer.status_code, json.dumps(said))


def encode_observed(observed: Observed) -> bytes:
    """Return it as the bytes that are stored: times in ISO, durations in seconds, no text of the application's."""
    content = {
        "baseline": [_seconds(observed.baseline.p95), observed.baseline.error_rate],
        "new_since": {server: at.isoformat() for server, at in observed.new_since.items()},
        "samples": [
            [one.at.isoformat(), one.server, one.requests, one.errors, _seconds(one.p95), one.span.total_seconds()]
            for one in observed.samples
        ],
        "checks": [[one.at.isoformat(), one.server, *_answered(one)] for one in observed.checks],
    }
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def decode_observed(body: bytes) -> Observed:
    """Return what was stored; raises Unreadable if it is something else."""
    try:
        content = json.loads(body)
        p95, error_rate = content["baseline"]
        return Observed(
            baseline=Baseline(_duration(p95), error_rate),
            new_since={server: datetime.fromisoformat(at) for server, at in content["new_since"].items()},
            samples=tuple(_sample(one) for one in content["samples"]),
            checks=tuple(_check(*one) for one in content["checks"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"not the measurements of a watch: {error}") from error


def _sample(stored: Sequence[Any]) -> Sample:
    at, server, requests, errors, p95, span = stored
    return Sample(datetime.fromisoformat(at), server, requests, errors, _duration(p95), timedelta(seconds=span))


def _check(at: str, server: str, status: int | None, body: str) -> HealthCheck:
    answer = None if status is None else HealthAnswer(server, status, body)
    return HealthCheck(datetime.fromisoformat(at), server, answer)


def _answered(check: HealthCheck) -> tuple[int | None, str]:
    if check.answer is None:
        return None, ""
    kept = without_text(check.answer)
    return kept.status_code, kept.body


def _seconds(duration: timedelta | None) -> float | None:
    return None if duration is None else duration.total_seconds()


def _duration(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
