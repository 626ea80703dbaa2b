"""What the doctor finds says the measured value and the limit, and each red row what to do next."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.diagnosis import (
    Finding,
    WorkerSeen,
    differing,
    judge_balanced,
    judge_clock,
    judge_company,
    judge_compose,
    judge_disk,
    judge_engine,
    judge_granted,
    judge_tools,
    judge_workers,
    one_per_cause,
)
from policy.diagnosis_page import OF_PREFECT, headline, red_first, render_page, render_text
from policy.judgement import Judgement, Verdict, failed, not_applicable, passed, unknown
from policy.next_step import Cause, Kind

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


EVERY = timedelta(seconds=30)
HEARD, LATE = timedelta(seconds=12), timedelta(seconds=61)
ALIVE = WorkerSeen("one", online=True, silent_for=HEARD, every=EVERY)
KILLED = WorkerSeen("two", online=True, silent_for=LATE, every=EVERY)
STOPPED = WorkerSeen("three", online=False, silent_for=timedelta(days=2), every=EVERY)


@pytest.mark.parametrize(
    ("workers", "verdict", "said"),
    [
        ([ALIVE], Verdict.PASSED, "one, heartbeat 12 s ago (one each 30 s)"),
        ([replace(KILLED, silent_for=2 * EVERY)], Verdict.PASSED, "two, heartbeat 1 min ago"),
        ([KILLED], Verdict.FAILED, "is heard (two, heartbeat 1 min 1 s ago (one each 30 s), though shown as online)"),
        ([KILLED, ALIVE], Verdict.PASSED, "; not heard: two, heartbeat 1 min 1 s ago"),
        ([STOPPED, ALIVE], Verdict.PASSED, "one, heartbeat 12 s ago"),
        ([STOPPED], Verdict.FAILED, "(the last was three, heartbeat 2 d ago (one each 30 s))"),
        ([replace(ALIVE, online=False)], Verdict.FAILED, "the last was one, heartbeat 12 s ago"),
        ([], Verdict.FAILED, "no worker of the pool countersign is heard (there was none yet)"),
        ([replace(ALIVE, every=timedelta(seconds=5))], Verdict.FAILED, "one each 5 s"),
    ],
)
def test_a_worker_counts_while_it_is_heard_whatever_it_is_shown_as(
    workers: list[WorkerSeen], verdict: Verdict, said: str
) -> None:
    judgement = judge_workers(workers, pool="countersign")

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


def rows_of(page: str) -> list[list[str]]:
    """The cells of every table of the page, without its heads."""
    lines = [line for line in page.splitlines() if line.startswith("| ") and "Found" not in line]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_the_page_shows_what_failed_then_what_is_unknown_then_the_rest() -> None:
    page = render_page([WELL, SILENT, LEFT_OUT, ILL])

    assert "**1 red, 1 not known of 4**" in page
    assert [row[0] for row in rows_of(page)] == ["RED", "unknown", "ok", "-"]
    assert "- **web-server-2, clock**: 5 min ahead. **Next:** let chrony set it" in page
    assert "**Next:** look at the secret | its scopes" in page
    assert "### Well (1), not tried (1)" in page
    assert "### Well (1)\n" in render_page([WELL])
    assert "name them" not in page


def test_a_long_sentence_is_cut_in_its_cell_and_whole_below() -> None:
    sentence = "host " * 40 + "| at\nthe end"
    page = render_page([Finding("web-server-1", "SSH", failed(sentence), "look")])
    ((_, _, _, found),) = rows_of(page)

    assert len(found) <= 36
    assert found.endswith("…")
    assert " ".join(sentence.split()) in page


def test_a_red_row_without_advice_is_still_told_whole() -> None:
    assert "x" * 60 in render_page([Finding("a", "b", failed("x" * 60))])


def test_the_page_says_what_only_the_command_tries() -> None:
    assert ", ".join(OF_PREFECT) in render_page([WELL])


def test_a_terminal_shows_the_red_rows_last_with_what_to_do_below() -> None:
    lines = render_text([ILL, WELL, SILENT]).splitlines()

    assert lines[0].startswith("ok")
    assert lines[-4].startswith("RED")
    assert "-> let chrony set it" in lines[-3]
    assert lines[-1].startswith("2 of 3 need something (1 red, 1 not known): do what stands after each ->")


def test_a_terminal_shows_what_is_well_and_what_is_red_each_in_the_order_in_which_it_was_tried() -> None:
    order = [Finding(part, "answers", passed("yes")) for part in ("Prefect", "store", "PagerDuty")]
    reds = [Finding(part, "host", failed("no")) for part in ("web-server-1", "database")]

    lines = [line.split() for line in render_text([*reds, SILENT, *order]).splitlines()]

    assert [words[1] for words in lines if words[:1] in (["ok"], ["RED"], ["unknown"])] == [
        *("Prefect", "store", "PagerDuty"),
        "Sentry",
        *("web-server-1", "database"),
    ]


def test_a_terminal_ends_with_how_many_rows_need_something_if_any_do() -> None:
    assert render_text([WELL, WELL, LEFT_OUT]).splitlines()[-1] == "all 2 are well, 1 not tried"
    assert render_text([ILL]).splitlines()[-1].startswith("1 of 1 needs something")


@pytest.mark.parametrize(
    ("findings", "said"),
    [
        ([], "nothing was tried"),
        ([WELL], "it is well"),
        ([WELL, WELL], "all 2 are well"),
        ([WELL, LEFT_OUT], "it is well, 1 not tried"),
        ([LEFT_OUT, LEFT_OUT], "nothing was tried, 2 not tried"),
        ([WELL, ILL, ILL], "2 red of 3"),
        ([SILENT, WELL], "0 red, 1 not known of 2"),
    ],
)
def test_a_headline_counts_what_is_red_apart_from_what_is_not_known(findings: list[Finding], said: str) -> None:
    assert headline(findings) == said


NO_TOKEN = Cause(Kind.SECRET_ABSENT, "GITHUB_TOKEN", "/s/GITHUB_TOKEN")
OTHER = Cause(Kind.SECRET_ABSENT, "SLACK_TOKEN", "/s/SLACK_TOKEN")
SAID = failed("secret GITHUB_TOKEN: neither in the environment nor in the file /s/GITHUB_TOKEN")


def test_one_cause_is_one_red_row_and_the_others_were_not_tried_for_it() -> None:
    found = one_per_cause(
        [
            WELL,
            Finding("GitHub", "repository", SAID, "write it", NO_TOKEN),
            Finding("GitHub", "branches", SAID, "write it", NO_TOKEN),
            Finding("Slack", "scopes", failed("secret SLACK_TOKEN: …"), "write it", OTHER),
            Finding("registry", "image", SAID, "write it", NO_TOKEN),
        ]
    )

    assert [one.judgement.sentence for one in found if not one.is_well and not one.is_red] == [
        "not tried: see GitHub, repository"
    ] * 2
    assert [(one.part, one.is_red) for one in found if one.is_red] == [("GitHub", True), ("Slack", True)]
    assert headline(found) == "2 red, 2 not known of 5"
    assert not any(one.next_step for one in found if one.judgement.sentence.startswith("not tried"))


TOLD = st.lists(
    st.sampled_from([WELL, ILL, Finding("a", "b", SAID, "x", NO_TOKEN), Finding("c", "d", SAID, "x", OTHER)])
)


def test_rows_of_one_part_that_say_the_same_have_one_cause_and_those_of_two_servers_have_not() -> None:
    no_branch = failed("holilabs/holilabsv2 has no branch main")
    full = failed("96% in use, the limit is 80%")
    found = one_per_cause(
        [
            Finding("GitHub", "branches", no_branch, "make it"),
            Finding("GitHub", "workflow", no_branch, "name it"),
            Finding("web-server-1", "disk", full, "free some"),
            Finding("web-server-2", "disk", full, "free some"),
        ]
    )

    assert [one.is_red for one in found] == [True, False, True, True]


@given(TOLD)
def test_telling_one_row_a_cause_loses_no_row_makes_none_well_and_is_done_after_once(findings: list[Finding]) -> None:
    told = one_per_cause(findings)

    assert [(one.part, one.tried, one.is_well) for one in told] == [
        (one.part, one.tried, one.is_well) for one in findings
    ]
    reds = [one.cause for one in told if one.is_red and one.cause]
    assert len(reds) == len(set(reds))
    assert one_per_cause(told) == told


@pytest.mark.parametrize(
    ("saved", "meant", "fields"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, ["a"]),
        ({}, {"a": 1}, ["a"]),
        ({"a": None}, {}, []),
        ({"limits": {"disk": 1, "x": 2}}, {"limits": {"disk": 3, "x": 2}}, ["limits.disk"]),
        ({"s": [{"n": 1}, {"n": 2}]}, {"s": [{"n": 1}, {"n": 3}]}, ["s[1].n"]),
        ({"s": [1]}, {"s": [1, 2]}, ["s"]),
    ],
)
def test_a_difference_is_named_by_its_path(saved: dict[str, Any], meant: dict[str, Any], fields: list[str]) -> None:
    assert differing(saved, meant) == fields


@given(st.lists(st.sampled_from([WELL, ILL, SILENT, LEFT_OUT])))
def test_no_row_is_lost_and_none_that_is_well_stands_before_one_that_is_not(findings: list[Finding]) -> None:
    ordered = red_first(findings)

    assert sorted(map(id, ordered)) == sorted(map(id, findings))
    assert [one.is_well for one in ordered] == sorted(one.is_well for one in ordered)
