"""Where stories are played: one lab, one Prefect server, and for each story an environment of its own."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prefect import get_client, tags
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.flow_runs import resume_flow_run
from prefect.settings import get_current_settings

from blocks.company import Company
from blocks.hold import Holds
from blocks.record import Record, list_records, verify_record
from deployments.save_blocks import save
from deployments.settings import Settings
from flows.hotfix import emergency_hotfix
from flows.production import production_deployment
from flows.recovery import recovery
from lab.client import Lab, Shipped
from policy.record import Event, Row, last
from policy.release import HotfixRequest, Request

ROOT = Path(__file__).parent.parent.parent
LOOK_SECONDS = 0.1

APPROVE = {"decision": "approve", "name": "Tomas Lima", "reason": ""}
ROLL_BACK = {"decision": "roll back", "name": "Omar Reyes", "reason": "looks wrong to me"}


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


@dataclass
class Answers:
    """What people answer at the gates of a story, one after the other."""

    tag: str
    answers: list[dict[str, str]]
    before: Callable[[], None] | None = None
    refused: list[str] = field(default_factory=list)
    asked: int = 0

    @contextmanager
    def given(self) -> Iterator[None]:
        """Answer in the background until the block ends."""
        over = threading.Event()
        # A thread begins without Prefect's settings of this test session.
        thread = threading.Thread(target=copy_context().run, args=(self._answer, over), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(timeout=20)

    def _answer(self, over: threading.Event) -> None:
        left = list(self.answers)
        answered: set[str] = set()
        while not over.wait(LOOK_SECONDS):
            for run in paused_runs(self.tag):
                asking = str(run.state.id if run.state else "")
                if asking in answered:
                    continue
                answered.add(asking)
                self.asked += 1
                if self.before is not None:
                    self.before()
                    self.before = None
                if left:
                    resume_flow_run(run.id, run_input=left.pop(0))


class Stage:
    """One story's world: the lab as it was at first, an environment and a store of its own."""

    def __init__(self, lab: Lab, name: str, folder: Path) -> None:
        self.lab = lab
        self.name = name
        self.store_folder = folder / "store"
        self.settings = self._settings(folder)
        save(self.settings)

    def change_limits(self, **limits: float) -> None:
        """Let other limits hold for this story."""
        content = self.settings.model_dump(mode="json", exclude_unset=True, by_alias=True)
        content["limits"] = {**content.get("limits", {}), **limits}
        self.settings = Settings(**content)
        save(self.settings)

    @property
    def company(self) -> Company:
        """The blocks of this story's environment, loaded anew."""
        return Company.load(self.name)

    def request(self, shipped: Shipped, **words: Any) -> Request:
        """A request that a developer types into the form."""
        return Request.model_validate(self._words(shipped, words))

    def hotfix_request(self, shipped: Shipped, **words: Any) -> HotfixRequest:
        """A hotfix that a developer types into the form."""
        urgent = {"urgency": "users are actively affected", "explanation": "logins fail since 02:50"}
        return HotfixRequest.model_validate(self._words(shipped, {**urgent, **words}))

    def release(
        self, request: Request, *answers: dict[str, str], before_answer: Callable[[], None] | None = None
    ) -> Ending:
        """Carry out a request in this process, people answering at its gates."""

        def flow() -> None:
            if isinstance(request, HotfixRequest):
                emergency_hotfix(request)
            else:
                production_deployment(request)

        return self.play(flow, *answers, before_answer=before_answer)

    def play(
        self, flow: Callable[[], object], *answers: dict[str, str], before_answer: Callable[[], None] | None = None
    ) -> Ending:
        """Call a flow in this process, people answering at its gates."""
        error: Exception | None = None
        self.people = Answers(self.name, list(answers), before_answer)
        with self.people.given(), tags(self.name):
            try:
                flow()
            except Exception as raised:  # noqa: BLE001  (the story looks at whatever was raised)
                error = raised
        return Ending(error, self.rows())

    def rows(self) -> tuple[Row, ...]:
        """The rows of the newest record."""
        keys = list_records(self.company.store)
        return self.rows_of(keys[-1]) if keys else ()

    def rows_of(self, key: str) -> tuple[Row, ...]:
        """The rows of one record."""
        company = self.company
        return Record(company.store, key, holder=0, spool=company.spool).rows()

    def records_verify(self) -> bool:
        """Whether every record of the story is unbroken and sealed."""
        store = self.company.store
        found = [verify_record(store, key) for key in list_records(store)]
        return bool(found) and all(one.fault is None and one.sealed for one in found)

    def hold_is_free(self) -> bool:
        """Whether nobody holds the environment."""
        newest = Holds(self.company.store, self.name).newest()
        return newest is None or newest.released

    def ends_well_on(self, commit: str) -> None:
        """One version on all servers, all in rotation, the hold free, the records unbroken and sealed."""
        assert self.lab.versions_serving() == dict.fromkeys(self.lab.versions_serving(), commit)
        assert all(self.lab.in_rotation().values()), self.lab.in_rotation()
        assert self.hold_is_free()
        assert self.records_verify()

    def when(self, step: str, subject: str, act: Callable[[], None]) -> None:
        """Act in the background as soon as the record says that this step is meant."""

        def watch() -> None:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                if any(row.step == step and row.subject == subject for row in self.rows()):
                    act()
                    return
                time.sleep(LOOK_SECONDS)

        threading.Thread(target=copy_context().run, args=(watch,), daemon=True).start()

    def said_in(self, channel: str) -> str:
        """Everything that was posted to a Slack channel."""
        return "\n".join(str(message["text"]) for message in self.lab.slack_messages(channel))

    def recover(self) -> None:
        """Run recovery once, as its schedule does."""
        with tags(self.name):
            recovery(self.name)

    def start_process(self, request: Request) -> "ReleaseProcess":
        """Carry out a request in a process of its own, which a story can kill."""
        return ReleaseProcess(self, request)

    def _settings(self, folder: Path) -> Settings:
        with self.lab.settings_path.open("rb") as file:
            content = tomllib.load(file)
        content["environment"] = self.name
        content["store"] = {"folder": str(self.store_folder)}
        content["spool"] = str(folder / "spool")
        self.store_folder.mkdir()
        return Settings(**content)

    def _words(self, shipped: Shipped, words: dict[str, Any]) -> dict[str, Any]:
        return {
            "commit": shipped.commit,
            "summary": "Patient search performance",
            "requested_by": "Ana Souza",
            "way_back_understood": True,
            "environment": self.name,
            **words,
        }


class ReleaseProcess:
    """A release in a process of its own."""

    def __init__(self, stage: Stage, request: Request) -> None:
        self._stage = stage
        words = [
            sys.executable,
            "-m",
            "tests.stories.release_process",
            stage.name,
            json.dumps(request.model_dump(mode="json")),
        ]
        self._process = subprocess.Popen(words, cwd=ROOT, env=os.environ | stage_environment())

    def kill(self) -> None:
        """Kill -9; nothing in the process gets a word in."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def wait(self, *, seconds: float = 120) -> int:
        """Return the exit status once the process has ended."""
        return self._process.wait(timeout=seconds)


def stage_environment() -> dict[str, str]:
    """What a process of a story needs to find the story's Prefect server."""
    return {"PREFECT_API_URL": str(get_current_settings().api.url)}


def paused_runs(tag: str) -> list[FlowRun]:
    """Return the runs of a story that wait for a person."""
    with get_client(sync_client=True) as client:
        return client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                tags=FlowRunFilterTags(all_=[tag]),
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.PAUSED])),
            )
        )


def wait_until(true: Callable[[], bool], *, what: str, seconds: float = 60) -> None:
    """Return when the condition holds; fail with a sentence when the time is over."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not so after {seconds:.0f} s: {what}"
        time.sleep(LOOK_SECONDS)
