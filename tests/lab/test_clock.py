"""A server whose clock is off: its commands, its containers and its application all see the wrong time."""

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from lab.client import Lab
from tests.lab.remote import Remote, read_settings

FIVE_MINUTES = 300
TOLERANCE_SECONDS = 60


def seconds_ahead(lab: Lab, server: str) -> list[float]:
    """How far ahead the command `date`, the application and its container's start are."""
    remote = Remote(lab, lab.home.ports[f"ssh_{server}"])
    told = datetime.fromisoformat(remote.run("date", "-u", "+%Y-%m-%dT%H:%M:%S+00:00").out.strip())
    fleet = read_settings(lab)["fleet"]
    (place,) = (one for one in fleet["servers"] if one["name"] == server)
    listed = f"cd {place['directory']} && docker compose -f {fleet['compose_file']} ps -a -q {place['service']}"
    container = remote.shell(listed).out.strip()
    started = json.loads(remote.run("docker", "inspect", container).out)[0]["State"]["StartedAt"]
    remote.close()
    answer = httpx.get(lab.home.url(f"app_{server}") + "/api/health", timeout=30)
    times = (told, parsedate_to_datetime(answer.headers["Date"]), datetime.fromisoformat(started))
    return [(time - datetime.now(UTC)).total_seconds() for time in times]


def test_one_server_is_five_minutes_ahead_until_the_lab_is_reset(lab: Lab) -> None:
    lab.set_clock("web-server-1", ahead=FIVE_MINUTES)

    assert all(abs(ahead - FIVE_MINUTES) < TOLERANCE_SECONDS for ahead in seconds_ahead(lab, "web-server-1"))
    assert all(ahead < TOLERANCE_SECONDS for ahead in seconds_ahead(lab, "web-server-2"))
    assert all(lab.in_rotation().values())
    lab.reset()
    assert all(ahead < TOLERANCE_SECONDS for ahead in seconds_ahead(lab, "web-server-1"))
