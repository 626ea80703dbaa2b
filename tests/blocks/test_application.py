"""The application as a user meets it."""

from collections.abc import Callable
from typing import Any

import pytest

from blocks.application import Application, Done
from blocks.errors import Refused, Unreachable
from lab.client import Lab

Wait = Callable[[Callable[[], bool]], None]


@pytest.fixture
def application(settings: dict[str, Any]) -> Application:
    """The application through the balancer."""
    return Application(**settings["application"], secrets_folder=settings["secrets"])


def test_health_and_figures_are_read_through_the_balancer(application: Application) -> None:
    health = application.read_health()

    assert (health.server, health.status_code) == ("the application", 200)
    assert '"healthy"' in health.body
    assert '"p95_ms"' in application.read_health_metrics().body


def test_the_demo_account_works_and_leaves_nothing_behind(application: Application) -> None:
    session = application.log_in()
    application.read_patient(session)
    appointment = application.create_appointment(session)
    prescription = application.create_prescription(session)
    application.delete_appointment(session, appointment)
    application.delete_prescription(session, prescription)

    with pytest.raises(Refused, match=r"taking the appointment back: .* answered 404"):
        application.delete_appointment(session, appointment)


def test_one_server_is_asked_directly(
    lab: Lab, application: Application, settings: dict[str, Any], wait_until: Wait
) -> None:
    server = settings["fleet"]["servers"][0]
    new = lab.ship("5.0.0")
    lab.deploy(server["name"], str(new.digest))
    wait_until(lambda: lab.version_of(server["name"]) == new.commit)

    session = application.log_in(at=server["health"])
    assert session.address == server["health"].removesuffix("/api/health")
    assert isinstance(application.read_patient(session), Done)


def test_a_feature_that_fails_is_refused_with_its_name(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = application.log_in()
    missing = application.model_copy(update={"demo_patient": 99999999})
    with pytest.raises(Refused, match=r"patient record: .* answered 404"):
        missing.read_patient(session)
    monkeypatch.setenv("DEMO_PASSWORD", "wrong")
    with pytest.raises(Refused, match=r"login: .* answered 401"):
        application.log_in()


def test_no_answer_at_all_is_unreachable(lab: Lab, application: Application, settings: dict[str, Any]) -> None:
    server = settings["fleet"]["servers"][1]
    lab.kill_app(server["name"])

    with pytest.raises(Unreachable, match="/api/login"):
        application.log_in(at=server["health"])


def test_a_token_is_shown_nowhere(application: Application) -> None:
    session = application.log_in()

    assert session.token not in repr(session)
