"""One lab for all tests of the lab; each test begins in its first state."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.client import Lab


@pytest.fixture(scope="session")
def running_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab of this session's own."""
    lab = Lab.start(Path(tmp_path_factory.mktemp("lab")))
    yield lab
    lab.stop(purge=True)


@pytest.fixture
def lab(running_lab: Lab) -> Lab:
    """The lab in its first state."""
    running_lab.reset()
    return running_lab
