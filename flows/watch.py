"""The watch: looks at health and metrics while others act or think, and raises the red flag."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from prefect.logging import get_run_logger

from blocks.errors import BlockError
from flows.red_flag import RedFlag
from policy.health_watch import HealthCheck, conclude_watch, judge_health_checks
from policy.judgement import spoken
from policy.observed import Observed
from policy.record import Event
from policy.red_flags import Baseline, Conclusion, Flag, Sample, judge_watch
from policy.served import IN_ROTATION
from policy.way_home import touched_servers
from tasks.rollout import FIRST_SERVER, HEALTHY, REMAINING_SERVERS
from tasks.run import Lookout, Run, utc_now

LEAST_PATIENCE = timedelta(seconds=1)


class Watch:
    """A thread that judges health and metrics every interval; `check` raises what speaks against going on."""

    def __init__(self, run: Run, heart: Lookout) -> None:
        self._run = run
        self._heart = heart
        self._red: str | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"watch-{run.number}", daemon=True)
        self._log = get_run_logger()
        self._new_since: dict[str, datetime] = {}
        self._checks: list[HealthCheck] = []
        self.samples: list[Sample] = []
        self._all_samples: list[Sample] = []
        self._all_checks: list[HealthCheck] = []
        self.looked_at = 0.0
        self.baseline = Baseline(p95=None, error_rate=None)
        self._concluded = Conclusion(Flag.UNKNOWN, "the watch has not looked yet", "2.1.3")

    @property
    def conclusion(self) -> Conclusion:
        """What the newest look concluded; nothing is known where it is older than a sample may be."""
        silent_for = timedelta(seconds=time.monotonic() - self.looked_at)
        if self.looked_at and silent_for > self._run.limits.sample_age:
            return Conclusion(Flag.UNKNOWN, f"the watch has not looked for {spoken(silent_for)}", "2.1.3")
        return self._concluded

    @property
    def new_since(self) -> dict[str, datetime]:
        """When each new server was first seen to take traffic."""
        return dict(self._new_since)

    def start(self) -> None:
        """Measure what is usual, then begin to watch."""
        with suppress(BlockError):
            self._find_new_servers()
            self.baseline = measure_baseline(self._read())
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; the run has what was measured, to be kept with its record."""
        self._stopped.set()
        self._thread.join(timeout=30)
        self._run.observed = Observed(self.baseline, self.new_since, tuple(self._all_samples), tuple(self._all_checks))

    def check(self) -> None:
        """Return while nothing speaks against going on; raises RedFlag, HoldLost or AskedToStop."""
        self._heart.check()
        if self._red is not None:
            raise RedFlag(self._red)

    def _watch(self) -> None:
        while not self._stopped.wait(self._run.limits.watch_interval.total_seconds()):
            began = time.monotonic()
            try:
                self.look()
            except Exception as error:  # noqa: BLE001  (a watch that fails must not go on saying "clear")
                self._concluded = Conclusion(Flag.UNKNOWN, f"the watch failed: {error!r}", "2.1.3")
            self.looked_at = began

    def look(self) -> None:
        """Look once at health and metrics."""
        self._find_new_servers()
        self._check_health()
        self._concluded = conclude_watch(self._judge_metrics(), self._judge_health())
        if self._concluded.flag is Flag.ROLL_BACK:
            self._raise_flag(self._concluded.sentence, rule=self._concluded.rule)

    def _judge_metrics(self) -> Conclusion | None:
        """None where the company has no metrics."""
        if self._run.company.prometheus is None:
            return None
        try:
            read = self._read()
        except BlockError as error:
            return Conclusion(Flag.UNKNOWN, f"the metrics could not be read: {error}", "2.1.3")
        self.samples += read
        self._all_samples += read
        self._forget_old_samples()
        return judge_watch(
            tuple(self.samples),
            now=utc_now(),
            new=frozenset(self._new_since),
            old=frozenset(self._run.release.servers) - frozenset(self._new_since),
            rolling_out=not any(row.event is Event.LIVE for row in self._run.record.seen),
            baseline=self.baseline,
            limits=self._run.limits,
        )

    def _judge_health(self) -> Conclusion:
        return judge_health_checks(
            self._checks,
            now=utc_now(),
            new=frozenset(self._new_since),
            old=self._untouched_servers(),
            limits=self._run.limits,
        )

    def _check_health(self) -> None:
        """Ask the old servers, then the new ones: what is ill everywhere is never seen on the new ones first.

        A server in the middle of its update is not asked. Servers that hang delay the watch by an interval, all
        together: they must not make the evidence of the others stale.
        """
        for names in (sorted(self._untouched_servers()), sorted(self._new_since)):
            with ThreadPoolExecutor(max_workers=max(1, len(names))) as pool:
                asked = list(pool.map(self._ask, names))
            self._checks += asked
            self._all_checks += asked
        oldest = utc_now() - self._run.limits.sample_age
        self._checks = [
            check for check in self._checks if check.at >= max(oldest, self._new_since.get(check.server, oldest))
        ]

    def _ask(self, name: str) -> HealthCheck:
        fleet, within = self._run.company.fleet, max(self._run.limits.watch_interval, LEAST_PATIENCE)
        try:
            return HealthCheck(utc_now(), name, fleet.read_health(fleet.find(name), within=within))
        except BlockError:
            return HealthCheck(utc_now(), name, None)

    def _untouched_servers(self) -> frozenset[str]:
        """Return the servers that still serve the old version, none of which is being updated."""
        return frozenset(self._run.release.servers) - frozenset(touched_servers(self._run.record.seen))

    def _find_new_servers(self) -> None:
        now = utc_now()
        for server in updated_servers(self._run):
            self._new_since.setdefault(server, now)

    def _read(self) -> list[Sample]:
        """Read one sample a server; what a new server served before it was new is not held against it."""
        if self._run.company.prometheus is None:
            return []
        samples = self._run.company.prometheus.read_samples(
            self._run.release.servers, at=utc_now(), span=self._run.limits.watch_window
        )
        return [
            sample
            for sample in samples
            if sample.at - sample.span >= self._new_since.get(sample.server, sample.at - sample.span)
        ]

    def _forget_old_samples(self) -> None:
        oldest = utc_now() - 2 * max(self._run.limits.consider_after, self._run.limits.extended_watch)
        self.samples = [sample for sample in self.samples if sample.at >= oldest]

    def _raise_flag(self, sentence: str, *, rule: str) -> None:
        if self._red is not None:
            return
        self._red = sentence
        self._log.error("Red flag (%s): %s", rule, sentence)
        with suppress(BlockError):
            self._run.record.append(Event.RED_FLAG, item="2.1.3", facts={"sentence": sentence, "rule": rule})


@contextmanager
def watching(run: Run) -> Iterator[Watch]:
    """Watch until the block ends; `run.lookout` is the watch meanwhile."""
    before = run.lookout
    watch = Watch(run, before)
    run.lookout = watch
    watch.start()
    try:
        yield watch
    finally:
        watch.stop()
        run.lookout = before


def updated_servers(run: Run) -> tuple[str, ...]:
    """Return the servers that serve the new version, as the record shows it: the last step of each is confirmed."""
    last_step = HEALTHY if run.company.balancer is None else IN_ROTATION
    done = [row for row in run.record.seen if row.event is Event.CONFIRMED and row.step == last_step]
    return tuple(row.subject for row in done if row.item in (FIRST_SERVER, REMAINING_SERVERS))


def measure_baseline(samples: list[Sample]) -> Baseline:
    """Return what was usual just before the release, over all servers."""
    latencies = [sample.p95 for sample in samples if sample.p95 is not None]
    requests = sum(sample.requests or 0 for sample in samples)
    errors = sum(sample.errors or 0 for sample in samples)
    return Baseline(
        p95=max(latencies) if latencies else None,
        error_rate=errors / requests if requests else None,
    )
