"""Where stories are played: one lab, one Prefect server, and for each story an environment of its own."""

import re
import shutil
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect import get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterKey,
    FlowRunFilter,
    FlowRunFilterStartTime,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun

from blocks.errors import Unreachable
from blocks.hold import Holds
from blocks.prometheus import Prometheus
from blocks.record import Record, list_records, verify_record
from blocks.store import FolderStore, Store
from deployments.save_blocks import blocks_of
from deployments.settings import Settings
from flows.database_migration import database_migration
from flows.recovery import recovery
from lab.client import Lab, Shipped
from lab.home import WEB_SERVERS
from lab.release_request import ask_for
from policy.record import Event, Row, last
from policy.release import HotfixRequest, ManualRequest, Request
from policy.roles import Roster
from policy.samples import judge_numbers
from tests.stories.company import ENVIRONMENT, LEFT_ASIDE, LIMITS, Blocks
from tests.stories.people import Answer, Answers, Words, paused_runs
from tests.stories.release_process import ReleaseProcess, carry_through

LOOK_SECONDS = 0.1
# Looking costs too: what asks Prefect, or a whole recovery, is not done ten times a second.
ASK_SECONDS, RECOVERY_SECONDS = 0.5, 1.0
# What a machine that does much beside may take; a story that hangs ends all the same.
STORY_SECONDS = 600
OWN_HEAD = "from policy.judgement import passed\nfrom tasks.own_checks import own_check\n"
OWN_CHECK = """
@own_check("{number}", "Own check")
def own_{name}(run):
    "Always."
    return passed(f"{{run.release.commit}} is well")
"""


@dataclass
class Ending:
    """How a story's flow ended: what it raised, and the record it left."""

    error: Exception | None
    rows: tuple[Row, ...]

    @property
    def outcome(self) -> str:
        """The outcome that the record's last row seals."""
        sealed = last(self.rows, Event.SEALED)
        return str(sealed.facts["outcome"]) if sealed else "open"

    @property
    def sentence(self) -> str:
        """What the flow raised, or what the record's last row says."""
        sealed = last(self.rows, Event.SEALED)
        return str(self.error or (sealed.facts["sentence"] if sealed else ""))


class Stage:
    """One story's world: the lab as it was at first, and a store of its own."""

    def __init__(self, lab: Lab, blocks: Blocks, folder: Path) -> None:
        self.lab = lab
        self.began = datetime.now(UTC)
        self._blocks = blocks
        self.store_folder = folder / "store"
        self.spool = folder / "spool"
        self.store: Store = FolderStore(folder=str(self.store_folder))
        self.words = self._settings()
        blocks.save(Settings(**self.words))
        lab.mark_traffic()

    def wait_for_calm(self) -> None:
        """Return when the metrics show nothing of the story before: enough requests on each server, none failed."""
        settings = Settings(**self.words)
        prometheus = next(one for one in blocks_of(settings)[ENVIRONMENT] if isinstance(one, Prometheus))

        def is_calm() -> bool:
            now = datetime.now(UTC)
            try:
                samples = prometheus.read_samples(WEB_SERVERS, at=now, span=settings.limits.watch_window)
            except Unreachable:
                return False
            return judge_numbers(samples, now=now, limits=settings.limits, servers=WEB_SERVERS).verdict.lets_pass

        with closing(prometheus):
            wait_until(is_calm, what="the metrics are calm")

    def change_limits(self, **limits: float) -> None:
        """Let other limits hold for this story."""
        self.change_settings(limits=limits)

    def change_settings(self, **tables: dict[str, Any]) -> None:
        """Let other values stand in these tables of the settings for this story."""
        for name, values in tables.items():
            self.words[name] = {**self.words.get(name, {}), **values}
        self._blocks.save(Settings(**self.words))

    def keep_records_in(self, store: Store, table: dict[str, Any]) -> None:
        """Let records and holds lie in another store, which the settings name so."""
        self.store = store
        self.words["store"] = table
        self._blocks.save(Settings(**self.words))

    def work_from(self, folder: Path) -> None:
        """Let whoever begins from now on be another worker, with secrets and spool in a folder of its own."""
        shutil.copytree(self.lab.home.secrets, folder / "secrets")
        self.spool = folder / "spool"
        self.words |= {"secrets": str(folder / "secrets"), "spool": str(self.spool)}
        self._blocks.save(Settings(**self.words))

    def have(self, *sections: str) -> None:
        """Let the company have these systems in this story; without a name, every system that there is."""
        tables = {name: self._left_aside[name] for name in sections or self._left_aside}
        scanners = ["pnpm audit", "gitleaks", "code scanning", *(["Snyk"] if "snyk" in tables else [])]
        self.change_settings(**tables, security={"scanners": scanners})

    def leave_out(self, *sections: str) -> None:
        """Let the company not have these systems in this story."""
        for section in sections:
            del self.words[section]
        self._blocks.save(Settings(**self.words))

    def ask_checks_of_its_own(self, *numbers: str) -> None:
        """Let the company have a check of its own under each of these numbers in this story."""
        file = self.store_folder.parent / "own.py"
        checks = (OWN_CHECK.format(number=number, name=number.replace(".", "_")) for number in numbers)
        file.write_text(OWN_HEAD + "".join(checks), encoding="utf-8")
        self.words["own_checks"] = [str(file)]
        self._blocks.save(Settings(**self.words))

    def request(self, shipped: Shipped, **words: Any) -> Request:
        """A request that a developer types into the form."""
        return Request.model_validate(self._words(shipped, words))

    def hotfix_request(self, shipped: Shipped, **words: Any) -> HotfixRequest:
        """A hotfix that a developer types into the form."""
        why = {"urgency": "users are actively affected", "can_wait": "no", "tried_by_hand": True}
        urgent = {**why, "explanation": "logins fail since 02:50"}
        return HotfixRequest.model_validate(self._words(shipped, {**urgent, **words}))

    def manual_request(self, shipped: Shipped, **words: Any) -> ManualRequest:
        """A deployment without the pipeline that a developer types into the form."""
        return ManualRequest.model_validate(
            self._words(shipped, {"reason": "the pipeline is broken", "summary": "Patients log in again", **words})
        )

    def fix(self, version: str, **words: Any) -> Shipped:
        """A hotfix as section 5 wants it: one small tested change, in a pull request that is marked as one."""
        files = {"apps/api/src/waiting.test.ts": f'test("{version}")\n', **words.pop("files", {})}
        title = f"[HOTFIX] Let patients log in ({version})"
        return self.lab.ship(version, title=title, labels=("hotfix", "security"), files=files, **words)

    def release(self, request: Request, *answers: Answer) -> Ending:
        """Carry out a request in this process, people answering at its gates."""
        return self.play(lambda: carry_through(request), *answers)

    def migrate(self, request: Request, *answers: Answer) -> Ending:
        """Carry out a commit's migrations by themselves, people answering at the gate."""
        return self.play(lambda: database_migration(request), *answers)

    def play(self, flow: Callable[[], object], *answers: Answer) -> Ending:
        """Call a flow in this process, people answering at its gates."""
        error: Exception | None = None
        self.people = Answers(self.began, list(answers), self.typed)
        with self.people.given():
            try:
                flow()
            except Exception as raised:  # noqa: BLE001  (the story looks at whatever was raised)
                error = raised
        return Ending(error, self.rows())

    def rows(self) -> tuple[Row, ...]:
        """The rows of the newest record."""
        keys = list_records(self.store)
        return self.rows_of(keys[-1]) if keys else ()

    def rows_of(self, key: str) -> tuple[Row, ...]:
        """The rows of one record."""
        return Record(self.store, key, holder=0, spool=self.spool).rows()

    def records_verify(self) -> bool:
        """Whether every record of the story is unbroken and sealed."""
        found = [verify_record(self.store, key) for key in list_records(self.store)]
        return bool(found) and all(one.fault is None and one.sealed for one in found)

    def hold_is_free(self) -> bool:
        """Whether nobody holds the environment."""
        newest = Holds(self.store, ENVIRONMENT).newest()
        return newest is None or newest.released

    def is_untouched(self) -> bool:
        """Whether nobody held the environment, nothing was recorded and nobody was told."""
        channels = ("C0DEPLOYMENTS", "C0ALERTS")
        nobody = Holds(self.store, ENVIRONMENT).newest() is None
        return nobody and not list_records(self.store) and not any(map(self.said_in, channels))

    def refuses(self, request: Request, sentence: str) -> None:
        """The flow ends with this sentence; no hold, no record, no message, and the servers as they were."""
        before = self.lab.versions_serving()

        ending = self.release(request)

        assert re.search(sentence, ending.sentence), ending.sentence
        assert self.is_untouched()
        assert self.lab.versions_serving() == before
        assert all(self.lab.in_rotation().values())

    def ends_well_on(self, commit: str, *, outage: bool = False) -> None:
        """One version on all servers, all in rotation, no request lost, the hold free, the records unbroken and sealed.

        In an `outage` production or the application itself did not answer, whoever releases what.
        """
        assert self.lab.versions_serving() == dict.fromkeys(self.lab.versions_serving(), commit)
        assert all(self.lab.in_rotation().values()), self.lab.in_rotation()
        assert outage or self.lab.traffic().lost == 0, self.lab.traffic().losses
        assert self.hold_is_free()
        assert self.records_verify()

    def when(self, step: str, subject: str, act: Callable[[], None]) -> None:
        """Act in the background as soon as the record says that this step is meant."""

        def watch() -> None:
            deadline = time.monotonic() + STORY_SECONDS
            while time.monotonic() < deadline:
                if any(row.step == step and row.subject == subject for row in self.rows()):
                    act()
                    return
                time.sleep(LOOK_SECONDS)

        threading.Thread(target=copy_context().run, args=(watch,), daemon=True).start()

    def said_in(self, channel: str) -> str:
        """Everything that was posted to a Slack channel."""
        return "\n".join(str(message["text"]) for message in self.lab.slack_messages(channel))

    def outcome(self) -> str:
        """How the newest release ended, if one ever began."""
        return Ending(None, self.rows()).outcome

    def endings(self) -> list[Ending]:
        """How each release of the story ended, by its record, oldest first."""
        return [Ending(None, self.rows_of(key)) for key in list_records(self.store)]

    def page(self, key: str) -> str:
        """The newest page that a flow of the story left under this key."""
        with get_client(sync_client=True) as client:
            found = client.read_artifacts(
                artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])),
                flow_run_filter=FlowRunFilter(start_time=FlowRunFilterStartTime(after_=self.began)),
            )
        return str(max(found, key=lambda artifact: str(artifact.created)).data)

    def tags_of_runs(self, tag: str) -> set[str]:
        """Every tag of the runs of the story that carry this one, as Prefect's own filter finds them."""
        wanted = FlowRunFilter(start_time=FlowRunFilterStartTime(after_=self.began), tags=FlowRunFilterTags(all_=[tag]))
        with get_client(sync_client=True) as client:
            return {found for run in client.read_flow_runs(flow_run_filter=wanted) for found in run.tags}

    def recover_until_free(self) -> None:
        """Run recovery, as its schedule does, until nobody holds the environment."""

        def free() -> bool:
            recovery(ENVIRONMENT)
            return self.hold_is_free()

        wait_until(free, what="recovery gave the hold back", every=RECOVERY_SECONDS)

    @contextmanager
    def process(self, request: Request) -> Iterator[ReleaseProcess]:
        """Carry out a request in a process of its own, which a story can kill; it is gone afterwards."""
        process = ReleaseProcess.begin(request)
        try:
            yield process
        finally:
            process.kill()

    @property
    def roster(self) -> Roster:
        """The people of the story."""
        return Roster.model_validate({"people": self.words["people"]})

    def typed(self, answer: Words) -> Words:
        """Return what is typed into the form: who approves or waives adds the code of their app, if there is none."""
        if answer["decision"] not in ("approve", "waive") or "code" in answer:
            return answer
        return {**answer, "code": self.lab.code_of(answer["name"])}

    def wait_for_gate(self) -> FlowRun:
        """Return the run that waits for a person."""
        found: list[FlowRun] = []
        with get_client(sync_client=True) as client:

            def waits() -> bool:
                found[:] = paused_runs(self.began, client)
                return bool(found)

            wait_until(waits, what="a run waits at its gate")
        return found[0]

    def _settings(self) -> dict[str, Any]:
        with self.lab.settings_path.open("rb") as file:
            content = tomllib.load(file)
        self._left_aside = {section: content.pop(section) for section in LEFT_ASIDE if section in content}
        content["security"]["scanners"] = [name for name in content["security"]["scanners"] if name != "Snyk"]
        content["environment"] = ENVIRONMENT
        content["store"] = {"folder": str(self.store_folder)}
        content["spool"] = str(self.spool)
        content["limits"] |= LIMITS
        self.store_folder.mkdir()
        FolderStore(folder=str(self.store_folder)).mark()
        return content

    def _words(self, shipped: Shipped, words: dict[str, Any]) -> dict[str, Any]:
        return {**ask_for(shipped, "Patient search performance"), "environment": ENVIRONMENT, **words}


def wait_until(
    true: Callable[[], bool], *, what: str, seconds: float = STORY_SECONDS, every: float = ASK_SECONDS
) -> None:
    """Return when the condition holds; fail with a sentence when the time is over."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not so after {seconds:.0f} s: {what}"
        time.sleep(every)
