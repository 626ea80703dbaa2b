"""The company around the world in memory: the systems that only answer, and people who are told."""

import json
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from blocks.application import SMOKE_TESTS
from blocks.company import Company, CompanyRules, Staging
from blocks.errors import Unreachable
from blocks.slack import Message, Scheduled
from policy.error_graph import Counted
from policy.health import HealthAnswer
from policy.incident_rules import IncidentRules
from policy.incidents import Alert
from policy.items import Way
from policy.limits import Limits
from policy.red_flags import Sample
from policy.release import Release
from policy.resources import Connections, Usage
from policy.risk_rules import RiskRules
from policy.roles import Person, Role, Roster
from policy.windows import read_calendar
from tests.core.world import Balancer, Hosts, MemoryStore, World
from tests.policy import releases
from tests.policy.rows import NEW

NO_TIME, NO_TIME_TO_SPEAK_OF = timedelta(0), timedelta(milliseconds=1)
MERGED = releases.OPENED - timedelta(minutes=9)
LIMITS = Limits(
    drain=NO_TIME,
    drain_home=NO_TIME,
    boot=NO_TIME_TO_SPEAK_OF,
    build=NO_TIME_TO_SPEAK_OF,
    unknown_patience=NO_TIME,
    watch_window=NO_TIME_TO_SPEAK_OF,
)
ALERTS, DEPLOYMENTS = "C0ALERTS", "C0DEPLOYMENTS"
NORMAL = {
    "status": "healthy",
    "version": releases.NEW_COMMIT,
    "requests": 1000,
    "error_rate": 0.0,
    "p95_ms": 90,
    "memory_bytes": 10,
    "memory_limit_bytes": 100,
    "cpu_ratio": 0.1,
    "disk_ratio": 0.1,
    "connections": 2,
    "pool": 20,
}


class People:
    """Slack: what was said stays said."""

    alerts, deployments = ALERTS, DEPLOYMENTS

    def __init__(self) -> None:
        self.said: dict[tuple[str, str], str] = {}
        self.waiting: list[Scheduled] = []
        self.scheduled = 0

    def find(self, channel: str, key: str, thread: Message | None = None) -> Message | None:
        """Return the message, if it was posted."""
        del thread
        said = self.said.get((channel, key))
        return None if said is None else Message(channel, key, said)

    def post(self, channel: str, text: str, key: str, thread: Message | None = None) -> Message:
        """Say it."""
        del thread
        self.said[channel, key] = text
        return Message(channel, key)

    def find_direct(self, user: str, key: str) -> Message | None:
        """Return the message to this person, if it was sent."""
        return self.find(user, key)

    def direct_message(self, user: str, text: str, key: str) -> Message:
        """Say it to this person alone."""
        return self.post(user, text, key)

    def update(self, message: Message, text: str) -> None:
        """Say another thing in its place."""
        self.said[message.channel, message.stamp] = text

    def schedule_message(self, channel: str, text: str, at: datetime) -> Scheduled:
        """Keep it for its time, which never comes here."""
        self.scheduled += 1
        self.waiting.append(message := Scheduled(channel, str(self.scheduled), at, text))
        return message

    def list_scheduled_messages(self, channel: str) -> tuple[Scheduled, ...]:
        """Return what waits for the channel."""
        return tuple(message for message in self.waiting if message.channel == channel)

    def delete_scheduled_message(self, message: Scheduled) -> None:
        """It waits no longer."""
        self.waiting.remove(message)

    def post_what_waits(self) -> None:
        """The time of everything that waits has come."""
        while self.waiting:
            message = self.waiting.pop(0)
            self.said[message.channel, f"posted-{message.number}"] = message.text

    def find_said(self, channel: str, words: str) -> Message | None:
        """Return the newest message with these words."""
        found = [(key, said) for (where, key), said in self.said.items() if where == channel and words in said]
        return Message(channel, *found[-1]) if found else None

    def list_alerts(self, _channel: str, _since: datetime) -> tuple[Alert, ...]:
        """Nobody else posts here."""
        return ()

    def pages(self) -> list[str]:
        """Return what whoever is on call was told."""
        return [text for (channel, _), text in self.said.items() if channel == ALERTS]


class Figures:
    """Prometheus and the database: everything as usual."""

    name = "holi"
    scrape_interval = timedelta(seconds=1)

    def read_request_series(
        self, _servers: Collection[str], since: datetime, _until: datetime, _step: timedelta
    ) -> tuple[Counted, ...]:
        """Return one point."""
        return (Counted(since, 100, 0),)

    def read_samples(self, servers: Collection[str], at: datetime, span: timedelta) -> tuple[Sample, ...]:
        """Return one sample a server."""
        return tuple(Sample(at, name, 100, 0, timedelta(milliseconds=90), span) for name in servers)

    def read_usage(self, servers: Collection[str]) -> tuple[Usage, ...]:
        """Return little use."""
        return tuple(Usage(name, cpu=0.1, memory=0.1, disk=0.1) for name in servers)

    def count_connections(self) -> Connections:
        """Return few connections."""
        return Connections(used=2, pool=20)


class Code:
    """GitHub and the registry: the pipeline is green and the image is there."""

    name = "registry.holilabs.xyz/holi-web"

    def __init__(self, world: World) -> None:
        self.world = world
        self.refs = {"production": releases.OLD_COMMIT}
        self.issues: list[str] = []

    def read_ref(self, branch: str) -> str:
        """Return where the branch stands."""
        return self.refs[branch]

    def move_ref(self, branch: str, commit: str) -> None:
        """Move it."""
        self.refs[branch] = commit

    def read_tag(self, name: str) -> str | None:
        """Return where the tag stands."""
        return self.refs.get(name)

    def show_deployment(self, *_where: str, **_what: str) -> None:
        """Show it."""

    def create_tag(self, name: str, commit: str, _message: str) -> None:
        """Tag it."""
        self.refs[name] = commit

    def read_described_pull(self, number: int) -> Any:
        """Nobody described it."""
        raise Unreachable(f"#{number} was not read")

    def find_issue(self, mark: str, _since: datetime) -> str | None:
        """Return the issue with the mark."""
        found = [number for number, body in enumerate(self.issues, start=1) if mark in body]
        return f"http://issues/{found[0]}" if found else None

    def open_issue(self, _title: str, body: str, _labels: Collection[str]) -> str:
        """Open it; the process may die before it or before it hears of it."""
        self.world.may_die()
        self.issues.append(body)
        self.world.may_die()
        return f"http://issues/{len(self.issues)}"

    def read_workflow_run(self, _commit: str, _workflow: str) -> Any:
        """Return a green run."""
        return SimpleNamespace(status="completed", conclusion="success", url="http://run", failed_steps=())

    def list_pulls_of(self, commits: list[str]) -> dict[str, tuple[int, ...]]:
        """Return one pull request for each."""
        return dict.fromkeys(commits, (7,))

    def read_pull_request(self, _number: int) -> Any:
        """Return one that was merged into main."""
        return SimpleNamespace(merged_at=MERGED, base="main")

    def find_digest(self, _commit: str) -> str:
        """Return the image's digest."""
        return NEW


class Service:
    """The application as a user sees it: whatever serves works."""

    url = "http://api"
    smoke_tests = SMOKE_TESTS

    def read_health_metrics(self) -> HealthAnswer:
        """Return normal figures."""
        return HealthAnswer("production", 200, json.dumps(NORMAL))

    def read_health(self) -> HealthAnswer:
        """Return that it is well."""
        body = {"status": "healthy", "database": "connected", "version": releases.NEW_COMMIT}
        return HealthAnswer("production", 200, json.dumps(body))

    def log_in(self, *, at: str | None = None) -> str:
        """Log in."""
        return at or "balancer"

    def _used(self, *_what: object) -> None:
        """Whatever a user does works."""

    read_patient = create_appointment = delete_appointment = create_prescription = delete_prescription = _used


def a_company(world: World, spool: Path, *, environment: str = "production") -> Company:
    """A company of which only the world can fail."""
    code, figures = cast("Any", Code(world)), cast("Any", Figures())
    hosts, service = cast("Any", Hosts(world)), cast("Any", Service())
    return Company(
        rules=CompanyRules(
            environment=environment,
            time_zone=releases.ZONE,
            country="US",
            people=[],
            spool=str(spool),
            prefect_ui="http://ui",
            workflow="ci.yml",
            store="folder",
            systems=["staging", "balancer", "prometheus", "database", "backups"],
        ),
        roster=Roster(people=(Person(name="Omar Reyes", roles=tuple(Role)),)),
        calendar=read_calendar({}, time_zone=releases.ZONE, country="US"),
        limits=LIMITS,
        risk_rules=RiskRules(),
        store=MemoryStore(world),
        fleet=hosts,
        balancer=cast("Any", Balancer(world)),
        staging=Staging(fleet=hosts, application=service),
        application=service,
        github=code,
        slack=cast("Any", People()),
        pagerduty=None,
        prometheus=figures,
        database=figures,
        backups=cast("Any", None),
        registry=code,
        incidents=IncidentRules(where="github"),
    )


def a_release(world: World, **limits: float) -> Release:
    """A release to every server of the world; limits that are not named are those of all."""
    chosen = Limits.model_validate({**LIMITS.model_dump(), **limits})
    return releases.release(servers=tuple(world.machines), limits=chosen)


def a_hotfix(world: World, **words: object) -> Release:
    """An emergency that goes to every server of the world."""
    return a_release(world).model_copy(update={"way": Way.HOTFIX, "request": releases.hotfix_request(**words)})
