"""The lab, Prefect and the harness in which releases are killed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.client import Lab
from tests.crash.harness import Harness
from tests.stories.conftest import blocks, control
from tests.stories.stage import Blocks

__all__ = ["blocks", "control"]


@pytest.fixture
def harness(running_lab: Lab, blocks: Blocks, tmp_path: Path) -> Iterator[Harness]:
    """A harness with a proxy of its own before the store."""
    harness = Harness(running_lab, blocks, tmp_path)
    yield harness
    harness.close()
