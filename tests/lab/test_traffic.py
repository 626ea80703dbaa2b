"""What the traffic keeps of the requests that went wrong."""

import time

from lab.traffic import SHOWN, Counts


def test_the_first_and_the_newest_that_went_wrong_are_kept_each_with_its_moment_and_how_long_it_took() -> None:
    counts, sent_at = Counts(), time.time() - 2

    for number in range(5 * SHOWN):
        counts.note(f"GET /api/patients/{number}?query=Ada", "503 by the balancer", sent_at=sent_at)

    kept = [loss.partition(" ")[2].partition(":")[0].rpartition("/")[2] for loss in counts.losses]
    assert kept == [str(number) for number in (*range(SHOWN), *range(4 * SHOWN, 5 * SHOWN))]
    assert counts.losses[0].startswith(f"{sent_at:.3f} GET /api/patients/0: 503 by the balancer, after 2.")
