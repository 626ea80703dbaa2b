"""A contract: a block, its stand-in, a call of each verb, and the description that both must agree with."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from blocks.errors import BlockError
from tests.contracts.exchange import Exchange, Recorder
from tests.contracts.openapi_check import Finding
from tests.serving import served

Drive = Callable[["Stage"], object]


class Description(Protocol):
    """What a vendor says of its own interface."""

    @property
    def file(self) -> str:
        """Return the name of the file."""

    def check(self, exchange: Exchange) -> Finding:
        """Return what one exchange shows."""


@dataclass(slots=True)
class Stage:
    """The block under test and the stand-in behind it."""

    block: Any
    vendor: Any
    recorder: Recorder


@dataclass(frozen=True)
class Contract:
    """Everything that a block can ask of one vendor, and the refusals that it must understand."""

    name: str
    block: type
    description: Description
    open: Callable[[Path, ExitStack], tuple[Any, Any]]
    make: Callable[[str], Any]
    verbs: Mapping[str, Drive]
    refusals: Mapping[str, Drive]
    secrets: Mapping[str, str] = field(default_factory=dict)
    not_checked: tuple[str, ...] = ()

    @contextmanager
    def stage(self) -> Iterator[Stage]:
        """Lend a block that talks to a fresh stand-in, each exchange recorded."""
        with ExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory()))
            app, vendor = self.open(folder, stack)
            recorder = Recorder(app)
            url = stack.enter_context(served(recorder))
            before = {name: os.environ.get(name) for name in self.secrets}
            os.environ.update(self.secrets)
            block = self.make(url)
            try:
                yield Stage(block, vendor, recorder)
            finally:
                for name, value in before.items():
                    os.environ.pop(name)
                    if value is not None:
                        os.environ[name] = value
                if hasattr(block, "close"):
                    block.close()

    def drive(self, verb: str) -> list[Finding]:
        """What one verb's exchanges show; a verb that asks nothing has proved nothing."""
        with self.stage() as stage:
            self.verbs[verb](stage)
            return self._findings(stage)

    def refuse(self, case: str) -> list[Finding]:
        """What the exchanges of a refusal show; a case that is not refused has proved nothing."""
        with self.stage() as stage:
            try:
                self.refusals[case](stage)
            except BlockError:
                return self._findings(stage)
        raise AssertionError(f"{self.name}: {case} was not refused")

    def _findings(self, stage: Stage) -> list[Finding]:
        assert stage.recorder.exchanges, f"{self.name}: nothing went over the wire"
        return [self.description.check(exchange) for exchange in stage.recorder.exchanges]

    def public_verbs(self) -> set[str]:
        """Every verb that the block offers of its own."""
        silent = {"close", "block_initialization", "model_post_init", "shown", "limit_of"}
        found: set[str] = set()
        for kind in self.block.__mro__:
            if kind.__module__.startswith("blocks."):
                found |= {name for name, value in vars(kind).items() if callable(value) and name[0] != "_"}
        return {name for name in found - silent if not isinstance(getattr(self.block, name), type)}
