"""The days of `make rehearse`, and how a record is told."""

import os
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lab.days import CALL_OF_A_COLLEAGUE, DAYS, find
from lab.decider import APPROVE, LEAVE_IT, RETRY, ROLL_BACK, AtTerminal, Given, read_answers
from lab.image_builder import FAULTS, ONLY
from lab.processes import LabError
from lab.record_story import Beside, newest_record, outcome_of, say_answered, say_first_sign, tell, turn_of
from lab.rehearse import change_limits, leave_out, list_days
from policy.plans import Cause, Nothing
from policy.record import Event, Row, encode
from policy.way_back_forms import RedFlagRequest

BEGAN = datetime(2026, 11, 27, 10, tzinfo=UTC)


def row(seconds: float, event: Event, *, item: str = "", subject: str = "", step: str = "", **facts: Any) -> Row:
    return Row(0, BEGAN + timedelta(seconds=seconds), 1, event, item=item, subject=subject, step=step, facts=facts)


def written(folder: Path, *rows: Row, release: str = "20261127-100000-abc") -> Path:
    """A store of one more record, in the very bytes of the product."""
    (folder / "records" / release).mkdir(parents=True)
    for number, one in enumerate(rows):
        (folder / "records" / release / f"{number:06}.json").write_bytes(encode(one))
    return folder


def test_each_day_has_a_name_of_its_own_and_says_what_breaks_and_what_could_be_seen_earlier() -> None:
    assert len({day.name for day in DAYS}) == len(DAYS) >= 10
    assert all(day.sentence.endswith(".") and day.earlier.endswith(".") for day in DAYS)
    assert {day.fault.removesuffix(ONLY) for day in DAYS if day.fault} <= set(FAULTS)


def test_a_colleague_fills_in_the_form_of_a_red_flag_as_it_is_today() -> None:
    assert RedFlagRequest.model_validate(CALL_OF_A_COLLEAGUE).what_was_seen.startswith("patients call")


def test_the_list_names_every_day_with_its_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    list_days()

    printed = capsys.readouterr().out
    assert all(day.name in printed and day.sentence in printed for day in DAYS)
    assert "\n  where the process of the release died: retry, leave it\n" in printed


def test_a_day_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(LabError, match=r"no day is called 'doomsday'; there are eight-percent, never-healthy"):
        find("doomsday")


def test_a_record_is_told_with_its_bad_signs_and_the_turn(tmp_path: Path) -> None:
    store = written(
        tmp_path,
        row(0, Event.OPENED),
        row(1, Event.JUDGED, item="1.4.1", verdict="passed", sentence="healthy"),
        row(9, Event.CONFIRMED, subject="web-server-1", step="updated"),
        row(9, Event.CONFIRMED, subject="Slack", step="team notified"),
        row(12, Event.ASKED, item="2.1.4"),
        row(20, Event.RED_FLAG, item="2.1.3", sentence="web-server-1: 8 % errors"),
        row(30, Event.APPROVED, item="2.1.4", name="Tomas Lima"),
        row(31, Event.GOING_HOME, cause="red flag", sentence="web-server-1: 8 % errors"),
        row(40, Event.SEALED, outcome="rolled back", sentence="all is old"),
    )

    rows = newest_record(store)
    lines = tell(rows)

    assert outcome_of(rows) == "rolled back"
    assert [line.text for line in lines[: turn_of(lines)]] == [
        "opened",
        "web-server-1: updated",
        "a person is asked (2.1.4)",
        "red flag: web-server-1: 8 % errors",
        "Tomas Lima: approved",
    ]
    assert lines[-1].text == "ended: rolled back; all is old"
    assert say_first_sign(lines).endswith("That was 10 s before the first decision.")


def test_the_end_says_how_long_after_the_break_the_software_answered(tmp_path: Path) -> None:
    rows = newest_record(
        written(
            tmp_path,
            row(0, Event.OPENED),
            row(20, Event.ASKED, item="2.1.4"),
            row(35, Event.GOING_HOME, cause="red flag", sentence="Omar Reyes: users report problems"),
            row(40, Event.SEALED, outcome="rolled back", sentence="all is old"),
        )
    )
    lines = tell(rows, beside=[Beside(BEGAN + timedelta(seconds=21), "a colleague starts a flag", trouble=True)])

    assert say_answered(lines, "a colleague starts a flag") == (
        "A colleague starts a flag: 21 s; the software answered 14 s later."
    )
    assert say_answered(lines, "") == ""
    assert say_answered(lines[:2], "a colleague starts a flag") == ""


def test_the_newest_record_is_told(tmp_path: Path) -> None:
    written(tmp_path, row(0, Event.OPENED), release="20261126-100000-abc")
    written(tmp_path, row(0, Event.SEALED, outcome="stopped", sentence="x"), release="20261127-100000-abc")

    assert outcome_of(newest_record(tmp_path)) == "stopped"


def test_a_store_without_a_record_tells_nothing(tmp_path: Path) -> None:
    rows = newest_record(tmp_path)

    assert (rows, tell(rows), outcome_of(rows)) == ([], [], None)
    assert say_first_sign([]) == "The record holds no bad sign before the end."


def test_each_question_gets_the_next_answer_once_and_nothing_when_there_are_no_more() -> None:
    given, gate = Given(["nothing", "approve"]), (APPROVE, ROLL_BACK)
    decided = []
    for question in ("first", "second", "third"):
        given.ask(question, gate)
        decided += [given.decide(gate), given.decide(gate)]

    assert decided == [None, None, APPROVE, None, None, None]


def test_an_answer_that_its_question_does_not_take_is_taken_for_no_other() -> None:
    given = Given([APPROVE])
    given.ask("Go on with it, or leave it to recovery?", (RETRY, LEAVE_IT))

    with pytest.raises(LabError, match="'approve' is no answer here; expected retry or leave it or nothing"):
        given.decide((RETRY, LEAVE_IT))


@pytest.mark.parametrize(
    ("day", "answers", "said"),
    [
        (
            "eight-percent",
            "aprove",
            r"'aprove' is no answer\n(.*\n)+  where the release waits for its approval: approve, roll back\n",
        ),
        ("killed", "approve", r"this day begins with retry or leave it, found 'approve'"),
        ("killed", "retry,maybe", r"'maybe' is no answer"),
    ],
)
def test_a_wrong_answer_is_refused_before_anything_starts(day: str, answers: str, said: str) -> None:
    with pytest.raises(LabError, match=said):
        read_answers(answers, first=find(day).begins_with)


def test_without_answers_a_person_decides() -> None:
    assert isinstance(read_answers("", first=find("killed").begins_with), AtTerminal)
    assert isinstance(read_answers("retry, approve", first=find("killed").begins_with), Given)


def test_a_person_who_types_what_is_no_answer_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"3\n")
    with os.fdopen(reading) as typed:
        monkeypatch.setattr("sys.stdin", typed)
        person = AtTerminal()

        assert person.decide((RETRY, LEAVE_IT)) is None
        assert "'3' is none of them; type one of 1 retry, 2 leave it" in capsys.readouterr().out
        os.write(writing, b"retry\n")
        assert person.decide((RETRY, LEAVE_IT)) == RETRY
        os.close(writing)
        assert (person.decide((RETRY, LEAVE_IT)), person.decide((RETRY, LEAVE_IT))) == (None, None)
    assert "none of them" not in capsys.readouterr().out


def test_where_nothing_was_changed_nothing_goes_home_and_the_failed_step_is_the_bad_sign(tmp_path: Path) -> None:
    store = written(
        tmp_path,
        row(0, Event.OPENED),
        row(30, Event.GOING_HOME, cause=Cause.STEP_FAILED.value, sentence="staging is down", plan=Nothing.__name__),
        row(31, Event.SEALED, outcome="stopped", sentence="staging is down; no server was touched"),
    )

    lines = tell(newest_record(store))

    assert [line.text for line in lines][1] == "it stops here: a step failed: staging is down"
    assert say_first_sign(lines).startswith("The first bad sign came 30 s after the release began: it stops here")


def test_what_no_row_holds_is_told_in_its_place(tmp_path: Path) -> None:
    store = written(
        tmp_path, row(0, Event.OPENED), row(40, Event.TOOK_OVER), row(50, Event.SEALED, outcome="x", sentence="y")
    )
    killed = Beside(BEGAN + timedelta(seconds=9), "the process of the release is killed", trouble=True)

    lines = tell(newest_record(store), beside=[killed])

    assert [line.text for line in lines[: turn_of(lines)]] == ["opened", "the process of the release is killed"]
    assert "came 9 s after" in say_first_sign(lines)


def test_a_day_changes_its_limits_and_leaves_sections_out_of_the_settings() -> None:
    text = '[load_test]\nrate = 20\n\n[slack]\ntoken = "T"\n\n[limits]\nchoice = 10\n'

    changed = change_limits(leave_out(text, ("load_test", "staging_metrics")), {"choice": 40, "approval": 20})

    assert tomllib.loads(changed) == {"slack": {"token": "T"}, "limits": {"choice": 40, "approval": 20}}
