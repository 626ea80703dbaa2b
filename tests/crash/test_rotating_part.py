"""A part of the crash points, another one on each day; `make crash-test` plays them all."""

import time
from datetime import UTC, datetime

from tests.crash.harness import Harness, Played, table_of

SECONDS = 120
STRIDE = 37


def test_a_release_that_is_killed_anywhere_ends_on_one_known_version(harness: Harness) -> None:
    points = harness.points()
    began = time.monotonic()
    played: list[Played] = []
    turn = datetime.now(UTC).toordinal() * STRIDE
    while time.monotonic() - began < SECONDS:
        played.append(harness.play(points[(turn + len(played) * STRIDE) % len(points)]))

    assert all(one.well for one in played), table_of(played)
