"""The lab as a whole: its first state, its settings, its store, and its end."""

import os
import re
import signal
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import httpx
import psycopg
import pytest
from botocore.exceptions import ClientError

from deployments.settings import read_settings as read_our_settings
from lab.__main__ import code
from lab.client import Lab
from lab.postgres import Cluster
from lab.processes import LabError, of_this_lab
from tests.lab.deadline import reached
from tests.lab.remote import read_settings


def backups(lab: Lab, secret: str | None = None) -> dict[str, datetime]:
    found = read_settings(lab)["backups"]
    client = boto3.client(
        "s3",
        endpoint_url=found["endpoint"],
        region_name=found["region"],
        aws_access_key_id=lab.home.secret(found["access_key"]),
        aws_secret_access_key=secret or lab.home.secret(found["secret_key"]),
    )
    listed = client.list_objects_v2(Bucket=found["bucket"])
    return {entry["Key"]: entry["LastModified"] for entry in listed["Contents"]}


def test_the_settings_are_those_that_the_flows_read(lab: Lab) -> None:
    settings = read_our_settings(lab.settings_path)

    assert [server.name for server in settings.fleet.servers] == ["web-server-1", "web-server-2"]


def test_secrets_are_readable_by_their_owner_only(lab: Lab) -> None:
    modes = {path.stat().st_mode & 0o777 for path in lab.home.secrets.iterdir()}

    assert modes == {0o600}


def test_the_first_state_is_one_healthy_version_everywhere(lab: Lab) -> None:
    versions = set(lab.versions_serving().values())

    assert versions == {lab.version_of("staging")}
    assert None not in versions
    assert lab.in_rotation() == {"web-server-1": True, "web-server-2": True}


def test_a_database_that_runs_is_not_started_a_second_time(lab: Lab) -> None:
    lock = Cluster(lab.home, "application", "postgres").data / "postmaster.pid"
    before = lock.read_text().splitlines()[0]

    lab.start_database()

    assert lock.read_text().splitlines()[0] == before


def test_the_newest_backup_is_recent_and_can_be_made_old(lab: Lab) -> None:
    newest = max(backups(lab).values())
    assert timedelta(hours=2) < datetime.now(UTC) - newest < timedelta(hours=4)

    lab.age_backups(30)

    assert datetime.now(UTC) - max(backups(lab).values()) > timedelta(hours=32)
    lab.reset()
    assert datetime.now(UTC) - max(backups(lab).values()) < timedelta(hours=4)


def test_a_lab_that_is_kept_makes_a_backup_each_night(lab: Lab) -> None:
    before = backups(lab)

    lab.do("let_night_fall")

    assert reached(lambda: set(backups(lab)) > set(before))
    [made] = set(backups(lab)) - set(before)
    assert datetime.now(UTC) - backups(lab)[made] < timedelta(minutes=1)
    lab.reset()
    assert set(backups(lab)) == {*before, made}


def test_s3_refuses_a_wrong_secret(lab: Lab) -> None:
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        backups(lab, secret="wrong")


def test_s3_can_go_away_and_come_back(lab: Lab) -> None:
    before = backups(lab)
    lab.stop_store()
    with pytest.raises(httpx.ConnectError):
        httpx.get(lab.home.url("s3"), timeout=1)

    lab.start_store()

    assert backups(lab) == before


def test_the_database_refuses_a_wrong_password(lab: Lab) -> None:
    found = read_settings(lab)["database"]

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(
            host=found["host"],
            port=found["port"],
            user=found["user"],
            dbname=found["name"],
            password="wrong",
        )


def test_a_merged_pull_request_is_built_and_staging_serves_what_is_pushed_to_it(lab: Lab) -> None:
    waiting = lab.ship("1.5.0", merged=False)
    headers = {"Authorization": f"Bearer {lab.home.secret('GITHUB_TOKEN')}", "User-Agent": "test"}
    with httpx.Client(base_url=lab.home.url("github") + "/repos/holilabs/holilabsv2", headers=headers) as github:
        merged = github.put(f"/pulls/{waiting.pull_request}/merge", json={}).json()["sha"]
        github.patch("/git/refs/heads/staging", json={"sha": merged})

        assert reached(lambda: lab.version_of("staging") == merged)
        runs = github.get("/actions/runs", params={"head_sha": merged}).json()["workflow_runs"]
    assert [run["conclusion"] for run in runs] == ["success"]


def test_publishing_the_portal_brings_a_reviewed_and_green_version_to_main_each_time(lab: Lab) -> None:
    (first,), (second,) = lab.publish(), lab.publish()

    headers = {"Authorization": f"Bearer {lab.home.secret('GITHUB_TOKEN')}", "User-Agent": "test"}
    with httpx.Client(base_url=lab.home.url("github") + "/repos/holilabs/holilabsv2", headers=headers) as github:
        main = github.get("/git/ref/heads/main").json()["object"]["sha"]
        reviews = github.get(f"/pulls/{second.pull_request}/reviews").json()
        checks = github.get(f"/commits/{main}/check-runs").json()["check_runs"]
    assert (second.commit, second.title) == (main, "Bring version 1.11.0 to the patients")
    assert first.commit != main
    assert {review["state"] for review in reviews} == {"APPROVED"}
    assert {check["conclusion"] for check in checks} == {"success"}
    assert second.digest
    assert main not in lab.versions_serving().values()


def test_whose_code_is_shown_is_said_beside_it(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    assert code(lab.home.path, "Tomas Lima") == 0

    shown = capsys.readouterr()
    assert re.fullmatch(r"\d{6}\n", shown.out)
    assert shown.err == "Tomas Lima:\n"


def test_what_the_lab_refuses_is_its_sentence_and_nothing_else(lab: Lab) -> None:
    with pytest.raises(LabError) as refused:
        lab.ship("1.5.0", fault="hiccups")

    assert str(refused.value).startswith("fault 'hiccups' is not one of ")


def test_a_command_that_does_not_exist_is_named(lab: Lab) -> None:
    with pytest.raises(LabError, match="there is no command explode"):
        lab.do("explode")


def test_a_lab_starts_again_after_everything_was_killed_and_leaves_nothing_behind(tmp_path: Path) -> None:
    home = tmp_path / "lab"
    first = Lab.start(home, rate=5)
    shipped = first.ship("1.5.0")
    first.deploy("web-server-1", str(shipped.digest))
    for pid in of_this_lab(first.home):
        # Some end by themselves as soon as another one has.
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert reached(lambda: not of_this_lab(first.home))

    again = Lab.start(home, rate=5)

    assert set(again.versions_serving().values()) == {again.version_of("staging")}
    first.stop()
    again.stop(purge=True)
    assert not of_this_lab(again.home)
    assert not home.exists()
    assert not again.home.scratch.exists()
