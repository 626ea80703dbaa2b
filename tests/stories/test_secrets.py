"""Secrets stay secret and patients stay on the servers: every place that people or programs can read is searched."""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import psycopg.sql
import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_LOGGING_TO_API_ENABLED, temporary_settings

from lab.client import Lab
from lab.control_plane import ControlPlane
from tests.stories.people import APPROVE, Words
from tests.stories.stage import Stage

LEAST_LENGTH = 8
CHANNELS = ("C0DEPLOYMENTS", "C0ALERTS", "C0ENGINEERING", "U0TOMAS", "U0CARLA", "U0OMAR")
# How often a command line is read: a process is what it will be soon after it was born.
LOOKS = 5


def secrets_of(lab: Lab) -> dict[str, str]:
    """Every secret of the lab by name; of a key file the line in the middle."""
    found = {}
    for path in lab.home.secrets.iterdir():
        lines = path.read_text().strip().splitlines()
        found[path.name] = lines[len(lines) // 2]
    return {name: value for name, value in found.items() if len(value) >= LEAST_LENGTH}


def patients_of(lab: Lab) -> dict[str, str]:
    """The names of the patients in production's database."""
    password = lab.home.secret("DATABASE_PASSWORD")
    address = f"host=127.0.0.1 port={lab.home.ports['postgres']} dbname=holi user=holi"
    with psycopg.connect(address, password=password) as connection:
        rows = connection.execute('SELECT DISTINCT name FROM "Patient" ORDER BY name LIMIT 200').fetchall()
    return {f"patient {name}": str(name) for (name,) in rows}


def database_of(control: ControlPlane) -> str:
    """Everything in Prefect's database: runs, inputs, logs, artifacts, block documents."""
    lab = control.lab
    password = lab.home.secret("PREFECT_DATABASE_PASSWORD")
    address = f"host=127.0.0.1 port={lab.home.ports['prefect_postgres']} dbname=prefect user=prefect"
    texts = []
    with psycopg.connect(address, password=password) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            rows = connection.execute(
                psycopg.sql.SQL("SELECT to_jsonb(t)::text FROM {} t").format(psycopg.sql.Identifier(table))
            )
            texts += [text for (text,) in rows]
    return "\n".join(texts)


def blocks_of(control: ControlPlane) -> str:
    """Every block document, as the API gives it to whoever asks for its secrets."""
    address = f"{control.environment['PREFECT_API_URL']}/block_documents/filter"
    answer = httpx.post(address, json={"include_secrets": True}, timeout=10)
    return json.dumps(answer.raise_for_status().json(), ensure_ascii=False)


@contextmanager
def process_lists() -> Iterator[set[str]]:
    """Every command line of the machine that is seen while the block runs."""
    seen: set[str] = set()
    over = threading.Event()

    def look() -> None:
        looked: dict[str, int] = {}
        while not over.wait(0.05):
            processes = filter(str.isdecimal, os.listdir("/proc"))  # noqa: PTH208 - a glob asks each file twice
            looked = {process: looked.get(process, 0) + 1 for process in processes}
            for process in (process for process, looks in looked.items() if looks <= LOOKS):
                try:
                    line = Path("/proc", process, "cmdline").read_bytes()
                    seen.add(line.replace(b"\0", b" ").decode(errors="replace"))
                except OSError:
                    continue

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    yield seen
    over.set()
    thread.join()


def test_no_secret_and_no_patient_is_found_anywhere_after_a_release_and_a_crash(
    stage: Stage, control: ControlPlane, caplog: pytest.LogCaptureFixture
) -> None:
    stage.have()
    good, broken = stage.lab.ship("9.1.0"), stage.lab.ship("9.1.1")

    def approve(_run: FlowRun) -> Words:
        return APPROVE

    with process_lists() as commands, temporary_settings({PREFECT_LOGGING_TO_API_ENABLED: True}):
        assert stage.release(stage.request(good), approve).outcome == "signed off"
        stage.change_limits(choice=1)
        with stage.process(stage.request(broken)) as process:
            stage.wait_for_gate()
            process.kill()
            stage.recover_until_free()

    places = {
        "Prefect's database": database_of(control),
        "the block documents": blocks_of(control),
        "the command lines": "\n".join(commands),
        "the records": "\n".join(path.read_text() for path in stage.store_folder.rglob("*") if path.is_file()),
        "Slack": "\n".join(stage.said_in(channel) for channel in CHANNELS),
        "the log of the flows": caplog.text,
        "the logs of the lab": "\n".join(
            path.read_text(errors="replace") for path in stage.lab.home.logs.glob("prefect*.log")
        ),
    }
    wanted = secrets_of(stage.lab) | patients_of(stage.lab)
    found = [f"{name} in {place}" for place, text in places.items() for name, value in wanted.items() if value in text]

    assert '"message": "Release ' in places["Prefect's database"], "the logs are part of it"
    for place in ("Prefect's database", "the records", "Slack", "the log of the flows"):
        assert good.commit[:7] in places[place], place
    assert len(wanted) > 20
    assert not found
    stage.ends_well_on(good.commit)
