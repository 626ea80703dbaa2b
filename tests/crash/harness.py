"""Kills a release at a point, lets it be finished, and looks at the world."""

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Thread

from prefect import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterStartTime
from prefect.client.schemas.objects import FlowRun

from blocks.postgres import Postgres
from blocks.postgres_tables import is_migrating
from blocks.store import S3Store
from deployments.save_blocks import blocks_of
from deployments.settings import Settings
from lab.client import Lab
from lab.object_store import ObjectStore
from policy.record import Row
from policy.release import Request
from tests.crash.journey import RELEASE, Journey
from tests.crash.point import KillingProxy, Moment, Point, Route, points_of
from tests.crash.world import faults_of
from tests.stories.company import ENVIRONMENT, Blocks
from tests.stories.people import Answers, Words
from tests.stories.release_process import ReleaseProcess
from tests.stories.stage import Stage, wait_until

# Nobody is waited for; a busy machine may take its time to show figures.
LIMITS = {"choice": 1, "unknown_patience": 30}
TRIES = 4
# A code is good once, so the next question is answered by somebody else.
APPROVALS: list[Words] = [{"decision": "approve", "name": name} for name in ("Tomas Lima", "Carla Ortiz")] * 4


@dataclass(frozen=True, slots=True)
class Played:
    """What one point came to: the outcome on record, what was not well, and how long it took in seconds."""

    point: Point
    struck: bool
    outcome: str
    faults: tuple[str, ...]
    seconds: float

    @property
    def well(self) -> bool:
        """Whether the process died there and production ended on one known version all the same."""
        return self.struck and not self.faults

    @property
    def sentence(self) -> str:
        """What came of it, in one line."""
        faults = "; ".join(self.faults) or ("well" if self.struck else "the release ended before this point")
        return f"{self.point.name}: {self.outcome} after {self.seconds:.0f} s: {faults}"


class Harness:
    """One lab in which releases are killed, one after the other."""

    def __init__(self, lab: Lab, blocks: Blocks, folder: Path, journey: Journey = RELEASE) -> None:
        self._journey = journey
        self._lab = lab
        self._blocks = blocks
        self._folder = folder
        self._proxy = KillingProxy(lab.home.ports["s3"])
        self._played = 0
        self._bucket = ""

    def close(self) -> None:
        """Let nobody through to the store any more."""
        self._proxy.close()

    def lead(self) -> tuple[Row, ...]:
        """Return the rows of a release that nobody kills."""
        stage, request, before = self._next()
        self._proxy.disarm()
        with self._people(stage).given(), stage.process(request) as process:
            process.wait()
        faults = faults_of(stage, before=before, after=request.commit)
        assert not faults, faults
        return stage.rows()

    def points(self) -> tuple[Point, ...]:
        """Return every point of a release at the items of the journey."""
        return points_of([row for row in self.lead() if row.item.startswith(self._journey.items)])

    def play(self, point: Point) -> Played:
        """Kill a release at this point, let it be finished, and look at the world.

        A release that asked less often than the first one has fewer rows and ends before the point: another one is
        tried.
        """
        for _ in range(TRIES):
            played = self._play_once(point)
            if played.struck or played.faults:
                break
        return played

    def _play_once(self, point: Point) -> Played:
        began = time.monotonic()
        stage, request, before = self._next()
        people = self._people(stage)
        # Whoever answers is there before the question: one that stands already is left to others.
        with people.given(), stage.process(request) as process:
            self._proxy.arm(point, partial(self._strike, point, stage, process.pid))
            status = process.wait()
            self._proxy.disarm()
            if point.route is Route.RETRY:
                self._retry(stage)
            stage.recover_until_free()
        return Played(
            point,
            struck=status == -signal.SIGKILL,
            outcome=stage.outcome(),
            faults=faults_of(stage, before=before, after=request.commit),
            seconds=time.monotonic() - began,
        )

    def _next(self) -> tuple[Stage, Request, str]:
        """A stage of its own for each release, its records in a bucket of their own behind the proxy."""
        self._played += 1
        self._lab.reset()
        name = f"{self._journey.name}-{os.getpid()}-{self._played}"
        folder = self._folder / name
        folder.mkdir()
        stage = Stage(self._lab, self._blocks, folder)
        stage.have(*self._journey.sections)
        stage.change_limits(**LIMITS)
        self._use_bucket(name)
        keys = {"bucket": name, "access_key": "BACKUP_ACCESS_KEY", "secret_key": "BACKUP_SECRET_KEY"}
        secrets = str(self._lab.home.secrets)
        direct = S3Store(endpoint=self._lab.home.url("s3"), secrets_folder=secrets, **keys)
        stage.keep_records_in(direct, keys | {"endpoint": self._proxy.url})
        before = str(self._lab.version_of("web-server-1"))
        request = self._journey.ask(stage, f"30.{self._played}.0")
        self._lab.mark_traffic()
        return stage, request, before

    def _use_bucket(self, name: str) -> None:
        """The records of the release before are gone: each bucket takes volumes of the store, which has so many."""
        client = ObjectStore(self._lab.home).client()
        client.create_bucket(Bucket=name)
        if self._bucket:
            for found in client.list_objects_v2(Bucket=self._bucket).get("Contents", []):
                client.delete_object(Bucket=self._bucket, Key=found["Key"])
            client.delete_bucket(Bucket=self._bucket)
        self._bucket = name

    def _people(self, stage: Stage) -> Answers:
        return Answers(stage.began, list(APPROVALS), stage.typed)

    def _strike(self, point: Point, stage: Stage, pid: int) -> None:
        if point.moment is Moment.ACTING and point.on_database:
            Thread(target=self._kill_while_migrating, args=(stage, pid), daemon=True).start()
            return
        if point.moment is Moment.ACTING:
            self._lab.kill_at_next_change(pid)
            return
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def _kill_while_migrating(self, stage: Stage, pid: int) -> None:
        """Prisma goes on when the release that began it is gone."""
        database = next(one for one in blocks_of(Settings(**stage.words))[ENVIRONMENT] if isinstance(one, Postgres))
        wait_until(lambda: is_migrating(database), what="Prisma is at work", every=0.02)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def _retry(self, stage: Stage) -> None:
        run = newest_run(stage.began)
        process = ReleaseProcess.retry(run.id)
        try:
            process.wait()
        finally:
            process.kill()


def newest_run(since: datetime) -> FlowRun:
    """Return the newest run of a release that began since then."""
    with get_client(sync_client=True) as client:
        found = client.read_flow_runs(flow_run_filter=FlowRunFilter(start_time=FlowRunFilterStartTime(after_=since)))
    return max((run for run in found if run.parent_task_run_id is None), key=lambda run: str(run.created))


def table_of(played: Sequence[Played]) -> str:
    """Return what every point came to, as a Markdown table.

    A row is named as in a release that nobody killed. Where something had to be asked once more, another row had that
    number, so that beside `verified` a release may be seen to go home.
    """
    lines = ["| row | killed | finished by | ended | seconds | |", "|---|---|---|---|---|---|"]
    for one in played:
        point, verdict = one.point, "; ".join(one.faults) or ("well" if one.struck else "not reached")
        lines.append(
            f"| {point.number} {point.row} | {point.moment} | {point.route} |"
            f" {one.outcome} | {one.seconds:.0f} | {verdict} |"
        )
    return "\n".join(lines)
