"""What the doctor finds says the measured value and the limit, and each red row what to do next."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.diagnosis import (
    Finding,
    headline,
    judge_balanced,
    judge_clock,
    judge_company,
    judge_compose,
    judge_disk,
    judge_engine,
    judge_granted,
    judge_tools,
    red_first,
    render_page,
    render_text,
)
from policy.judgement import Judgement, Verdict, failed, not_applicable, passed, unknown

LIMIT = timedelta(seconds=5)
WELL = Finding("GitHub", "branches", passed("main is a1a1a1a"), "name them in [github]")
ILL = Finding("web-server-2", "clock", failed("5 min ahead"), "let chrony set it")
SILENT = Finding("Sentry", "issues", unknown("no answer in time"), "look at the secret | its scopes")
LEFT_OUT = Finding("PagerDuty", "events", not_applicable("would wake somebody"))


@pytest.mark.parametrize(
    ("judgement", "verdict", "said"),
    [
        (judge_clock(timedelta(seconds=5), limit=LIMIT), Verdict.PASSED, "within 5 s"),
        (judge_clock(timedelta(minutes=5), limit=LIMIT), Verdict.FAILED, "5 min ahead of the worker's clock"),
        (judge_clock(timedelta(seconds=-6), limit=LIMIT), Verdict.FAILED, "6 s behind"),
        (judge_disk(0.79, limit=0.8), Verdict.PASSED, "79% in use, the limit is 80%"),
        (judge_disk(0.8, limit=0.8), Verdict.FAILED, "80% in use, the limit is 80%"),
        (judge_engine("20.10.24"), Verdict.PASSED, "Docker 20.10.24"),
        (judge_engine("permission denied on the socket"), Verdict.FAILED, "permission denied on the socket"),
        (judge_engine(""), Verdict.FAILED, "it said nothing"),
        (judge_compose("v2.20.2"), Verdict.PASSED, "Compose v2.20.2"),
        (judge_compose("5.0.1"), Verdict.PASSED, "Compose 5.0.1"),
        (judge_compose("1.29.2"), Verdict.FAILED, "expected 2.0 or newer"),
        (judge_compose("docker: 'compose' is not a docker command."), Verdict.FAILED, "there is no `docker compose`"),
        (judge_tools((), writable=True), Verdict.PASSED, "writable"),
        (judge_tools(("flock",), writable=True), Verdict.FAILED, "missing: flock"),
        (judge_tools((), writable=False), Verdict.FAILED, "may not write"),
        (judge_balanced(["a", "b"], ["b", "a"]), Verdict.PASSED, "knows a, b"),
        (judge_balanced(["a", "b"], ["a", "c"]), Verdict.FAILED, "does not know b and also has c"),
        (judge_balanced(["a"], ["a", "c"]), Verdict.FAILED, "also has c"),
        (judge_granted({"push"}, {"pull", "push"}), Verdict.PASSED, "it has push"),
        (judge_granted({"push"}, {"pull"}), Verdict.FAILED, "it lacks push; it has pull"),
        (judge_granted({"push"}, ()), Verdict.UNKNOWN, "does not say"),
    ],
)
def test_each_rule_says_what_it_measured(judgement: Judgement, verdict: Verdict, said: str) -> None:
    assert judgement.verdict is verdict
    assert said in judgement.sentence


@pytest.mark.parametrize(
    ("process", "said"),
    [
        ("/opt/x/.venv/bin/python /opt/x/.venv/bin/prefect worker start --pool countersign", "a Prefect worker"),
        ("python -m prefect worker start --pool countersign", "a Prefect worker"),
        ("/usr/bin/prefect server start --host 0.0.0.0", "Prefect's server"),
        ("python -m uvicorn --app-dir /x prefect.server.api.server:create_app", "Prefect's server"),
        ("postgres: prefect prefect 10.0.4.10(52362) idle", "Prefect's database"),
        ("/opt/x/.venv/bin/python -m prefect.engine", "a flow run of Prefect"),
        ("/opt/x/.venv/bin/python -m prefect.flow_engine", "a flow run of Prefect"),
    ],
)
def test_a_part_of_prefect_on_a_server_is_known_by_its_command_line(process: str, said: str) -> None:
    judgement = judge_company(["/sbin/init", process])

    assert judgement.verdict is Verdict.FAILED
    assert judgement.sentence == f"{said} runs here"


@pytest.mark.parametrize(
    "process",
    [
        "postgres: holi holi 10.0.1.11(40000) idle",
        "node /app/prefectures/worker.js start",
        "vim /etc/prefect.conf",
        "sshd: deploy@notty",
    ],
)
def test_what_only_looks_like_prefect_is_none(process: str) -> None:
    assert judge_company([process]).verdict is Verdict.PASSED


def test_a_host_that_shows_no_process_is_unknown() -> None:
    assert judge_company(()).verdict is Verdict.UNKNOWN


def test_what_is_on_a_command_line_is_never_shown() -> None:
    assert "hunter2" not in judge_company(["prefect worker start --password hunter2"]).sentence


def test_the_page_shows_what_failed_then_what_is_unknown_then_the_rest() -> None:
    page = render_page([WELL, SILENT, LEFT_OUT, ILL])
    rows = [line for line in page.splitlines() if line.startswith("| ") and "Found" not in line]

    assert "**2 of 4 need somebody**" in page
    assert [row.split("|")[1].strip() for row in rows] == ["RED", "unknown", "ok", "-"]
    assert "let chrony set it" in rows[0]
    assert "its scopes" in rows[1]
    assert "\\|" in rows[1]
    assert "name them" not in page


def test_a_terminal_shows_the_red_rows_last_with_what_to_do_below() -> None:
    lines = render_text([ILL, WELL, SILENT]).splitlines()

    assert lines[0].startswith("ok")
    assert lines[-4].startswith("RED")
    assert "-> let chrony set it" in lines[-3]
    assert lines[-1] == "2 of 3 need somebody"


def test_nothing_tried_is_not_all_well() -> None:
    assert headline([]) == "Nothing was tried"
    assert headline([WELL]) == "It is well"


@given(st.lists(st.sampled_from([WELL, ILL, SILENT, LEFT_OUT])))
def test_no_row_is_lost_and_no_well_row_stands_before_a_red_one(findings: list[Finding]) -> None:
    ordered = red_first(findings)

    assert sorted(map(id, ordered)) == sorted(map(id, findings))
    assert [one.is_red for one in ordered] == sorted((one.is_red for one in ordered), reverse=True)
