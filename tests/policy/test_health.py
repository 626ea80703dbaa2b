"""One health answer: status, database in both shapes, version."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.health import (
    HealthAnswer,
    is_version,
    judge_every_server,
    judge_health,
    judge_staging_tree,
    read_health,
)
from policy.judgement import Verdict

NEW = "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2"
OLD = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"


def answer(
    status_code: int = 200, *, server: str = "web-server-1", body: str | None = None, **changes: object
) -> HealthAnswer:
    report = {"status": "healthy", "database": "connected", "version": NEW} | changes
    kept = {name: value for name, value in report.items() if value is not None}
    return HealthAnswer(server, status_code, json.dumps(kept) if body is None else body)


@pytest.mark.parametrize(
    ("given_answer", "verdict", "says"),
    [
        pytest.param(answer(), Verdict.PASSED, "serves b2b2b2b2b2b2", id="healthy"),
        pytest.param(answer(database={"connected": True}), Verdict.PASSED, "healthy", id="the other shape"),
        pytest.param(answer(version=NEW[:7]), Verdict.PASSED, "serves b2b2b2b", id="an abbreviated version"),
        pytest.param(answer(version=NEW.upper()), Verdict.PASSED, "healthy", id="in capitals"),
        pytest.param(
            answer(version=OLD),
            Verdict.FAILED,
            "web-server-1 is healthy but still serves a1a1a1a1a1a1 (expected b2b2b2b2b2b2)",
            id="R1: still the old version",
        ),
        pytest.param(answer(version=NEW[:6]), Verdict.FAILED, "still serves", id="too short an abbreviation"),
        pytest.param(answer(version=None), Verdict.UNKNOWN, "does not say its version", id="no version"),
        pytest.param(answer(version=""), Verdict.UNKNOWN, "does not say its version", id="empty version"),
        pytest.param(answer(version=12), Verdict.UNKNOWN, "does not say its version", id="a number as version"),
        pytest.param(
            answer(status="degraded", database="disconnected"),
            Verdict.FAILED,
            "'degraded'",
            id="R2: degraded",
        ),
        pytest.param(answer(database="disconnected"), Verdict.FAILED, "'disconnected'", id="no database"),
        pytest.param(answer(database={"connected": False}), Verdict.FAILED, "database is", id="not connected"),
        pytest.param(answer(database={"connected": "yes"}), Verdict.FAILED, "database is", id="connected: yes"),
        pytest.param(answer(database=True), Verdict.FAILED, "database is True", id="database: true"),
        pytest.param(answer(database=None), Verdict.FAILED, "says nothing of its database", id="database absent"),
        pytest.param(answer(status=None), Verdict.UNKNOWN, "no health report", id="no status"),
        pytest.param(
            HealthAnswer("web-server-1", 200, '{"status":"degraded","database":"disconnected","version":"b2"}'),
            Verdict.FAILED,
            "web-server-1 is not healthy: status 'degraded'; expected 'healthy'",
            id="R2: as it came",
        ),
        pytest.param(answer(status="Healthy"), Verdict.FAILED, "status 'Healthy'", id="R2: another spelling"),
        pytest.param(answer(status="ok"), Verdict.FAILED, "status 'ok'", id="R2: another word"),
        pytest.param(answer(status=True), Verdict.UNKNOWN, "no health report", id="R2: no word"),
        pytest.param(
            answer(database=None, checks={"database": "connected"}),
            Verdict.FAILED,
            "says nothing of its database",
            id="R2: the database elsewhere",
        ),
        pytest.param(answer(database=["connected"]), Verdict.FAILED, "database is", id="R2: a list of databases"),
        pytest.param(answer(database={"connected": 1}), Verdict.FAILED, "database is", id="R2: connected: 1"),
        pytest.param(answer(204, body=""), Verdict.UNKNOWN, "HTTP 204", id="R2: empty"),
        pytest.param(answer(200, body=""), Verdict.UNKNOWN, "no health report", id="R2: 200 and empty"),
        pytest.param(answer(206), Verdict.UNKNOWN, "HTTP 206", id="R2: a part"),
        pytest.param(
            answer(body='{"status": "healthy", "database": "conn'), Verdict.UNKNOWN, "no health", id="R2: cut off"
        ),
        pytest.param(
            answer(body='[{"status": "healthy", "database": "connected"}]'),
            Verdict.UNKNOWN,
            "no health report",
            id="R2: a report within a list",
        ),
        pytest.param(
            answer(body='{"status": "unhealthy", "database": "connected", "status": "healthy"}'),
            Verdict.UNKNOWN,
            "no health report",
            id="R2: two statuses",
        ),
        pytest.param(
            answer(body='{"status": "healthy", "database": {"connected": false, "connected": true}}'),
            Verdict.UNKNOWN,
            "no health report",
            id="R2: a database that says both",
        ),
        pytest.param(answer(body="<html>Log in</html>"), Verdict.UNKNOWN, "no health report", id="R2: login page"),
        pytest.param(answer(body="[]"), Verdict.UNKNOWN, "no health report", id="a list"),
        pytest.param(answer(body="[" * 100_000), Verdict.UNKNOWN, "no health report", id="too deep to read"),
        pytest.param(answer(302, body=""), Verdict.UNKNOWN, "HTTP 302", id="sent elsewhere"),
        pytest.param(answer(503, status="unhealthy"), Verdict.FAILED, "HTTP 503, status 'unhealthy'", id="503"),
        pytest.param(answer(502, body="Bad gateway"), Verdict.FAILED, "HTTP 502; expected 200", id="502"),
    ],
)
def test_health_is_status_and_database_and_version(given_answer: HealthAnswer, verdict: Verdict, says: str) -> None:
    judgement = judge_health(given_answer, version=NEW)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


def test_without_an_expected_version_any_is_right() -> None:
    assert judge_health(answer(version=OLD)).sentence.endswith("serves a1a1a1a1a1a1")
    assert judge_health(answer(version=None)).verdict is Verdict.PASSED


def test_a_report_that_is_none_cannot_be_read() -> None:
    assert read_health(answer(body="nothing")) is None


@pytest.mark.parametrize(
    ("served", "expected", "same"),
    [
        (NEW, NEW, True),
        (NEW[:7], NEW, True),
        (NEW, NEW[:7], True),
        (NEW[:6], NEW, False),
        ("b2b2b2b", OLD, False),
        ("v1.4.0-rc", "v1.4.0-rc1", False),
        ("1.4.0", "1.4.0", True),
        ("", "", False),
        ("", NEW, False),
    ],
)
def test_versions_are_equal_or_abbreviated_to_seven_digits(served: str, expected: str, *, same: bool) -> None:
    assert is_version(served, expected) is same


def test_every_server_is_asked_for_the_version() -> None:
    answers = [answer(), answer(server="web-server-2")]

    judgement = judge_every_server(answers, servers=["web-server-1", "web-server-2"], version=NEW)

    assert judgement.verdict is Verdict.PASSED
    assert judgement.sentence == ("all 2 servers (web-server-1, web-server-2) are healthy and serve b2b2b2b2b2b2")


@pytest.mark.parametrize(
    ("answers", "verdict", "says"),
    [
        ([answer()], Verdict.UNKNOWN, "web-server-2 gave no health answer"),
        (
            [answer(), answer(server="web-server-2", version=OLD)],
            Verdict.FAILED,
            "web-server-2 is healthy but",
        ),
        (
            [answer(version=OLD)],
            Verdict.FAILED,
            "still serves a1a1a1a1a1a1 (expected b2b2b2b2b2b2); web-server-2 gave",
        ),
        (
            [answer(), answer(server="web-server-2"), answer(server="web-server-3")],
            Verdict.UNKNOWN,
            "web-server-3 answered but is none of our servers",
        ),
        ([], Verdict.UNKNOWN, "web-server-1 gave no health answer; web-server-2 gave"),
    ],
)
def test_one_server_that_is_wrong_or_silent_is_named(answers: list[HealthAnswer], verdict: Verdict, says: str) -> None:
    judgement = judge_every_server(answers, servers=["web-server-1", "web-server-2"], version=NEW)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


def test_servers_may_be_asked_for_their_health_alone() -> None:
    judgement = judge_every_server([answer(version=OLD)], servers=["web-server-1"], version=None)

    assert judgement.sentence == "web-server-1 is healthy"


def test_no_server_at_all_is_unknown() -> None:
    assert judge_every_server([], servers=[], version=NEW).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("served", "served_tree", "tree", "verdict"),
    [
        (NEW, None, None, Verdict.PASSED),
        (OLD, "t1", "t1", Verdict.PASSED),
        (OLD, "t0", "t1", Verdict.FAILED),
        (OLD, None, "t1", Verdict.UNKNOWN),
        (OLD, "t1", "", Verdict.UNKNOWN),
    ],
)
def test_staging_is_compared_by_its_files(
    served: str, served_tree: str | None, tree: str | None, verdict: Verdict
) -> None:
    assert judge_staging_tree(served, served_tree, commit=NEW, tree=tree).verdict is verdict


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(status_code=st.integers(0, 999), database=json_values, status=json_values, version=json_values)
def test_only_a_healthy_200_with_its_database_passes(
    status_code: int, database: object, status: object, version: object
) -> None:
    body = json.dumps({"status": status, "database": database, "version": version})

    judgement = judge_health(HealthAnswer("web-server-1", status_code, body), version=NEW)

    if judgement.verdict is Verdict.PASSED:
        assert (status_code, status) == (200, "healthy")
        assert database in ("connected", {"connected": True})


@given(st.text(), st.integers(0, 999))
def test_every_body_has_a_verdict(body: str, status_code: int) -> None:
    assert not judge_health(HealthAnswer("web-server-1", status_code, body)).verdict.lets_pass


def test_a_server_on_which_nothing_listens_is_ill_and_not_unknown() -> None:
    judgement = judge_health(HealthAnswer("web-server-1", 0, "nothing listens: connection refused"))

    assert judgement.verdict is Verdict.FAILED
    assert "web-server-1 does not serve" in judgement.sentence
