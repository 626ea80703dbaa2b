"""Prefect with a worker and every deployment, once for all stories that need them; each says which limits it needs."""

from collections.abc import Iterator

import pytest

from lab.client import Lab
from lab.control_plane import ControlPlane


@pytest.fixture(scope="package")
def offered(control: ControlPlane) -> Iterator[ControlPlane]:
    """Prefect with a worker and every deployment, as a company runs it."""
    control.offer()
    yield control
    control.kill_worker()


@pytest.fixture
def plane(offered: ControlPlane, lab: Lab) -> ControlPlane:
    """The same, with the lab in its first state."""
    del lab
    return offered
