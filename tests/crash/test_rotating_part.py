"""A part of the crash points, another one on each day; `make crash-test` plays them all."""

import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from lab.client import Lab
from tests.crash.harness import Harness, Played, table_of
from tests.crash.journey import journeys
from tests.stories.company import Blocks

SECONDS = 15
STRIDE = 37


def test_a_release_that_is_killed_anywhere_ends_on_one_known_version(
    running_lab: Lab, blocks: Blocks, tmp_path: Path
) -> None:
    known = journeys()
    journey = known[datetime.now(UTC).toordinal() % len(known)]
    with closing(Harness(running_lab, blocks, tmp_path, journey)) as harness:
        assert_every_point_ends_well(harness)


def assert_every_point_ends_well(harness: Harness) -> None:
    points = harness.points()
    began = time.monotonic()
    played: list[Played] = []
    turn = datetime.now(UTC).toordinal() * STRIDE
    while time.monotonic() - began < SECONDS:
        played.append(harness.play(points[(turn + len(played) * STRIDE) % len(points)]))

    assert all(one.well for one in played), table_of(played)
