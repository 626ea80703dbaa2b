"""What the doctor says of systems that are asked over the wire: what was found, and what mends just that."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from blocks.application import SMOKE_TESTS, Application, SmokeTest
from blocks.company import Company
from blocks.github import GitHub
from blocks.slack import Slack
from lab.history import CI_FILE, DEV, History
from lab.vendors.github import GitHub as StandIn
from policy.diagnosis import Finding, one_per_cause
from policy.judgement import Verdict
from policy.roles import Person, Roster
from tasks.doctor_systems import try_application, try_github, try_slack
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


async def greeter(asked: Mapping[str, Any], _receive: object, send: Send) -> None:
    """An application that has a health check and a login, and no patients."""
    answers = {"/api/health": b'{"status": "healthy"}', "/api/login": b'{"token": "t"}'}
    body = answers.get(asked["path"])
    await send({"type": "http.response.start", "status": 404 if body is None else 200, "headers": []})
    await send({"type": "http.response.body", "body": body or b""})


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
