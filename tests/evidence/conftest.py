"""A company whose outside systems are asked over the wire, and one release whose evidence is all in order."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from prefect.logging import disable_run_logger

from tests.core.world import World
from tests.evidence.company import SECRETS, Scene, a_scene


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The stand-ins of all tests: starting a dozen of them takes longer than asking them."""
    with ExitStack() as stack:
        with known_secrets():
            scene = a_scene(World(), tmp_path_factory.mktemp("evidence"), stack)
        yield scene


@pytest.fixture
def scene(played: Scene) -> Iterator[Scene]:
    """Every system up, every item of the release in order."""
    with known_secrets(), disable_run_logger():
        played.mend()
        yield played


@contextmanager
def known_secrets() -> Iterator[None]:
    """Each secret is its own name in small letters while this lasts: stories of the same session have others."""
    with pytest.MonkeyPatch.context() as patch:
        for name in SECRETS:
            patch.setenv(name, name.lower())
        yield
