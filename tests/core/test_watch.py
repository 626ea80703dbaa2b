"""A watch that stopped looking says that it knows nothing, whatever it saw last."""

import time

from blocks.company import Company
from flows.watch import Watch
from policy.red_flags import Flag
from tasks.run import Silent
from tests.core.scene import FIRST_BACK, begun
from tests.core.world import World


def test_what_was_seen_too_long_ago_is_not_known(company: Company, world: World) -> None:
    run = begun(company, world, steps=FIRST_BACK).run
    watch = Watch(run, Silent())
    watch.look()
    seen = watch.conclusion
    age = run.limits.sample_age.total_seconds()

    watch.looked_at = time.monotonic() - age / 2
    assert watch.conclusion == seen
    watch.looked_at = time.monotonic() - 2 * age

    assert watch.conclusion.flag is Flag.UNKNOWN
    assert "the watch has not looked for" in watch.conclusion.sentence
