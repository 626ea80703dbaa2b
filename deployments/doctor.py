"""`make doctor`, on the worker: what is wrong before anybody releases, in one table with what to do next.

It reads the settings file, not what was saved in Prefect, so that it helps before anything else works.
Nothing is changed anywhere. The exit status is 1 if a row is red or not known.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import yaml
from prefect import get_client
from prefect.blocks.core import Block
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import Worker, WorkerStatus
from prefect.exceptions import ObjectNotFound, PrefectException
from prefect.settings import PREFECT_WORKER_HEARTBEAT_SECONDS

from blocks.company import Company
from blocks.errors import BlockError, Misconfigured, Unreachable
from blocks.saved import BlockKind
from deployments.prefect_server import NAME_IT, is_named
from deployments.save_blocks import blocks_of
from deployments.settings import Settings, read_settings
from policy.diagnosis import Finding, WorkerSeen, differing, judge_each, judge_workers, not_tried, one_per_cause
from policy.diagnosis_page import OF_PREFECT, render_text
from policy.judgement import Judgement, Verdict, failed, passed
from policy.next_step import Cause, Kind, next_step
from policy.wording import listed, say_error
from tasks.attempt import attempt, attempt_advised
from tasks.doctor import examine
from tasks.run import utc_now

PART = "Prefect"
OFFERED = Path(__file__).parent.parent / "prefect.yaml"
_SAVE = "give the command again: python -m deployments.save_blocks"
_DEPLOY = "give the command again: prefect --no-prompt deploy --all"


def company_of(settings: Settings) -> Company:
    """Return the company as the settings describe it; Prefect is not asked."""
    blocks = blocks_of(settings)

    def find(kind: type[BlockKind], name: str, /) -> BlockKind:
        for block in blocks.get(name, []):
            if isinstance(block, kind):
                return block
        raise Misconfigured(f"the settings make no {kind.get_block_type_slug()} called {name!r}")

    return Company.load(settings.environment, find=find)


def try_prefect(settings: Settings) -> Iterator[Finding]:
    """Prefect's server answers, a worker takes runs, and what was saved there is what the settings say now."""
    tried, *others = OF_PREFECT
    if not is_named():
        server = Finding(PART, tried, failed("PREFECT_API_URL is not set for this user: no server is named"), NAME_IT)
        yield from (server, *(not_tried(PART, other, see=server) for other in others))
        return
    with get_client(sync_client=True) as client:

        def answers() -> Judgement:
            problem = client.api_healthcheck()
            return failed(f"{client.api_url}: {problem}") if problem else passed(f"{client.api_url} answers")

        server = attempt(PART, tried, answers, NAME_IT)
        yield server
        if not server.is_well:
            yield from (not_tried(PART, other, see=server) for other in others)
        else:
            worker, deployments, saved = others
            pool = str(_offered()[0]["work_pool"]["name"])
            usual = "look at the server's log"
            yield attempt_advised(PART, worker, lambda: _judge_workers(client, pool), usual)
            yield attempt(PART, deployments, lambda: _judge_deployments(client), _DEPLOY)
            yield attempt(PART, saved, lambda: judge_saved(settings), _SAVE)


def _judge_workers(client: SyncPrefectClient, pool: str) -> tuple[Judgement, str]:
    try:
        with _asking():
            paused = client.read_work_pool(pool).is_paused
            workers = client.read_workers_for_work_pool(pool)
            now = _clock_of(client)
    except ObjectNotFound:
        return failed(f"there is no work pool {pool}"), f"prefect work-pool create {pool} --type process"
    if paused:
        return failed(f"the work pool {pool} is paused: nothing starts"), f"prefect work-pool resume {pool}"
    start = f"start one: prefect worker start --pool {pool} (docs/countersign-worker.service)"
    return judge_workers([seen for one in workers if (seen := _seen(one, now))], pool=pool), start


def _clock_of(client: SyncPrefectClient) -> datetime:
    """What time it is where heartbeats are written down; this machine's clock may be another."""
    said = client.hello().headers.get_list("date")
    return parsedate_to_datetime(said[-1]) if said else utc_now()


def _seen(worker: Worker, now: datetime) -> WorkerSeen | None:
    if worker.last_heartbeat_time is None:
        return None
    silent = max(timedelta(0), now - worker.last_heartbeat_time)
    every = timedelta(seconds=worker.heartbeat_interval_seconds or PREFECT_WORKER_HEARTBEAT_SECONDS.value())
    return WorkerSeen(worker.name, worker.status is WorkerStatus.ONLINE, silent, every)


def _judge_deployments(client: SyncPrefectClient) -> Judgement:
    with _asking():
        found = {deployment.name: deployment.entrypoint for deployment in client.read_deployments(limit=200)}
    wrong = [str(one["name"]) for one in _offered() if found.get(one["name"]) != one["entrypoint"]]
    return judge_each([f"{name} is not there as prefect.yaml has it" for name in wrong], well=f"all {len(_offered())}")


def judge_saved(settings: Settings) -> Judgement:
    """Pass if each block in Prefect holds what the settings say now, else name the fields that differ."""
    wrong = []
    for name, blocks in blocks_of(settings).items():
        for block in blocks:
            slug = block.get_block_type_slug()
            try:
                with _asking():
                    saved = type(block).load(name)
            except ValueError:
                wrong.append(f"{slug} {name!r} was never saved")
                continue
            if fields := differing(_held(saved), _held(block)):
                wrong.append(f"{slug} {name!r} differs from the settings in {listed(fields)}")
    return judge_each(wrong, well="as in the settings")


def _held(block: object) -> dict[str, Any]:
    """What a block holds by its own fields; Prefect adds to a saved one under which name and number it is kept."""
    if not isinstance(block, Block):
        return {}
    return block.model_dump(mode="json", include=set(type(block).model_fields))


@contextmanager
def _asking() -> Iterator[None]:
    """What Prefect does not answer is Unreachable; what it does not have is raised as it comes."""
    try:
        yield
    except ObjectNotFound:
        raise
    except (PrefectException, httpx.HTTPError) as error:
        raise Unreachable(f"Prefect: {say_error(error)}", cause=Cause(Kind.NO_ANSWER, PART)) from error


def _offered() -> list[dict[str, Any]]:
    return list(yaml.safe_load(OFFERED.read_text(encoding="utf-8"))["deployments"])


def main() -> int:
    """Print the table; return 1 if a row is red or the settings are wrong."""
    findings = all_tried()
    sys.stdout.write(f"{render_text(findings)}\n")
    return 0 if all(finding.is_well for finding in findings) else 1


def all_tried(file: Path | None = None) -> tuple[Finding, ...]:
    """Return what was found of Prefect and of each system; settings that are wrong are the only row."""
    try:
        settings = read_settings(file)
        company = company_of(settings)
    except BlockError as error:
        usual = "mend the file that COUNTERSIGN_SETTINGS names: docs/settings.md says what each setting expects"
        step = next_step(error.cause, Verdict.FAILED, usual=usual)
        return (Finding("settings", "file", failed(str(error)), step, error.cause),)
    with company:
        return one_per_cause((*try_prefect(settings), *examine(company)))


if __name__ == "__main__":
    sys.exit(main())
