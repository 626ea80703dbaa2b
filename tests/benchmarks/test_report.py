"""What the tables of the benchmark say: medians, ratios, and whether the goal was met."""

import pytest

from benchmarks.failures import Left
from benchmarks.load import Seen, what
from benchmarks.report import Setting, failures, roll_outs, verdict
from benchmarks.scene import Measured


def runs(*seconds: float, lost: int = 0) -> list[Measured]:
    load = Seen(sent=1000, lost=lost, milliseconds=[10.0] * 99 + [500.0])
    return [Measured(one, load) for one in seconds]


def setting(own: list[Measured], peer: list[Measured]) -> Setting:
    return Setting("quiet", {"drained limit": runs(4.0, 5.0, 9.0), "script": peer, "Countersign": own})


@pytest.mark.parametrize(
    ("own", "peer", "said"),
    [
        (runs(5.2), runs(6.0), "Goal met, quiet: 1.04 x the drained limit (at most 1.05), 0 requests lost"),
        (runs(5.3), runs(6.0), "Goal missed, quiet: 1.06 x"),
        (runs(5.2, lost=1), runs(6.0), "1 requests lost (at most 0), faster: nobody"),
        (runs(5.2), runs(5.1), "Goal missed, quiet: 1.04 x the drained limit (at most 1.05), 0 requests lost"),
    ],
    ids=["met", "too slow", "a request lost", "somebody is faster"],
)
def test_the_goal_is_a_ratio_no_loss_and_nobody_faster(own: list[Measured], peer: list[Measured], said: str) -> None:
    assert said in verdict(setting(own, peer))


def test_who_was_faster_is_named() -> None:
    assert "faster: script" in verdict(setting(runs(5.2), runs(5.1)))


def test_without_a_limit_to_compare_with_nothing_is_judged() -> None:
    assert "not judged" in verdict(Setting("quiet", {"Countersign": runs(5.0)}))


def test_a_row_shows_the_median_its_range_the_ratio_and_what_was_lost() -> None:
    assert "| script | 6.00 (5.50-9.00) | 1.20 | 6 of 3000 | 0 |" in roll_outs(
        setting(runs(5.0), runs(5.5, 6.0, 9.0, lost=2))
    )


def test_what_does_not_mend_itself_is_said_so() -> None:
    servers = {"web-server-1": "A, exited, DRAIN", "web-server-2": "A, healthy, UP"}

    table = failures([Left("script", "killed", -9, servers, None, 0, 2000)])

    assert "| killed | script | -9 | A, exited, DRAIN | A, healthy, UP | not by itself | 0 of 2000 |" in table


def test_one_request_in_ten_is_a_post_as_often_on_kept_as_on_fresh_connections() -> None:
    posts = [number for number in range(1, 1001) if what(number)[0] == "POST"]

    assert len(posts) == 100
    assert sum(number % 2 for number in posts) == 50
