"""After the roll-out a rate must last before it is red (4.1)."""

from datetime import timedelta

import pytest

from policy.red_flags import Flag, Sample
from tests.policy.sample_history import NOW, conclude, history, sample


@pytest.mark.parametrize(
    ("samples", "flag", "rule"),
    [
        pytest.param(history(5, errors=48), Flag.UNKNOWN, "not decided", id="five minutes are not more than five"),
        pytest.param(history(5.25, errors=48), Flag.ROLL_BACK, "4.1: error rate for longer", id="more than five"),
        pytest.param(
            [
                *history(3, errors=48),
                *(sample(age, errors=0) for age in (135,)),
                *history(5.5, errors=48)[12:],
            ],
            Flag.UNKNOWN,
            "not decided",
            id="one good sample within breaks it",
        ),
        pytest.param(
            [one for one in history(6, errors=48) if one.at > NOW - timedelta(seconds=120)] + [sample(300, errors=48)],
            Flag.UNKNOWN,
            "not decided",
            id="a hole within breaks it",
        ),
        pytest.param(
            [sample(60 * minute, requests=5, errors=1) for minute in range(6)],
            Flag.ROLL_BACK,
            "4.1: error rate for longer",
            id="little traffic adds up over the whole time",
        ),
        pytest.param(
            [sample(60 * minute, requests=2, errors=1) for minute in range(6)],
            Flag.UNKNOWN,
            "no evidence",
            id="twelve requests in all are too few",
        ),
        pytest.param(
            [sample(60 * minute, requests=4, errors=0.3) for minute in range(6)],
            Flag.UNKNOWN,
            "no evidence",
            id="two errors in all are too few",
        ),
        pytest.param(history(15, errors=18), Flag.CLEAR, "no red flag", id="3 % for 15 minutes"),
        pytest.param(history(15.5, errors=18), Flag.CONSIDER, "4.1: consider", id="3 % for more than 15 minutes"),
        pytest.param(history(16, errors=12), Flag.CLEAR, "no red flag", id="2 % is within the normal range"),
        pytest.param(history(2, p95_ms=2500), Flag.ROLL_BACK, "2.1, 4.1: p95", id="p95 needs no five minutes"),
        pytest.param(history(2, p95_ms=700), Flag.ROLL_BACK, "2.1: p95 doubled", id="p95 doubled"),
    ],
)
def test_after_the_roll_out_a_rate_must_last(samples: list[Sample], flag: Flag, rule: str) -> None:
    conclusion = conclude(samples, rolling_out=False, old=())

    assert (conclusion.flag, conclusion.rule) == (flag, rule), conclusion
