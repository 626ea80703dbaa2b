"""Several servers at once: all of them end before anybody goes on, and the worst that was raised is raised."""

import threading

import pytest

from blocks.company import Company
from blocks.errors import Superseded
from blocks.fleet import Server
from flows.at_once import at_once
from tasks.run import Run
from tasks.step import StepFailed
from tests.core.scene import begun
from tests.core.world import Died, World

SECONDS = 60


@pytest.fixture
def run(company: Company, world: World) -> Run:
    """A release that has begun."""
    return begun(company, world, steps=0).run


def test_what_came_of_each_is_returned_in_the_order_of_the_servers(run: Run) -> None:
    together = threading.Barrier(3)

    def act(_run: Run, server: Server) -> str:
        together.wait(SECONDS)
        return server.name

    assert at_once(run, run.servers, act) == [server.name for server in run.servers]


def test_one_server_alone_is_acted_on_by_who_asked(run: Run) -> None:
    assert at_once(run, run.servers[:1], lambda _run, _server: threading.current_thread()) == [threading.main_thread()]


def test_who_cannot_go_on_stops_the_others_at_their_next_safe_point(run: Run) -> None:
    stopped: list[str] = []

    def act(beside: Run, server: Server) -> None:
        if server == run.servers[1]:
            raise StepFailed(f"{server.name} is not healthy")
        ended = threading.Event()
        while not ended.wait(0.01):
            try:
                beside.lookout.check()
            except Exception:
                stopped.append(server.name)
                raise

    with pytest.raises(StepFailed, match="web-server-2 is not healthy"):
        at_once(run, run.servers, act)

    assert sorted(stopped) == ["web-server-1", "web-server-3"]
    run.lookout.check()


@pytest.mark.parametrize("last", [Superseded("4 took over"), Died()])
def test_that_somebody_else_took_over_counts_more_than_that_another_one_stopped(run: Run, last: BaseException) -> None:
    def act(beside: Run, server: Server) -> None:
        if server == run.servers[-1]:
            raise last
        ended = threading.Event()
        while not ended.wait(0.01):
            beside.lookout.check()

    with pytest.raises(type(last)):
        at_once(run, run.servers, act)
