"""The application: what it serves, and each fault by its name."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from lab.client import Counts, Lab, Shipped
from lab.processes import LabError
from tests.lab.deadline import reached


@pytest.fixture
def client(lab: Lab) -> Iterator[httpx.Client]:
    """A client that is logged in as the demo user, at web-server-1."""
    base = lab.home.url("app_web-server-1")
    secret = lab.home.secret("DEMO_PASSWORD")
    answer = httpx.post(f"{base}/api/login", json={"email": "demo@holilabs.xyz", "password": secret}, timeout=30)
    headers = {"Authorization": f"Bearer {answer.json()['token']}"}
    with httpx.Client(base_url=base, headers=headers, timeout=30) as client:
        yield client


def put_on(lab: Lab, fault: str | None, **words: Any) -> Shipped:
    shipped = lab.ship("1.5.0", fault=fault, **words)
    lab.deploy("web-server-1", str(shipped.digest))
    return shipped


def health(lab: Lab) -> httpx.Response | None:
    try:
        return httpx.get(lab.home.url("app_web-server-1") + "/api/health", timeout=2)
    except httpx.HTTPError:
        return None


def status(lab: Lab) -> int:
    answer = health(lab)
    return answer.status_code if answer else 0


def test_an_appointment_is_made_read_and_removed(client: httpx.Client) -> None:
    patient = client.get("/api/patients", params={"query": "Ada"}).json()["patients"][0]
    assert client.get(f"/api/patients/{patient['id']}").json()["name"] == patient["name"]

    made = client.post("/api/appointments", json={"patient": patient["id"], "starts_at": "2030-05-01T09:00Z"})

    assert client.delete(f"/api/appointments/{made.json()['id']}").status_code == 200
    assert client.delete(f"/api/appointments/{made.json()['id']}").status_code == 404


def test_a_session_that_the_database_ended_while_it_was_idle_costs_no_request(lab: Lab, client: httpx.Client) -> None:
    lab.set_traffic(0)
    assert client.get("/api/patients/1").status_code == 200

    lab.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL"
    )

    assert client.get("/api/patients/1").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("GET", "/api/patients/999999", None, 404),
        ("POST", "/api/appointments", {"patient": 1}, 422),
        ("POST", "/api/appointments", {"patient": 1, "starts_at": "soon"}, 422),
        ("POST", "/api/prescriptions", {"patient": 999999, "medication": "x"}, 404),
        ("POST", "/api/login", {"email": "demo@holilabs.xyz", "password": "wrong"}, 401),
        ("DELETE", "/api/patients/1", None, 404),
    ],
)
def test_bad_requests_are_refused(client: httpx.Client, method: str, path: str, body: Any, code: int) -> None:
    assert client.request(method, path, json=body).status_code == code


def test_nobody_reads_patients_without_a_token(lab: Lab) -> None:
    base = lab.home.url("app_web-server-1")

    assert httpx.get(f"{base}/api/patients/1", timeout=30).status_code == 401


def nothing_is_on_its_way(counts: Counts) -> bool:
    """Whether every request that was sent has had its answer."""
    return counts.sent == counts.ok + counts.failed + counts.lost


def test_health_checks_are_not_counted(lab: Lab) -> None:
    lab.set_traffic(0)
    base = lab.home.url("app_web-server-1")
    assert reached(lambda: nothing_is_on_its_way(lab.traffic()))
    before = httpx.get(f"{base}/metrics", timeout=30).text
    health(lab)

    after = httpx.get(f"{base}/metrics", timeout=30).text

    def counted(text: str) -> list[str]:
        return [line for line in text.splitlines() if line.startswith("http_requests_total")]

    assert counted(before) == counted(after)
    assert 'http_request_duration_seconds_bucket{le="0.5"}' in after


def test_health_says_when_the_database_is_away_and_when_it_is_back(lab: Lab) -> None:
    lab.stop_database()
    assert reached(lambda: status(lab) == 503)
    answer = health(lab)
    assert answer is not None
    assert answer.json()["database"] == "disconnected"

    lab.start_database()

    assert reached(lambda: status(lab) == 200)


def test_unhealthy(lab: Lab) -> None:
    put_on(lab, "unhealthy")

    assert reached(lambda: status(lab) == 503)


def test_wrong_version(lab: Lab) -> None:
    shipped = put_on(lab, "wrong-version")

    assert reached(lambda: status(lab) == 200)
    assert lab.version_of("web-server-1") != shipped.commit


def test_slow(lab: Lab) -> None:
    shipped = put_on(lab, "slow")
    assert reached(lambda: lab.version_of("web-server-1") == shipped.commit)
    lab.set_traffic(0)

    with httpx.Client(base_url=lab.home.url("app_web-server-1"), timeout=30) as client:
        seconds = [client.get("/api/patients/1").elapsed.total_seconds() for _ in range(5)]

    assert max(seconds) > 2.5


def test_a_slow_boot_is_not_healthy_before_its_time(lab: Lab) -> None:
    put_on(lab, None, boot_seconds=5)

    assert status(lab) == 0
    assert reached(lambda: status(lab) == 200)


def test_an_unknown_fault_is_refused(lab: Lab) -> None:
    with pytest.raises(LabError, match="stubborn"):
        lab.ship("1.5.0", fault="meteor")


def test_an_application_that_delays_its_end_is_out_of_rotation_before_it_loses_a_request(lab: Lab) -> None:
    lab.delay_shutdown(2.5)
    before, shipped = lab.version_of("web-server-1"), lab.ship("1.5.0")
    lab.mark_traffic()

    def leaves_while_it_answers() -> bool:
        return not lab.in_rotation()["web-server-1"] and lab.version_of("web-server-1") == before

    with ThreadPoolExecutor() as pool:
        deploying = pool.submit(lab.deploy, "web-server-1", str(shipped.digest))
        assert reached(leaves_while_it_answers)
        deploying.result()

    assert reached(lambda: all(lab.in_rotation().values()))
    assert lab.version_of("web-server-1") == shipped.commit
    assert lab.traffic().lost == 0, lab.traffic().losses
