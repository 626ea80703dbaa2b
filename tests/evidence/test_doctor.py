"""What the doctor says of systems that are asked over the wire: what was found, and what mends just that."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from blocks.application import SMOKE_TESTS, Application, SmokeTest
from blocks.company import Company
from blocks.fleet import Fleet
from blocks.github import GitHub
from blocks.grafana import Grafana
from blocks.load_balancer import HAProxy
from blocks.pagerduty_rest import PagerDutyRest
from blocks.slack import Slack
from blocks.store import FolderStore
from lab.history import CI_FILE, DEV, History
from lab.vendors.github import GitHub as StandIn
from lab.vendors.grafana import Grafana as Rules
from lab.vendors.pagerduty_rest import PagerDutyRest as Incidents
from policy.diagnosis import Finding, one_per_cause
from policy.judgement import Verdict
from policy.roles import Person, Roster
from tasks.doctor_at_rest import try_balancer, try_store
from tasks.doctor_hosts import try_server
from tasks.doctor_systems import try_application, try_github, try_slack
from tasks.doctor_vendors import try_vendors
from tests.core.company import a_company
from tests.core.world import World
from tests.serving import served

TOKEN = "ghp_right"
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


@dataclass
class Scene:
    """A company with a real repository, and the folder of its secrets."""

    company: Company
    history: History
    token: Path

    def look(self) -> dict[str, Finding]:
        """What the doctor says of GitHub, by what it tried."""
        return {one.tried: one for one in one_per_cause(try_github(self.company))}


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    token = tmp_path / "GITHUB_TOKEN"
    token.write_text(TOKEN)
    token.chmod(0o600)
    history = History.make(tmp_path / "holi.git")
    with served(StandIn(history, TOKEN).app) as url:
        github = GitHub(
            url=url, repository="holilabs/holilabsv2", patience=1, read_timeout=5, secrets_folder=str(tmp_path)
        )
        yield Scene(replace(a_company(World(), tmp_path / "spool"), github=github), history, token)
        github.close()


def test_a_repository_without_workflows_has_no_deploy_job(scene: Scene) -> None:
    scene.history.commit({CI_FILE: None}, "Build elsewhere", DEV)

    found = scene.look()["no deploy job"]

    assert found.judgement.verdict is Verdict.PASSED
    assert "no workflow" in found.judgement.sentence


def test_what_staging_holds_beside_main_is_told_and_is_not_red(scene: Scene) -> None:
    before = scene.look()["staging's branch"].judgement
    tried = scene.history.commit({"rota.ts": "1"}, "Show the rota", DEV, branch="staging")

    after = scene.look()["staging's branch"].judgement

    assert (before.verdict, after.verdict) == (Verdict.PASSED, Verdict.PASSED)
    assert before.sentence.endswith("holds no commit that main has not")
    assert after.sentence == (
        f"staging is {tried[:7]} and holds 1 commit that main has not: {tried[:7]} Show the rota;"
        " the next release puts aside what it has not either"
    )


def test_a_company_whose_staging_has_no_branch_hears_what_to_do(scene: Scene) -> None:
    scene.history.git("update-ref", "-d", "refs/heads/staging")

    found = scene.look()["staging's branch"]

    assert found.is_red
    assert "has no branch staging" in found.judgement.sentence
    assert "make the branch staging" in found.next_step


def test_a_company_without_staging_has_no_row_for_it(scene: Scene) -> None:
    scene.company = replace(scene.company, staging=None)

    assert "staging's branch" not in scene.look()


@pytest.mark.parametrize(
    ("spoil", "said", "step"),
    [
        (lambda token: token.chmod(0o644), "has mode 0644", "chmod 600 {token}"),
        (lambda token: token.unlink(), "neither in the environment nor in the file", "cat > {token}"),
        (lambda token: token.write_text("\n"), "is empty", "the value of GITHUB_TOKEN into {token}"),
        (lambda token: token.write_text("ghp_old"), "401", "a new token at GitHub"),
    ],
)
def test_one_secret_that_is_wrong_is_one_red_row_and_says_what_mends_it(
    scene: Scene, spoil: Callable[[Path], object], said: str, step: str
) -> None:
    spoil(scene.token)

    first, *others = scene.look().values()

    assert first.is_red
    assert said in first.judgement.sentence
    assert step.format(token=scene.token) in first.next_step
    assert {one.judgement.verdict for one in others} == {Verdict.UNKNOWN}
    assert {one.judgement.sentence for one in others} == {"not tried: see GitHub, repository"}


@pytest.mark.parametrize(
    ("smoke_tests", "verdict", "said"),
    [
        ((), Verdict.NOT_APPLICABLE, "not configured, nothing to try"),
        (SMOKE_TESTS, Verdict.FAILED, "patient record: "),
    ],
)
def test_a_patient_record_is_opened_only_where_releases_open_one(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, smoke_tests: tuple[SmokeTest, ...], verdict: Verdict, said: str
) -> None:
    monkeypatch.setenv("DEMO_PASSWORD", "right")
    with served(greeter) as url:
        application = Application(
            url=url, demo_user="demo@example.org", demo_password="DEMO_PASSWORD", smoke_tests=smoke_tests
        )
        company = replace(scene.company, application=application)
        found = {one.tried: one for one in try_application(company)}

    assert found["demo account"].is_well
    assert found["patient record"].judgement.verdict is verdict
    assert said in found["patient record"].judgement.sentence


def test_an_application_that_does_not_answer_is_red_and_the_cause_of_what_was_not_tried(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEMO_PASSWORD", "right")
    application = Application(url="http://127.0.0.1:9", demo_user="demo@example.org", demo_password="DEMO_PASSWORD")

    health, *others = one_per_cause(try_application(replace(scene.company, application=application)))

    assert health.is_red
    assert "mend production before any release" in health.next_step
    assert [one.judgement.sentence for one in others] == [
        f"not tried: see application, {seen}" for seen in ("health", "demo account")
    ]


async def greeter(asked: Mapping[str, Any], _receive: object, send: Send) -> None:
    """An application that has a health check and a login, and no patients."""
    answers = {"/api/health": b'{"status": "healthy"}', "/api/login": b'{"token": "t"}'}
    body = answers.get(asked["path"])
    await send({"type": "http.response.start", "status": 404 if body is None else 200, "headers": []})
    await send({"type": "http.response.body", "body": body or b""})


@pytest.fixture
def unreached(scene: Scene, tmp_path: Path) -> Company:
    """A company to whose hosts nothing leads: nobody listens there."""
    login = {"user": "deploy", "key_file": str(tmp_path / "key"), "known_hosts": str(tmp_path / "known_hosts")}
    (tmp_path / "known_hosts").touch()
    place = {"host": "127.0.0.1", "port": 9, "service": "web", "directory": "/opt/holi"}
    server = {"name": "web-server-1", "health": "http://127.0.0.1:9/api/health", **place}
    balancer = HAProxy(host="127.0.0.1", port=9, directory="/opt/haproxy", backend="web", **login)
    fleet = Fleet.model_validate({**login, "servers": [server]})
    return replace(scene.company, fleet=fleet, balancer=balancer)


def test_a_server_without_ssh_keeps_all_its_rows_and_its_own_health_is_asked_all_the_same(unreached: Company) -> None:
    server = unreached.fleet.servers[0]

    ssh, *others, health = one_per_cause(try_server(unreached.fleet, server, unreached.limits))

    assert "SSH at 127.0.0.1:9: connection refused, nothing listens there" in ssh.judgement.sentence
    assert len(others) == 8
    assert {one.judgement.sentence for one in others} == {"not tried: see web-server-1, SSH"}
    assert health.tried == "own health"
    assert "nothing listens" in health.judgement.sentence


def test_a_balancer_without_ssh_says_what_was_found_and_nothing_of_its_socket(unreached: Company) -> None:
    first, rotation, fence = one_per_cause(try_balancer(unreached))

    assert "SSH at 127.0.0.1:9: connection refused, nothing listens there" in first.judgement.sentence
    assert "socat" not in first.next_step
    assert {rotation.judgement.sentence, fence.judgement.sentence} == {"not tried: see balancer, SSH and servers"}


def test_a_store_that_is_not_mounted_is_one_row_that_warns_of_marking_the_empty_folder(
    scene: Scene, tmp_path: Path
) -> None:
    (tmp_path / "mount-point").mkdir()
    company = replace(scene.company, store=FolderStore(folder=str(tmp_path / "mount-point")))

    store, *others = try_store(company)

    assert "Is it mounted?" in store.judgement.sentence
    assert f"mount {tmp_path / 'mount-point'} on the worker" in store.next_step
    assert "do not mark the empty folder" in store.next_step
    assert {one.judgement.sentence for one in others} == {"not tried: see store, records and holds"}


def test_a_slack_that_does_not_answer_is_one_unknown_cause_and_nobody_is_told_to_change_the_roster(
    scene: Scene, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "SLACK_TOKEN").write_text("xoxb-right")
    (tmp_path / "SLACK_TOKEN").chmod(0o600)
    slack = Slack(
        url="http://127.0.0.1:9/", token="SLACK_TOKEN", secrets_folder=str(tmp_path), deployments="C0D", alerts="C0A"
    )
    people = Roster.model_construct(people=(Person(name="Tomas Lima", slack="U0TOMAS"),))

    found = one_per_cause(try_slack(replace(scene.company, slack=slack, roster=people)))

    assert {one.judgement.verdict for one in found} == {Verdict.UNKNOWN}
    assert "whether the worker reaches it" in found[0].next_step
    assert [one.judgement.sentence for one in found[1:]] == ["not tried: see Slack, scopes"] * 3
    assert "Failed to send" not in caplog.text


LONG_AGO = datetime(2026, 11, 25, 10, tzinfo=UTC)
REFUSED = "1.4.2 refuses every release until then"


@pytest.fixture
def watched(scene: Scene, tmp_path: Path) -> Iterator[tuple[Company, Rules, Incidents]]:
    """A company with a Grafana whose one rule is green, and a PagerDuty on which nothing is open."""
    for name in ("GRAFANA_TOKEN", "PAGERDUTY_TOKEN"):
        (tmp_path / name).write_text(TOKEN)
        (tmp_path / name).chmod(0o600)
    rules, incidents = Rules(TOKEN), Incidents(TOKEN)
    rules.add_rule("Error rate")
    with served(rules.app) as of_rules, served(incidents.app) as of_incidents:
        grafana = Grafana(url=of_rules, secrets_folder=str(tmp_path))
        on_call = PagerDutyRest(url=of_incidents, secrets_folder=str(tmp_path), services=["PWEB"])
        yield replace(scene.company, grafana=grafana, on_call=on_call), rules, incidents
        grafana.close()
        on_call.close()


def look_at_dashboards(company: Company) -> dict[str, Finding]:
    return {one.tried: one for one in try_vendors(company) if one.tried in ("alert rules", "incidents")}


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"evaluated_at": LONG_AGO}, "(limit 15 min)"),
        ({"state": "firing"}, "the alert 'CPU' of ops is firing"),
        ({"health": "error"}, "could not be evaluated"),
        ({"paused": True}, "does not look: it is paused"),
    ],
)
def test_an_alert_for_which_a_release_would_be_refused_is_red(
    watched: tuple[Company, Rules, Incidents], rule: dict[str, Any], said: str
) -> None:
    company, rules, _ = watched
    assert all(one.is_well for one in look_at_dashboards(company).values())

    rules.add_rule("CPU", **rule)

    found = look_at_dashboards(company)
    assert found["incidents"].is_well
    assert found["alert rules"].is_red
    assert said in found["alert rules"].judgement.sentence
    assert REFUSED in found["alert rules"].next_step


def test_an_incident_for_which_a_release_would_be_refused_is_red(watched: tuple[Company, Rules, Incidents]) -> None:
    company, _, incidents = watched
    incidents.open_incident("The portal is slow", began=LONG_AGO)

    found = look_at_dashboards(company)

    assert found["alert rules"].is_well
    assert found["incidents"].is_red
    assert "'The portal is slow' is triggered" in found["incidents"].judgement.sentence
    assert REFUSED in found["incidents"].next_step
