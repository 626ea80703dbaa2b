"""The two versions side by side at the gate; what is not known is said to be not known."""

from datetime import UTC, datetime, timedelta

import pytest

from policy.comparison import Side, render_comparison, sum_up
from policy.red_flags import Sample

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def sample(
    server: str = "web-server-1",
    *,
    ago: timedelta = timedelta(0),
    requests: float | None = 100,
    errors: float | None = 1,
    p95: timedelta | None = timedelta(milliseconds=120),
) -> Sample:
    return Sample(NOW - ago, server, requests, errors, p95, MINUTE)


@pytest.mark.parametrize(
    ("samples", "side"),
    [
        pytest.param([sample()], Side(100, 1, timedelta(milliseconds=120)), id="one server"),
        pytest.param(
            [sample(ago=MINUTE, requests=900), sample()], Side(100, 1, timedelta(milliseconds=120)), id="the newest"
        ),
        pytest.param(
            [sample(), sample("web-server-2", requests=50, errors=2, p95=timedelta(milliseconds=300))],
            Side(150, 3, timedelta(milliseconds=300)),
            id="two servers: added up, the slowest p95",
        ),
        pytest.param([sample(errors=None)], Side(100, 0, timedelta(milliseconds=120)), id="no error was counted"),
        pytest.param([sample(p95=None)], Side(100, 1, None), id="no latency"),
        pytest.param([sample(), sample("web-server-2", requests=None)], Side(None, None, None), id="one is dark"),
        pytest.param([sample("web-server-3")], Side(None, None, None), id="another server"),
        pytest.param([], Side(None, None, None), id="no sample"),
    ],
)
def test_a_side_is_the_newest_of_its_servers(samples: list[Sample], side: Side) -> None:
    assert sum_up(samples, ["web-server-1", "web-server-2"]) == side


def test_both_sides_stand_in_one_table() -> None:
    table = render_comparison(Side(200, 3, timedelta(milliseconds=181)), Side(100, 0, None), span=MINUTE)

    assert table.splitlines() == [
        "| last 60 s | new version | old version |",
        "|---|---|---|",
        "| requests | 200 | 100 |",
        "| failed | 3 (1.50%) | 0 (0.00%) |",
        "| p95 latency | 181 ms | not known |",
    ]


@pytest.mark.parametrize(
    "side", [Side(None, None, None), Side(0, 0, None), Side(10, None, None)], ids=["dark", "idle", "no errors known"]
)
def test_a_rate_needs_requests_and_errors(side: Side) -> None:
    table = render_comparison(side, side, span=MINUTE)

    assert "| failed | not known | not known |" in table
