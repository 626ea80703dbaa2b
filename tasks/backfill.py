"""6.3.1: backfills. What was empty is filled range by range, after every server writes it and before anything goes."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import PurePosixPath
from uuid import UUID

import httpx
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.exceptions import PrefectException
from prefect.logging import get_run_logger

from blocks.backfills import BatchRefused, begin, carry_batch, read_progress
from blocks.company import Company
from blocks.errors import Refused, Unreachable
from policy.judgement import Judgement, passed, spoken
from policy.migrations.backfill import Backfill, NoBackfill, backfills_folder, list_backfills, read_backfill
from policy.migrations.batches import Pace, Progress
from policy.wording import counted
from tasks.run import Run, current_run
from tasks.step import Seen, Step
from tasks.systems import DATABASE

SHOWN_SECONDS = 2.0
_TIMES_AS_LONG = 10


def backfills_of(run: Run) -> tuple[Backfill, ...]:
    """Return the backfills that the release brings, read once a process."""
    release = run.release
    there = [path for path in release.files if path not in release.gone]
    return run.once.fetch("backfills", lambda: read_backfills(run.company, release.commit, there))


def read_backfills(company: Company, commit: str, files: list[str]) -> tuple[Backfill, ...]:
    """Return the backfills among these files of a commit; raise Refused where one could not be carried out."""
    if company.prisma is None:
        return ()
    paths = list_backfills(files, folder=backfills_folder(company.prisma.migrations_folder))
    try:
        return tuple(
            read_backfill(PurePosixPath(path).stem, company.github.read_file(path, commit).decode("utf-8", "replace"))
            for path in paths
        )
    except NoBackfill as error:
        raise Refused(f"no backfill that can be carried out in batches: {error}") from error


def say_backfills(run: Run) -> tuple[Judgement, ...]:
    """Say of each backfill what its risk is and where it comes in the order."""
    return tuple(passed(f"{one.risk[1]}; in batches by {one.key}, after the last server") for one in backfills_of(run))


def backfilled(run: Run, backfill: Backfill) -> Step:
    """Every range of keys was carried out, exactly once."""

    def look(company: Company) -> Seen:
        progress = read_progress(DATABASE.required(company), backfill)
        if progress is None:
            return Seen(done=False, sentence="not begun")
        return Seen(
            progress.is_done, f"{progress.share:.0%} of the keys of {backfill.table}, {counted(progress.rows, 'row')}"
        )

    return Step(
        number="6.3.1",
        subject="database",
        name=f"backfill {backfill.name}",
        look=look,
        act=lambda company, _number: _carry_out(run, company, backfill),
        does=f"{backfill.name}: rows of {backfill.table} by {backfill.key}, in batches",
        undo=f"nothing: {backfill.loses}" if backfill.loses else "none needed: what was empty may stay filled",
        within=run.limits.boot,
    )


def _carry_out(run: Run, company: Company, backfill: Backfill) -> None:
    """Batch after batch, each as large as the database bears; whoever objects is heard between two."""
    database, limits = DATABASE.required(company), run.limits
    progress = begin(database, backfill)
    pace, show = Pace(limits.backfill_keys), _shown(backfill)
    ends = time.monotonic() + limits.backfill_patience.total_seconds()
    while not progress.is_done:
        run.lookout.check()
        if time.monotonic() > ends:
            said = f"{progress.share:.0%} of the keys after {spoken(limits.backfill_patience)}"
            raise Refused(f"{backfill.name}: {said}; what was done stays, and the next release goes on from there")
        began = time.monotonic()
        try:
            progress = carry_batch(
                database,
                backfill,
                pace.keys,
                lock_timeout=limits.lock_timeout,
                statement_timeout=limits.backfill_batch * _TIMES_AS_LONG,
            )
        except (BatchRefused, Unreachable) as error:
            get_run_logger().warning("6.3.1 %s gives way: %s", backfill.name, error)
            pace = pace.after_refusal()
        else:
            took = timedelta(seconds=time.monotonic() - began)
            pace = pace.after(took, aim=limits.backfill_batch, most_keys=limits.backfill_keys)
        show(progress)
        run.pause(pace.pause.total_seconds())


def _shown(backfill: Backfill) -> Callable[[Progress], None]:
    """Return what shows where a backfill stands: a line in the log and a bar on the run's page, now and then."""
    bar = _new_bar(backfill.name) if current_run() else None
    shown_at = 0.0

    def show(progress: Progress) -> None:
        nonlocal shown_at
        if not progress.is_done and time.monotonic() - shown_at < SHOWN_SECONDS:
            return
        shown_at = time.monotonic()
        get_run_logger().info("6.3.1 %s: %.0f %%, %s rows", backfill.name, progress.share * 100, f"{progress.rows:,}")
        if bar is not None:
            with suppress(httpx.HTTPError, PrefectException):
                update_progress_artifact(bar, progress.share * 100)

    return show


def _new_bar(name: str) -> UUID | None:
    """What only shows something holds nothing up."""
    with suppress(httpx.HTTPError, PrefectException):
        made = create_progress_artifact(0.0, key=_slug(name), description=f"6.3.1 {name}")
        return made if isinstance(made, UUID) else None
    return None


def _slug(name: str) -> str:
    return "backfill-" + "".join(letter if letter.isalnum() else "-" for letter in name.lower()).strip("-")
