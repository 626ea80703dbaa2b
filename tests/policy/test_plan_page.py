"""What a plan shows of each way: every step in order, every item once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.checklist import ITEMS
from policy.items import Asked, Way, in_order
from policy.judgement import Verdict
from policy.plan_page import Planned, list_items, list_order, render_items

STEPS = (
    Planned(("1.3.7",), "1.3.7 Slack team notified", "post to C1: planned"),
    Planned(("2.1.2",), "2.1.2 web-server-1 drained", "drain web-server-1"),
    Planned(("2.1.2",), "2.1.2 web-server-1 updated", "docker compose up -d web"),
    Planned(("2.1.4", "8.1"), "2.1.4 Approval gate"),
    Planned(("2.1.2",), "2.1.2 once more"),
)
planned = st.lists(st.builds(Planned, st.tuples(st.sampled_from(sorted(ITEMS))), st.just("step"), st.just("")))
judged = st.dictionaries(st.sampled_from(sorted(ITEMS)), st.sampled_from(Verdict))


@given(way=st.sampled_from(Way), steps=planned, verdicts=judged, migrates=st.booleans())
def test_every_item_of_the_way_appears_exactly_once_in_the_order_of_the_checklist(
    *, way: Way, steps: list[Planned], verdicts: dict[str, Verdict], migrates: bool
) -> None:
    numbers = [line.removeprefix("| ").split(" ")[0] for line in list_items(way, steps, verdicts, migrates=migrates)]

    asked = {number for number, item in ITEMS.items() if item.asked[way] is not Asked.NOT_ASKED}
    assert numbers == sorted(asked | {number for step in steps for number in step.items}, key=in_order)


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("1.1.1", "passed now, as shown above"),
        ("1.3.7", "step 1"),
        ("2.1.2", "steps 2 to 3, 5"),
        ("2.1.4", "step 4"),
        ("2.1.5", "nothing to do in this release"),
        ("3.1.1", "not asked in this plan"),
        ("4.1.1", "only where something goes wrong"),
        ("10.2", "only where something goes wrong"),
        ("6.3.2", "no migration in this release"),
        ("8.1", "step 4"),
    ],
)
def test_each_item_says_where_it_stands(number: str, says: str) -> None:
    table = render_items(Way.STANDARD, STEPS, {"1.1.1": Verdict.PASSED}, migrates=False)

    assert f"| {ITEMS[number].name} | {says} |" in table


def test_the_steps_are_numbered_and_show_their_command() -> None:
    first, second, *_ = list_order(STEPS).splitlines()

    assert first == "1. **1.3.7 Slack team notified**: `post to C1: planned`"
    assert second == "2. **2.1.2 web-server-1 drained**: `drain web-server-1`"
    assert list_order(STEPS).splitlines()[3] == "4. **2.1.4 Approval gate**"
