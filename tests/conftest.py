"""What every test may use: one lab a session, in its first state for each test."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.client import Lab

# A thread of Prefect's that does not know the story's server would start a server of its own for its log lines.
os.environ["PREFECT_SERVER_EPHEMERAL_ENABLED"] = "false"
os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"
# What a shell starts in the background ignores SIGINT, and so does all it starts: Prefect's worker ends by one.
signal.signal(signal.SIGINT, signal.default_int_handler)

TESTS = Path(__file__).parent
LONGEST_FIRST = ("engine", "stories/worker", "crash", "stories")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests begin: where several processes run, the short ones are left to even them out at the end."""

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(TESTS).parent.as_posix()
        return LONGEST_FIRST.index(folder) if folder in LONGEST_FIRST else len(LONGEST_FIRST)

    items.sort(key=place)


@pytest.fixture(scope="session")
def running_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One company on this machine, for all tests of the session."""
    lab = Lab.start(tmp_path_factory.mktemp("lab"))
    yield lab
    lab.stop(purge=True)


@pytest.fixture
def lab(running_lab: Lab) -> Lab:
    """The lab in its first state."""
    running_lab.reset()
    return running_lab
