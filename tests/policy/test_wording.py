"""Every text that people read is put together well, whatever the clauses that others wrote look like."""

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect.exceptions import ObjectNotFound

from policy import messages, on_call_pages
from policy.broken_hold import say_hold_broken, say_no_longer_asked
from policy.duties import Duty, Found, reminder
from policy.judgement import Verdict, failed
from policy.plans import Cause, ServerState, Why, World
from policy.wording import as_clause, as_sentences, say_error
from tests.policy.releases import OPENED, ZONE, build, release

ROOT = Path(__file__).parents[2]
READ = ("policy", "tasks", "flows", "blocks")
MINUTES = timedelta(minutes=5)
WORLD = World((ServerState("web-server-1", reachable=True, digest="a1", health=Verdict.FAILED, in_rotation=False),))
BY_HAND = {"web-server-1": "sh roll-back.sh"}
FOR = messages.for_whoever_asked(["<@UANA>"], "http://ui/run/1", record="20261124-180000-1f2e3d4c")
ASKED: dict[str, Any] = {"link": "http://ui/run/1", "left": MINUTES, "approvers": ["Tomas Lima"]}

SAID: Mapping[str, Callable[[str], str]] = {
    "waits_for_approval": lambda _: messages.waits_for_approval(release(), build(), ["Tomas Lima"]),
    "updated_everywhere": lambda _: messages.updated_everywhere(release(), build()),
    "completed": lambda said: messages.completed(release(), build(), took=MINUTES, issues=[as_clause(said)]),
    "migrated": lambda said: messages.migrated(release(), took=MINUTES, issues=[as_clause(said)]),
    "stakeholder_mail": lambda _: messages.stakeholder_mail(release(), build(), watched=MINUTES),
    "rolled_back": lambda said: messages.rolled_back(
        release(),
        Why(Cause.STEP_FAILED, said),
        [failed(as_clause(said))],
        served=OPENED,
        at=OPENED,
        zone=ZONE,
        asked=FOR,
    ),
    "stopped": lambda said: messages.stopped(release(), said, Why(Cause.CHECKS_FAILED, said), asked=FOR),
    "left_to_people": lambda said: messages.left_to_people(release(), said, asked=FOR),
    "for_whoever_asked": lambda _: FOR,
    "approval_wanted": lambda said: messages.approval_wanted(
        release(), verdict="Passed", measured=said, observed=said, **ASKED
    ),
    "database_approval_wanted": lambda said: messages.database_approval_wanted(release(), found=said, **ASKED),
    "waivers_wanted": lambda said: messages.waivers_wanted(release(), found=said, **ASKED),
    "own_approval": lambda said: messages.own_approval(release(), said, cto=["Carla Ortiz"]),
    "red_flag_raised": lambda said: messages.red_flag_raised("b2b2b2b", said),
    "choice_wanted": lambda said: messages.choice_wanted(
        release(), sentence=said, choices=["keep waiting"], link="http://ui", left=MINUTES
    ),
    "page_wait": lambda said: on_call_pages.page_wait(release(), OPENED, said, zone=ZONE),
    "page_stuck": lambda said: on_call_pages.page_stuck(release(), said, WORLD, BY_HAND, changed=BY_HAND),
    "page_watching": lambda said: on_call_pages.page_watching(release(), said, WORLD, BY_HAND, BY_HAND),
    "page_migration_watched": lambda said: on_call_pages.page_migration_watched(release(), said, WORLD),
    "page_not_well": lambda said: on_call_pages.page_not_well(release(), [failed(said)]),
    "revert_proposed": lambda said: messages.revert_proposed("Revert b2b2b2b", link="http://pull/1", sentence=said),
    "incident_reported": lambda _: messages.incident_reported(release(), "http://issues/1"),
    "page_record_unreadable": lambda said: on_call_pages.page_record_unreadable("b2b2b2b", said, BY_HAND),
    "page_only_in_memory": lambda said: on_call_pages.page_only_in_memory(release(), said),
    "sealed": lambda _: messages.sealed(release(), head="0" * 64, signed="not signed"),
    "say_hold_broken": lambda said: say_hold_broken(release(), said),
    "say_no_longer_asked": lambda said: say_no_longer_asked(release(), said),
    "reminder": lambda said: reminder(
        release(), Duty.SUMMARY, Found(done=False, sentence=said), asked=1, people=["Ana Souza"], again=OPENED
    ),
}
PARTS_OF_MESSAGES = {"where_and_by_hand"}
MESSAGES_ELSEWHERE = {"reminder", "say_hold_broken", "say_no_longer_asked"}
clauses = st.sampled_from(
    ["no backup found", "web-server-1: 1 of 2 requests failed", "the log is empty. Check the container's log."]
)
SLIPS = {
    "two full stops": r"(?<!\.)\.\.(?!\.)|\. \.",
    "a full stop before another mark": r"\.[;,:]",
    "a sentence that begins small": r"\.\*? [a-z]+ [a-z]+",
    "one of many": r"\b1 (?:requests|servers|commits|items|checks|rows|times|minutes|samples)\b",
    "two blanks": r"\S  \S",
    "a value that is not there": r"\bNone\b",
    "a word of ours": r"\b(?:home|fence|hold \d)\b",
}


@pytest.mark.parametrize("name", SAID)
@given(said=clauses)
def test_no_message_has_a_slip(name: str, said: str) -> None:
    text = SAID[name](said)

    found = {slip: re.findall(pattern, text) for slip, pattern in SLIPS.items()}
    assert not {slip: hits for slip, hits in found.items() if hits}, text


def test_every_message_is_among_them() -> None:
    public = {
        name
        for module in (messages, on_call_pages)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }

    assert public - PARTS_OF_MESSAGES == SAID.keys() - MESSAGES_ELSEWHERE


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (("no backup found",), "No backup found."),
        (("no backup found.", "the servers differ"), "No backup found. The servers differ."),
        (("web-server-1 is ill",), "web-server-1 is ill."),
        (("b2b2b2b is live",), "b2b2b2b is live."),
        (("1.4.3: none", ""), "1.4.3: none."),
        (("roll it back?", "it waits…"), "Roll it back? It waits…"),
    ],
)
def test_clauses_become_sentences(parts: tuple[str, ...], said: str) -> None:
    assert as_sentences(*parts) == said


def sources() -> Iterator[tuple[Path, ast.JoinedStr]]:
    """Every text of ours that holds a value."""
    for package in READ:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.JoinedStr):
                    yield path, node


def counts(value: Any) -> bool:
    """Whether the value in a text is a number of things that was just counted."""
    call = value.value if isinstance(value, ast.FormattedValue) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "len"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("no such release"), "no such release"),
        (TimeoutError(), "TimeoutError"),
        (TimeoutError("  "), "TimeoutError"),
        # What Prefect's client raises on a 404.
        (ObjectNotFound(http_exc=ValueError()), "ObjectNotFound"),
    ],
)
def test_an_exception_without_words_says_its_kind(error: Exception, said: str) -> None:
    assert say_error(error) == said


def test_what_is_counted_is_said_with_its_noun_in_the_right_number() -> None:
    slips = [
        f"{path.relative_to(ROOT)}:{text.lineno}: {after.value!r}"
        for path, text in sources()
        for before, value, after in zip([None, *text.values], text.values, text.values[1:], strict=False)
        if counts(value)
        and isinstance(after, ast.Constant)
        and re.match(r" (?!series)[a-z]+s\b(?<!is)(?<!was)", str(after.value))
        and not (isinstance(before, ast.Constant) and str(before.value).endswith(("of ", "all ", "of the ")))
    ]

    assert slips == [], "use policy.combined.counted"
