"""A company whose outside systems are asked over the wire, and one release whose evidence is all in order."""

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from prefect.logging import disable_run_logger

from tests.core.world import World
from tests.evidence.company import SECRETS, Scene, a_scene


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The stand-ins of all tests: starting a dozen of them takes longer than asking them."""
    before = {name: os.environ.get(name) for name in SECRETS}
    os.environ.update({name: name.lower() for name in SECRETS})
    with ExitStack() as stack, disable_run_logger():
        yield a_scene(World(), tmp_path_factory.mktemp("evidence"), stack)
    for name, value in before.items():
        os.environ.pop(name)
        if value is not None:
            os.environ[name] = value


@pytest.fixture
def scene(played: Scene) -> Scene:
    """Every system up, every item of the release in order."""
    played.mend()
    return played
