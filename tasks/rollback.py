"""4.2: is production well again on the previous version."""

import time

from policy.health import judge_every_server
from policy.judgement import Judgement, worst_of
from policy.samples import judge_numbers
from tasks.item import item
from tasks.run import Run, pause_after, utc_now
from tasks.smoke_tests import judge_smoke_tests

# Each look uses the demo account in production.
AGAIN_SECONDS = 0.5


@item("4.2.3")
def rollback_verified(run: Run) -> Judgement:
    """Every server is healthy on the recorded version, features work, errors and latency are normal again.

    The numbers of before the roll-back leave the window of the metrics first, so this waits for two windows.
    Without metrics health and features decide.
    """
    began = time.monotonic()
    deadline = began + 2 * run.limits.watch_window.total_seconds()
    while True:
        judgement = worst_of((*_judge_servers(run), *_judge_numbers(run)))
        if judgement.verdict.lets_pass or time.monotonic() > deadline:
            return judgement
        time.sleep(max(pause_after(time.monotonic() - began), AGAIN_SECONDS))


def _judge_servers(run: Run) -> tuple[Judgement, ...]:
    answers = [run.company.fleet.read_health(server) for server in run.servers]
    return (
        judge_every_server(answers, servers=run.release.servers, version=run.release.previous_commit),
        judge_smoke_tests(run.company.application),
    )


def _judge_numbers(run: Run) -> tuple[Judgement, ...]:
    if run.company.prometheus is None:
        return ()
    now = utc_now()
    samples = run.company.prometheus.read_samples(run.release.servers, at=now, span=run.limits.watch_window)
    return (judge_numbers(samples, now=now, limits=run.limits, servers=run.release.servers),)
