"""A release closes what it delivers and nothing that it merely mentions (3.4.3)."""

from dataclasses import replace

import pytest

from policy.judgement import Verdict
from policy.pull_requests import PullRequest, PullRequestRules
from policy.tickets import Tickets, judge_closed, sort_tickets

KNOWN = {"HOLI-12", "HOLI-13", "HOLI-90"}
PULL = PullRequest(
    number=7,
    title="",
    body="",
    branch="patch-1",
    base="main",
    state="merged",
    draft=False,
    mergeable=True,
    from_fork=False,
    files=(),
    files_complete=True,
    url="http://github/7",
)


@pytest.mark.parametrize(
    ("title", "branch", "body", "tickets"),
    [
        pytest.param("HOLI-12: reminders", "x", "", Tickets(("HOLI-12",)), id="title"),
        pytest.param("Reminders", "HOLI-13-reminders", "", Tickets(("HOLI-13",)), id="branch"),
        pytest.param("HOLI-12, HOLI-13", "x", "", Tickets(("HOLI-12", "HOLI-13")), id="two in the title"),
        pytest.param("HOLI-12", "x", "part of HOLI-90 (epic)", Tickets(("HOLI-12",)), id="an epic beside a ticket"),
        pytest.param("Export as UTF-8", "x", "SHA-256, for HOLI-12", Tickets(("HOLI-12",)), id="no ticket's key"),
        pytest.param("Reminders", "x", "Ticket: HOLI-12", Tickets(("HOLI-12",)), id="the only one described"),
        pytest.param(
            "Reminders", "x", "HOLI-12, see HOLI-90", Tickets((), ("HOLI-12", "HOLI-90")), id="one of two described"
        ),
        pytest.param("HOLI-99 as UTF-8", "x", "", Tickets((), (), ("HOLI-99", "UTF-8")), id="no such ticket"),
        pytest.param("Reminders", "x", "", Tickets(()), id="none"),
    ],
)
def test_a_pull_request_delivers_the_tickets_it_is_named_after(
    title: str, branch: str, body: str, tickets: Tickets
) -> None:
    pull = replace(PULL, title=title, branch=branch, body=body)

    assert sort_tickets([pull], known=KNOWN, templates=(), rules=PullRequestRules()) == tickets


def test_what_one_pull_request_delivers_is_not_unsure_for_another() -> None:
    pulls = [replace(PULL, title="HOLI-12"), replace(PULL, body="HOLI-12 and HOLI-13")]

    found = sort_tickets(pulls, known=KNOWN, templates=(), rules=PullRequestRules())

    assert found == Tickets(("HOLI-12",), ("HOLI-13",))


def test_a_pull_request_that_was_closed_delivers_nothing() -> None:
    pull = replace(PULL, title="HOLI-12", state="closed")

    assert sort_tickets([pull], known=KNOWN, templates=(), rules=PullRequestRules()) == Tickets(())


@pytest.mark.parametrize(
    ("tickets", "done", "verdict", "sentence"),
    [
        (Tickets(("HOLI-12", "HOLI-13")), "HOLI-12 HOLI-13", Verdict.PASSED, "HOLI-12, HOLI-13: done"),
        (Tickets(()), "", Verdict.PASSED, "no ticket: done"),
        (Tickets(("HOLI-12", "HOLI-13")), "HOLI-12", Verdict.FAILED, "not closed: HOLI-13"),
        (Tickets((), (), ("HOLI-99",)), "", Verdict.FAILED, "no such ticket: HOLI-99"),
        (Tickets((), ("HOLI-12",)), "HOLI-12", Verdict.PASSED, "HOLI-12: done"),
        (Tickets((), ("HOLI-12", "HOLI-90")), "HOLI-12", Verdict.FAILED, "not closed: HOLI-90, one of several in a"),
    ],
)
def test_every_ticket_that_was_delivered_is_done(tickets: Tickets, done: str, verdict: Verdict, sentence: str) -> None:
    judgement = judge_closed(tickets, {key: key in done.split() for key in (*tickets.delivered, *tickets.unsure)})

    assert judgement.verdict is verdict
    assert judgement.sentence.startswith(sentence)
