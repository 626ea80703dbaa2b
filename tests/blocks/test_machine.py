"""What a host says of itself is read fact by fact, and a host that says no time is not understood."""

from datetime import UTC, datetime

import pytest

from blocks.errors import Misconfigured, Unreachable
from blocks.fleet.machine import read_machine
from blocks.pg_programs import read_program_version

SAID = """\
time 1795773600
docker 20.10.24
compose docker: 'compose' is not a docker command.
writable yes
missing flock
process COMMAND
process /sbin/init
process prefect worker start
"""


def test_each_fact_has_its_place() -> None:
    machine = read_machine("web-server-1", SAID)

    assert machine.clock == datetime.fromtimestamp(1795773600, UTC)
    assert (machine.docker, machine.compose) == ("20.10.24", "docker: 'compose' is not a docker command.")
    assert machine.writable
    assert machine.missing == ("flock",)
    assert machine.processes == ("/sbin/init", "prefect worker start")


@pytest.mark.parametrize("said", ["", "time \n", "time yesterday\n", "docker 20.10.24\n"])
def test_a_host_that_says_no_time_is_not_understood(said: str) -> None:
    with pytest.raises(Unreachable, match="web-server-1: `date \\+%s` printed no time"):
        read_machine("web-server-1", said)


def test_a_program_that_is_not_there_or_is_no_program_of_postgresql_is_named() -> None:
    with pytest.raises(Misconfigured, match="no-such-program cannot be run on the worker"):
        read_program_version("no-such-program")
    with pytest.raises(Misconfigured, match="said no version"):
        read_program_version("true")
