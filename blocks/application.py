"""The application that is deployed: its health, and what a user does with it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal, get_args
from urllib.parse import urlsplit

import httpx
from pydantic import Field

from blocks.company_block import CompanyBlock
from blocks.credentials import read_secret
from blocks.errors import Refused, Unreachable
from blocks.one_request import send_once
from policy.health import HealthAnswer
from policy.next_step import Cause, Kind

SmokeTest = Literal["patient record", "appointment", "prescription"]
SMOKE_TESTS: Final[tuple[SmokeTest, ...]] = get_args(SmokeTest)


@dataclass(frozen=True, slots=True)
class Session:
    """A user who is logged in, at one server or through the balancer; the token is shown nowhere."""

    address: str
    took: timedelta
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Done:
    """One thing a user did: how long it took, and the number of what was made, if something was."""

    took: timedelta
    number: str | None = None


class Application(CompanyBlock):
    """The application through the balancer; a user can log in to one server directly instead."""

    _block_type_name = "Countersign application"
    _block_type_slug = "countersign-application"

    url: str = Field(pattern=r"^https?://", description="The address of the application, through the balancer.")
    host_header: str | None = Field(default=None, description="The name under which the servers serve.")
    health: str = Field(default="/api/health", description="The path of the health check.")
    metrics: str = Field(default="/api/health/metrics", description="The path of the application's figures.")
    demo_user: str = Field(description="The demo account's address.")
    demo_password: str = Field(description="The name of the secret that holds its password.")
    demo_patient: int = Field(default=1, description="The patient that belongs to the demo account.")
    smoke_tests: tuple[SmokeTest, ...] = Field(
        default=SMOKE_TESTS, description="3.1.3: what is tried after the login of the demo account."
    )
    secrets_folder: str | None = Field(default=None, description="The folder of secret files on the worker.")
    patience: timedelta = Field(default=timedelta(seconds=10), description="How long one answer may take.")

    def read_health(self) -> HealthAnswer:
        """Return what the health check answers through the balancer, whatever its status."""
        return self.read_path(self.health)

    def read_health_metrics(self) -> HealthAnswer:
        """Return the application's own figures as it sends them."""
        return self.read_path(self.metrics)

    def read_path(self, path: str) -> HealthAnswer:
        """Return what any path answers, whatever its status."""
        answer = self._send("GET", self._address(None), path)
        return HealthAnswer("the application", answer.status_code, answer.text)

    def log_in(self, *, at: str | None = None) -> Session:
        """Log the demo account in."""
        folder = Path(self.secrets_folder) if self.secrets_folder else None
        password = read_secret(self.demo_password, folder).get_secret_value()
        body, took = self._do(
            "login",
            "POST",
            self._address(at),
            "/api/login",
            body={"email": self.demo_user, "password": password},
        )
        if not isinstance(token := body.get("token"), str) or not token:
            raise Refused("login: the application answered 200 without a token")
        return Session(self._address(at), took, token)

    def read_patient(self, session: Session) -> Done:
        """Open the demo account's patient."""
        path = f"/api/patients/{self.demo_patient}"
        body, took = self._do("patient record", "GET", session.address, path, session=session)
        if str(body.get("id")) != str(self.demo_patient):
            raise Refused(f"patient record: asked for {self.demo_patient}, another record came")
        return Done(took, str(self.demo_patient))

    def create_appointment(self, session: Session) -> Done:
        """Make an appointment for the demo account's patient, far enough ahead to disturb nobody."""
        starts_at = (datetime.now(UTC) + timedelta(days=365)).isoformat(timespec="seconds")
        return self._create("appointment", session, "/api/appointments", {"starts_at": starts_at})

    def delete_appointment(self, session: Session, made: Done) -> Done:
        """Take the appointment back."""
        return self._delete("appointment", session, f"/api/appointments/{made.number}")

    def create_prescription(self, session: Session) -> Done:
        """Write a prescription for the demo account's patient."""
        return self._create("prescription", session, "/api/prescriptions", {"medication": "Smoke test"})

    def delete_prescription(self, session: Session, made: Done) -> Done:
        """Take the prescription back."""
        return self._delete("prescription", session, f"/api/prescriptions/{made.number}")

    def _create(self, what: str, session: Session, path: str, body: dict[str, str]) -> Done:
        answer, took = self._do(
            what, "POST", session.address, path, session=session, body={"patient": self.demo_patient, **body}
        )
        if answer.get("id") is None:
            raise Refused(f"{what}: the application answered 200 without the number of what it made")
        return Done(took, str(answer["id"]))

    def _delete(self, what: str, session: Session, path: str) -> Done:
        _, took = self._do(f"taking the {what} back", "DELETE", session.address, path, session=session)
        return Done(took)

    def _address(self, at: str | None) -> str:
        """Scheme, host and port: `at` may be any address of a server, its health check too."""
        parts = urlsplit(at or self.url)
        return f"{parts.scheme}://{parts.netloc}"

    def _do(
        self,
        what: str,
        method: str,
        address: str,
        path: str,
        *,
        session: Session | None = None,
        body: dict[str, Any] | None = None,
    ) -> tuple[dict[str, Any], timedelta]:
        """The answer of something that worked, and how long it took; any status but 2xx is Refused."""
        token = session.token if session else None
        answer = self._send(method, address, path, token=token, body=body)
        if not answer.is_success:
            raise Refused(f"{what}: {address} answered {answer.status_code}")
        try:
            found = answer.json() if answer.content else {}
        except ValueError as error:
            raise Refused(f"{what}: {address} answered {answer.status_code} with no JSON") from error
        return (found if isinstance(found, dict) else {}), answer.elapsed

    def _send(
        self,
        method: str,
        address: str,
        path: str,
        *,
        token: str | None = None,
        body: dict[str, Any] | None = None,
    ) -> httpx.Response:
        headers = {"Host": self.host_header} if self.host_header else {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            return send_once(method, f"{address}{path}", patience=self.patience, headers=headers, body=body)
        except httpx.HTTPError as error:
            silent = Cause(Kind.NO_ANSWER, address)
            raise Unreachable(f"{address}{path}: {type(error).__name__}: {error}", cause=silent) from error
