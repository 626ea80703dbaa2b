"""One lab and one Prefect server for all stories; each story has its own store, so its own records and holds."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.events.clients import NullEventsClient
from prefect.events.worker import EventsWorker
from prefect.settings import (
    PREFECT_API_SSL_CERT_FILE,
    PREFECT_API_URL,
    PREFECT_CLIENT_CSRF_SUPPORT_ENABLED,
    PREFECT_CLIENT_MAX_RETRIES,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_LOGGING_TO_API_ENABLED,
    temporary_settings,
)
from prefect.settings.legacy import Setting

from lab.client import Lab
from lab.control_plane import ControlPlane
from tests.stories.company import Blocks
from tests.stories.stage import Stage

# What the server does beside keeping runs, and no story looks at.
SERVICES = (
    "CANCELLATION_CLEANUP",
    "CLEANUP_RECONCILER",
    "EVENT_LOGGER",
    "EVENT_PERSISTER",
    "FOREMAN",
    "LATE_RUNS",
    "REPOSSESSOR",
    "TRIGGERS",
)


@pytest.fixture(scope="session")
def control(running_lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    control = quiet_server(running_lab)
    certificate = one_certificate(tmp_path_factory.mktemp("certificates"))
    EventsWorker.set_client_override(NullEventsClient)
    with temporary_settings(client_settings(control, certificate)):
        yield control
    EventsWorker.set_client_override(None)
    control.stop()


def quiet_server(lab: Lab) -> ControlPlane:
    """Start a Prefect server that does only what stories look at."""
    control = ControlPlane(lab)
    control.environment |= {f"PREFECT_SERVER_SERVICES_{name}_ENABLED": "false" for name in SERVICES}
    control.start_server()
    return control


def client_settings(control: ControlPlane, certificate: str) -> dict[Setting | str, Any]:
    """What a client in this process needs to know to speak to that server."""
    return {
        PREFECT_API_URL: control.environment["PREFECT_API_URL"],
        PREFECT_API_SSL_CERT_FILE: certificate,
        PREFECT_CLIENT_CSRF_SUPPORT_ENABLED: False,
        PREFECT_CLIENT_MAX_RETRIES: 2,
        # Prefect takes up to a second to end a heartbeat.
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,
        # Only the story of secrets reads what a run logged.
        PREFECT_LOGGING_TO_API_ENABLED: False,
    }


def one_certificate(folder: Path) -> str:
    """Each of Prefect's many clients reads all certificates, also for plain HTTP: one of them is read faster."""
    bundle = Path(PREFECT_API_SSL_CERT_FILE.value()).read_text()
    found = re.search("-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", bundle, re.DOTALL)
    path = folder / "one.pem"
    path.write_text(found[0] if found else bundle)
    return str(path)


@pytest.fixture(scope="session")
def blocks(control: ControlPlane) -> Blocks:
    """The block documents of all stories."""
    del control
    return Blocks()


@pytest.fixture
def stage(lab: Lab, blocks: Blocks, tmp_path: Path) -> Stage:
    """The lab as it was at first, and a store that belongs to this story alone."""
    stage = Stage(lab, blocks, tmp_path)
    stage.wait_for_calm()
    return stage


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What runs log; Prefect keeps it from the root logger."""
    log = logging.getLogger("prefect.flow_runs")
    log.addHandler(caplog.handler)
    yield caplog
    log.removeHandler(caplog.handler)
