"""What every test may use: one lab a session, in its first state for each test."""

import os
import signal
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from lab.client import Lab

# A thread of Prefect's that does not know the story's server would start a server of its own for its log lines.
os.environ["PREFECT_SERVER_EPHEMERAL_ENABLED"] = "false"
os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"
# What a shell starts in the background ignores SIGINT, and so does all it starts: Prefect's worker ends by one.
signal.signal(signal.SIGINT, signal.default_int_handler)

TESTS = Path(__file__).parent
LAB = "running_lab"
# What takes minutes, each lane for a process of its own: what a worker, an engine or a browser costs is paid once.
# The engine and the browser share one, for a browser gives up what it loads while networks come and go.
LANES = (
    ("engine/*", "stories/worker/*", "crash/*"),
    ("stories/test_[a-c]*", "stories/test_da*", "stories/test_e*", "stories/test_fl*", "*/test_prometheus*"),
    ("stories/test_[d-n]*",),
    ("stories/test_[o-z]*",),
)
LEAST_PROCESSES = 4


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """A story waits for more than half of its time, but each process has a company that computes meanwhile: four."""
    return max(os.cpu_count() or 1, LEAST_PROCESSES)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Each process begins with a lane of long tests; short ones make the shares equal and even them out in the end."""
    processes = int(getattr(config, "workerinput", {}).get("workercount", 1))
    shares: list[list[pytest.Item]] = [[] for _ in range(processes)]
    short: list[pytest.Item] = []
    for item in sorted(items, key=_place_of):
        lane, _ = _place_of(item)
        (shares[lane % processes] if lane < len(LANES) else short).append(item)
    size = -(-len(items) // processes)
    for share in shares:
        room = max(0, size - len(share))
        share.extend(short[:room])
        del short[:room]
    items[:] = [item for share in shares for item in share] + short


def _place_of(item: pytest.Item) -> tuple[int, int]:
    """The lane of a test, and its place in it; short tests come after all lanes."""
    path = item.path.relative_to(TESTS).as_posix()
    places = (
        (number, place)
        for number, lane in enumerate(LANES)
        for place, pattern in enumerate(lane)
        if fnmatch(path, pattern)
    )
    return next(places, (len(LANES), 0))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """A lab that the next test does not look at gets no requests: each takes an eighth of a processor with them."""
    lab = getattr(item, "funcargs", {}).get(LAB)
    if isinstance(lab, Lab) and LAB not in getattr(nextitem, "fixturenames", ()):
        lab.set_traffic(0)


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
