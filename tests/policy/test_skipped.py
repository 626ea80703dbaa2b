"""What another way left out, compared with the standard one."""

from policy.checklist import ITEMS
from policy.items import Asked, Way
from policy.judgement import Verdict
from policy.record import Event, Row
from policy.skipped import say_skipped
from tests.policy.rows import numbered, row

REQUIRED = [
    number
    for number, item in ITEMS.items()
    if item.asked[Way.STANDARD] is Asked.REQUIRED and not number.startswith(("4.", "6."))
]


def judged(number: str, verdict: Verdict = Verdict.PASSED) -> Row:
    return row(Event.JUDGED, item=number, verdict=verdict.value, sentence="")


def rows_of(*left_out: str) -> list[Row]:
    return [judged(number) for number in REQUIRED if number not in left_out]


def test_a_release_that_carried_everything_out_left_nothing_out() -> None:
    assert say_skipped(numbered(rows_of()), migrates=False) == "nothing was left out"


def test_what_was_not_carried_out_and_what_was_let_pass_is_named_in_order() -> None:
    rows = [
        *rows_of("1.3.6", "1.3.10", "2.1.1"),
        judged("1.1.2", Verdict.FAILED),
        judged("1.4.2", Verdict.UNKNOWN),
        judged("1.1.1", Verdict.WAIVED),
        judged("1.2.2", Verdict.FAILED),
    ]

    assert say_skipped(numbered(rows), migrates=False) == (
        "not carried out: 1.3.6, 1.3.10, 2.1.1; gone on without: 1.1.1 waived, 1.1.2 failed, 1.4.2 unknown"
    )


def test_the_last_word_on_an_item_counts_and_a_step_is_no_item() -> None:
    rows = [
        *rows_of("2.1.2"),
        judged("3.1.4", Verdict.UNKNOWN),
        judged("3.1.4"),
        row(Event.CONFIRMED, item="2.1.2", subject="web-server-1", step="updated"),
        row(Event.JUDGED, item="3.2.3", step="compared", verdict="failed", sentence=""),
    ]

    assert say_skipped(numbered(rows), migrates=False) == "nothing was left out"


def test_section_6_is_missed_where_the_release_migrates() -> None:
    assert "6.1.1" in say_skipped(numbered(rows_of()), migrates=True)
