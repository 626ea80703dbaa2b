"""The lab's hosts: what they let in, and what they carry out."""

from collections.abc import Iterator

import paramiko
import pytest

from lab.client import Lab
from tests.lab.remote import Remote, read_settings


@pytest.fixture
def host(running_lab: Lab) -> Iterator[Remote]:
    """A connection to web-server-1."""
    remote = Remote(running_lab, running_lab.home.ports["ssh_web-server-1"])
    yield remote
    remote.close()


def try_to_connect(running_lab: Lab, **words: object) -> None:
    client = paramiko.SSHClient()
    client.load_host_keys(read_settings(running_lab)["fleet"]["known_hosts"])
    try:
        client.connect(
            "127.0.0.1",
            port=running_lab.home.ports["ssh_web-server-1"],
            allow_agent=False,
            look_for_keys=False,
            timeout=30,
            **words,  # type: ignore[arg-type]  # the words differ from case to case
        )
    finally:
        client.close()


def test_output_input_and_status_come_back(host: Remote) -> None:
    said = host.shell("cat; echo oops >&2; exit 7", given="through")

    assert (said.code, said.out, said.err) == (7, "through", "oops\n")


def test_much_output_arrives_whole(host: Remote) -> None:
    assert len(host.shell("head -c 3000000 /dev/zero | tr '\\0' x").out) == 3_000_000


def test_commands_start_in_the_hosts_own_home(running_lab: Lab, host: Remote) -> None:
    said = host.shell('pwd; echo "$HOME"; command -v docker')

    home = str(running_lab.home.host("web-server-1"))
    assert said.out.split() == [home, home, f"{home}/bin/docker"]


def test_files_can_be_moved(host: Remote) -> None:
    files = host.open_sftp()
    with files.open("note.txt", "w") as file:
        file.write("kept")

    assert host.run("cat", "note.txt").out == "kept"


def test_a_password_is_refused(running_lab: Lab) -> None:
    with pytest.raises(paramiko.SSHException):
        try_to_connect(running_lab, username="deploy", password="deploy")


def test_an_unknown_key_is_refused(running_lab: Lab) -> None:
    with pytest.raises(paramiko.SSHException):
        try_to_connect(running_lab, username="deploy", pkey=paramiko.RSAKey.generate(2048))


def test_another_user_is_refused(running_lab: Lab) -> None:
    key = read_settings(running_lab)["fleet"]["key_file"]

    with pytest.raises(paramiko.SSHException):
        try_to_connect(running_lab, username="root", key_filename=key)


def test_a_swapped_host_key_is_noticed(lab: Lab) -> None:
    lab.rotate_host_key("web-server-1")

    with pytest.raises(paramiko.BadHostKeyException):
        Remote(lab, lab.home.ports["ssh_web-server-1"])


def test_a_cut_host_cannot_be_reached_until_it_is_mended(lab: Lab, host: Remote) -> None:
    lab.cut("web-server-1")
    with pytest.raises((OSError, EOFError, paramiko.SSHException)):
        host.run("true")
    with pytest.raises(OSError, match="connect"):
        Remote(lab, lab.home.ports["ssh_web-server-1"])
    assert lab.version_of("web-server-1") is None

    lab.mend("web-server-1")

    again = Remote(lab, lab.home.ports["ssh_web-server-1"])
    assert again.run("true").code == 0
    again.close()
    assert lab.version_of("web-server-1") is not None
