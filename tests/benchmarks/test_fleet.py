"""What the table of the fleets says, and what it says of fifty servers."""

import pytest

from benchmarks.fleet import Measured, batches_of, extrapolate, line_through, report

FEW = Measured(2, 1, 1.0, (3.0,), 200, 10, 0)
MANY = Measured(10, 1, 1.0, (3.0, 3.2, 2.8), 240, 26, 0)
IN_THREES = Measured(10, 3, 1.0, (5.0, 5.0, 5.0), 240, 30, 0)


@pytest.mark.parametrize(("servers", "sizes"), [(2, (1,)), (5, (1,)), (10, (1, 3)), (50, (1, 15))])
def test_a_fleet_is_measured_one_at_a_time_and_in_its_largest_batches(servers: int, sizes: tuple[int, ...]) -> None:
    assert batches_of(servers) == sizes


def test_a_straight_line_goes_through_its_points() -> None:
    line = line_through([(2, 200), (10, 240)])

    assert (line.at(2), line.at(10), line.at(50)) == pytest.approx((200, 240, 440))


def test_one_size_alone_says_nothing_of_a_slope() -> None:
    assert line_through([(2, 200), (2, 210)]).at(50) == 205


def test_a_batch_is_shown_without_the_application_s_own_boot() -> None:
    assert "| 10 | 3 | 3 | 1.00 | 5.00 | 4.00 | 240 | 30 | 0 |" in report([FEW, MANY, IN_THREES])


def test_one_size_of_a_fleet_says_nothing_of_fifty() -> None:
    assert extrapolate([FEW]) == "One size of a fleet says nothing of 50 servers."


def test_fifty_servers_are_extrapolated_and_said_to_be() -> None:
    said = extrapolate([FEW, MANY, IN_THREES])

    assert "50 servers would need 440 MB" in said
    assert "1 at a time in 49 batches and 2 min, or 15 at a time in 4 batches and 1 min" in said
    assert said.endswith("Nobody has measured that.")
