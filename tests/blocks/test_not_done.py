"""What surely was not done is told from what may have been: only that is done again without a second thought."""

import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from blocks.errors import NotDone, Unreachable
from blocks.fleet.commands import Words
from blocks.fleet.fenced import FencedFolder
from blocks.fleet.ssh import Connection, Ran
from blocks.vendor import Vendor
from tests.serving import served


@pytest.fixture
def nobody_there() -> Iterator[int]:
    """A port on which nobody listens."""
    with closing(socket.socket()) as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield reserved.getsockname()[1]


def host_at(port: int, folder: Path) -> Connection:
    (folder / "known_hosts").touch()
    return Connection("web-server-1", "127.0.0.1", port, "deploy", str(folder / "key"), str(folder / "known_hosts"))


def vendor_at(url: str) -> Vendor:
    return Vendor("Vendor", url, headers=dict, connect_seconds=2, read_seconds=2, patience_seconds=1)


class Busy(Connection):
    """A host on which another command holds the fence."""

    def run(self, words: Words, *, stdin: bytes = b"", limit: timedelta | None = None) -> Ran:
        """Answer as the script of the fence does."""
        del words, stdin, limit
        return Ran(75, "", "fence: another command is still running after 20 s")


def test_a_host_that_takes_no_connection_has_run_nothing(nobody_there: int, tmp_path: Path) -> None:
    with pytest.raises(NotDone, match="connection refused"):
        host_at(nobody_there, tmp_path).run(("true",))


def test_a_host_that_greets_nobody_has_run_nothing(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        host = host_at(silent.getsockname()[1], tmp_path)
        host.patience = timedelta(milliseconds=200)

        with pytest.raises(NotDone, match="SSH at"):
            host.run(("true",))


def test_a_host_that_is_still_at_another_command_has_run_nothing() -> None:
    folder = FencedFolder(Busy("web-server-1", "", 0, "", "", ""), "/opt/holi")

    with pytest.raises(NotDone, match="another command is still running"):
        folder.change(3, ("true",), limit=timedelta(seconds=1))


def test_a_vendor_that_takes_no_connection_has_done_nothing(nobody_there: int) -> None:
    with closing(vendor_at(f"http://127.0.0.1:{nobody_there}")) as vendor, pytest.raises(NotDone, match="no answer to"):
        vendor.ask("POST", "/messages", body={})


def test_a_vendor_that_failed_over_it_may_have_done_it() -> None:
    def fail(_request: Request) -> Response:
        return Response(status_code=503)

    app = Starlette(routes=[Route("/messages", fail, methods=["POST"])])
    with served(app) as url, closing(vendor_at(url)) as vendor, pytest.raises(Unreachable) as raised:
        vendor.ask("POST", "/messages", body={})

    assert not isinstance(raised.value, NotDone)
