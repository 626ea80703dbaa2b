"""How a release of the lab is asked for."""

import json
import shlex
from pathlib import Path

from lab.client import Lab, Shipped
from lab.home import Home
from lab.release_request import command_for


def test_a_release_is_asked_for_by_a_command_that_any_shell_takes(tmp_path: Path) -> None:
    lab = Lab(Home(tmp_path))

    command = command_for(lab, Shipped("", "c0ffee", None, 7, 'Greet "Ana", don\'t ask'))

    where, _, words = command.partition(" ")
    assert where == f"PREFECT_API_URL={lab.home.url('prefect')}/api"
    *run, request = shlex.split(words)
    assert run[1:] == ["deployment", "run", "Production deployment/production", "--param"]
    typed = json.loads(request.removeprefix("request="))
    assert (typed["commit"], typed["summary"]) == ("c0ffee", 'Greet "Ana", don\'t ask')
