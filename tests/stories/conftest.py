"""One lab and one Prefect server for all stories; each story has its own store, so its own records and holds."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from lab.client import Lab
from lab.control_plane import ControlPlane
from tests.stories.stage import Blocks, Stage


@pytest.fixture(scope="session")
def control(running_lab: Lab) -> Iterator[ControlPlane]:
    control = ControlPlane(running_lab)
    control.start_server()
    with temporary_settings({PREFECT_API_URL: control.environment["PREFECT_API_URL"], PREFECT_CLIENT_MAX_RETRIES: 2}):
        yield control
    control.stop()


@pytest.fixture(scope="session")
def blocks(control: ControlPlane) -> Blocks:
    """The block documents of all stories."""
    del control
    return Blocks()


@pytest.fixture
def stage(lab: Lab, blocks: Blocks, request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    """The lab as it was at first, and a store that belongs to this story alone."""
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name.removeprefix("test_")).lower()
    return Stage(lab, blocks, name[:60].strip("-"), tmp_path)
