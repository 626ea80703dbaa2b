"""The days of `make rehearse`, and how a record is told."""

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lab.days import CALL_OF_A_COLLEAGUE, DAYS, find
from lab.decider import Given
from lab.image_builder import FAULTS, ONLY
from lab.processes import LabError
from lab.record_story import newest_record, outcome_of, say_first_sign, tell, turn_of
from lab.rehearse import change_limits, leave_out, list_days
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


def test_the_newest_record_is_told(tmp_path: Path) -> None:
    written(tmp_path, row(0, Event.OPENED), release="20261126-100000-abc")
    written(tmp_path, row(0, Event.SEALED, outcome="stopped", sentence="x"), release="20261127-100000-abc")

    assert outcome_of(newest_record(tmp_path)) == "stopped"


def test_a_store_without_a_record_tells_nothing(tmp_path: Path) -> None:
    rows = newest_record(tmp_path)

    assert (rows, tell(rows), outcome_of(rows)) == ([], [], None)
    assert say_first_sign([]) == "The record holds no bad sign before the end."


def test_given_answers_are_taken_in_turn_and_only_where_they_are_an_option() -> None:
    given = Given(["approve", "keep waiting"])

    assert given.decide(("approve", "roll back")) == "approve"
    assert given.decide(("approve", "roll back")) is None
    assert given.decide(("approve", "roll back")) is None


def test_a_day_changes_its_limits_and_leaves_sections_out_of_the_settings() -> None:
    text = '[load_test]\nrate = 20\n\n[slack]\ntoken = "T"\n\n[limits]\nchoice = 10\n'

    changed = change_limits(leave_out(text, ("load_test", "staging_metrics")), {"choice": 40, "approval": 20})

    assert tomllib.loads(changed) == {"slack": {"token": "T"}, "limits": {"choice": 40, "approval": 20}}
