"""What a watch measured survives being stored, without a word of the application's own."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.health import HealthAnswer, judge_health
from policy.health_watch import HealthCheck
from policy.observed import Observed, decode_observed, encode_observed, without_text
from policy.record import Unreadable
from policy.samples import Baseline
from tests.policy.sample_history import NEW, NOW, OLD, sample

SECRET = "patient Maria Lopez"  # what must not be kept
BODIES = (
    '{"status": "healthy", "database": "connected", "version": "b2b2b2b"}',
    '{"status": "healthy", "database": {"connected": true}}',
    '{"status": "healthy", "database": {"connected": false}}',
    '{"status": "healthy"}',
    '{"status": "unhealthy", "database": "connected"}',
    '{"database": "connected"}',
    f'{{"status": "healthy", "database": "connected", "last": "{SECRET}"}}',
    SECRET,
    "",
    "[1]",
)


def observed(*checks: HealthCheck) -> Observed:
    return Observed(
        baseline=Baseline(p95=timedelta(milliseconds=140), error_rate=None),
        new_since={NEW: NOW},
        samples=(sample(30), sample(15, requests=None, p95_ms=None), sample(server=OLD, errors=7)),
        checks=checks,
    )


def test_what_was_stored_is_read_again() -> None:
    kept = observed(
        HealthCheck(NOW, NEW, HealthAnswer(NEW, 200, '{"status": "healthy", "database": "connected"}')),
        HealthCheck(NOW, OLD, None),
    )

    assert decode_observed(encode_observed(kept)) == kept


@given(st.sampled_from(BODIES), st.sampled_from([0, 200, 302, 404, 503]))
def test_the_verdict_on_a_server_is_the_same_without_its_text(body: str, status: int) -> None:
    answer = HealthAnswer(NEW, status, body)

    assert judge_health(without_text(answer)).verdict is judge_health(answer).verdict


@pytest.mark.parametrize("body", BODIES)
def test_nothing_that_the_application_said_is_stored(body: str) -> None:
    stored = encode_observed(observed(HealthCheck(NOW, NEW, HealthAnswer(NEW, 200, body))))

    assert SECRET.encode() not in stored


@pytest.mark.parametrize("body", [b"", b"[]", b'{"baseline": [1]}', b'{"baseline": [1, 2], "new_since": 3}'])
def test_what_is_no_measurement_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable, match="not the measurements of a watch"):
        decode_observed(body)
