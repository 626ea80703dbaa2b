"""A company whose outside systems are asked over the wire, and one release whose evidence is all in order."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from prefect.logging import disable_run_logger

from tests.core.world import World
from tests.evidence.company import SECRETS, Scene, a_scene


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """Every system up, every item of the release in order."""
    for name in SECRETS:
        monkeypatch.setenv(name, name.lower())
    with ExitStack() as stack, disable_run_logger():
        yield a_scene(World(), tmp_path, stack)
