"""A page of evidence: wrong first, then unknown, then the rest folded away."""

import pytest

from policy.checklist import ITEMS
from policy.items import Way
from policy.judgement import Judgement, Verdict, failed, not_applicable, passed, unknown
from policy.page import Entry, headline, render_page


def entry(number: str, judgement: Judgement) -> Entry:
    return ITEMS[number], judgement


HEALTHY = entry("1.4.1", passed("all 2 servers are healthy", link="http://prometheus"))
NO_BACKUP = entry("1.4.3", failed("newest backup is 26 h old (limit 24 h)"))
DARK = entry("1.4.2", unknown("the metrics could not be read: a|b\nsecond line"))
NOT_ASKED = entry("1.3.9", not_applicable("low risk needs no maintenance on the status page"))
WAIVED = entry("1.1.3", Judgement(Verdict.WAIVED, "the suite is down (Omar Reyes)"))
UNTIDY = entry("1.2.2", failed("3 commits are called wip"))


def test_what_is_wrong_comes_first_then_what_is_unknown_then_the_rest() -> None:
    page = render_page("1.4 Final checks", [HEALTHY, DARK, NO_BACKUP], way=Way.STANDARD)

    places = [page.index(text) for text in ("### Wrong", "### Unknown: could not be measured", "<details>")]
    assert places == sorted(places)
    assert page.startswith("## 1.4 Final checks\n\n**Stopped by 1.4.2, 1.4.3**\n")
    assert "| **failed** | 1.4.3 Database backup recent | newest backup is 26 h old (limit 24 h) |" in page
    assert "<details><summary>Show what is fine (1)</summary>" in page
    assert "| passed | 1.4.1 Production health | all 2 servers are healthy [look](http://prometheus) |" in page


def test_each_part_of_the_page_is_in_the_order_of_the_checklist() -> None:
    asked = [entry(number, passed("well")) for number in ("7.2.1", "1.3.10", "6.1.1", "1.3.9", "7.1.1")]

    page = render_page("What would happen", asked, way=Way.STANDARD)

    shown = [line.split(" ")[3] for line in page.splitlines() if line.startswith("| passed |")]
    assert shown == ["1.3.9", "1.3.10", "6.1.1", "7.1.1", "7.2.1"]


def test_a_sentence_stays_in_its_cell() -> None:
    page = render_page("1.4 Final checks", [DARK], way=Way.STANDARD)

    assert "the metrics could not be read: a\\|b second line |" in page
    assert "<details>" not in page


def test_what_does_not_block_says_so() -> None:
    page = render_page("5 Hotfix", [NO_BACKUP], way=Way.HOTFIX, foot="Who decides: Carla Ortiz")

    assert "(limit 24 h) *(does not block)* |" in page
    assert page.endswith("Who decides: Carla Ortiz\n")


@pytest.mark.parametrize(
    ("entries", "way", "says"),
    [
        ([HEALTHY], Way.STANDARD, "Passed"),
        ([], Way.STANDARD, "Nothing was asked"),
        ([HEALTHY, HEALTHY], Way.STANDARD, "All 2 passed"),
        ([HEALTHY, NOT_ASKED, HEALTHY, WAIVED], Way.STANDARD, "2 passed, 1 not applicable, 1 waived"),
        ([NOT_ASKED], Way.STANDARD, "Not applicable"),
        ([NOT_ASKED, NOT_ASKED], Way.STANDARD, "2 not applicable"),
        ([HEALTHY, UNTIDY], Way.STANDARD, "Nothing stops it: 2 asked, 1 did not pass and does not block"),
        ([HEALTHY, NO_BACKUP], Way.HOTFIX, "Nothing stops it: 2 asked, 1 did not pass and does not block"),
        ([NO_BACKUP, UNTIDY], Way.STANDARD, "Stopped by 1.4.3"),
    ],
)
def test_the_headline_says_whether_it_goes_on(entries: list[Entry], way: Way, says: str) -> None:
    assert headline(entries, way=way) == says


def test_where_nothing_is_wrong_nothing_is_folded_away() -> None:
    page = render_page("3.1 Immediate verification", [HEALTHY], way=Way.STANDARD)

    assert "1.4.1 Production health" in page
    assert "<details>" not in page
