"""What is said of a host to which there is no connection: where it was tried, and what the network said."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import paramiko
import pytest

from blocks.errors import Unreachable
from blocks.fleet.ssh import Connection


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """A key and an empty file of known hosts."""
    key, known = tmp_path / "key", tmp_path / "known_hosts"
    paramiko.ECDSAKey.generate().write_private_key_file(str(key))
    known.touch()
    return str(key), str(known)


@pytest.fixture
def closed() -> Iterator[int]:
    """A port that is taken, and on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


def said_of(host: str, port: int, files: tuple[str, str]) -> str:
    connection = Connection("web-server-1", host, port, "deploy", *files, patience=timedelta(seconds=5))
    with pytest.raises(Unreachable) as raised:
        connection.run(("true",))
    return str(raised.value)


def test_a_port_where_nothing_listens_is_named_with_its_address(closed: int, files: tuple[str, str]) -> None:
    where = f"web-server-1: SSH at 127.0.0.1:{closed}"

    assert said_of("127.0.0.1", closed, files) == f"{where}: connection refused, nothing listens there"


def test_of_a_name_it_is_said_which_of_its_addresses_refused(closed: int, files: tuple[str, str]) -> None:
    said = said_of("localhost", closed, files)

    assert f"localhost:{closed}: connection refused, nothing listens there (" in said
    assert "(127.0.0.1)" in said
    assert "Errno" not in said


def test_a_name_without_an_address_is_no_number_of_an_error(files: tuple[str, str]) -> None:
    said = said_of("no-such-host.invalid", 22, files)

    assert "its name has no address" in said
    assert "Errno" not in said
