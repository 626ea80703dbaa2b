"""What a plan and the gate show is what a release carries out, in its order."""

from pathlib import Path

import pytest

from blocks.company import Company
from flows.ahead import after_the_gate, before_the_gate
from flows.approval import evidence_page
from flows.phase import Report
from flows.plan import render_plan
from flows.watch import Watch
from policy.checklist import ITEMS
from policy.items import Asked, Way
from policy.judgement import failed, passed
from policy.record import Event
from tasks.run import Run, Silent
from tests.core.company import a_company, a_hotfix, a_release
from tests.core.process import Process, forward_in_batches
from tests.core.scene import begun
from tests.core.world import Machine, World

# What is judged when the plan is made.
BEFORE = ("1.1", "1.2", "1.3.2", "1.3.3", "1.3.4", "1.3.5", "1.3.6", "1.3.10", "1.4", "5.2.1", "5.2.2", "5.2.3", "7.")
IN_TWOS = {"batch_servers": 2, "may_be_down": 0.5}


@pytest.fixture
def five(tmp_path: Path) -> Process:
    """A release to five servers, two at a time after the first."""
    world = World(machines={name: Machine(name) for name in (f"web-{number}" for number in range(1, 6))}, fewest=3)
    return Process.begin(a_company(world, tmp_path / "spool"), a_release(world, **IN_TWOS), way=forward_in_batches)


def planned(run: Run) -> list[str]:
    return [
        one.title.partition(" (at once")[0] for one in (*before_the_gate(run), *after_the_gate(run, run.servers[1:]))
    ]


def test_what_a_release_carries_out_stands_in_its_plan_in_that_order(five: Process) -> None:
    five.go_on()
    titles = planned(five.run)

    five.go_on_to_the_end()

    rows = [row for row in five.run.record.rows() if row.event is Event.CONFIRMED]
    done = list(dict.fromkeys(" ".join(part for part in (row.item, row.subject, row.step) if part) for row in rows))
    assert set(done) <= set(titles)
    alone = [title for title in done if " web-" not in title or " web-1 " in title]
    assert sorted(alone, key=titles.index) == alone


def test_only_what_goes_over_staging_is_deployed_there(company: Company, world: World) -> None:
    run, staging = begun(company, world, steps=1).run, "1.3.1 staging deployed"

    assert staging in planned(run)
    run.release = a_hotfix(world).model_copy(update={"key": run.release.key})
    assert staging not in planned(run)


def test_a_batch_leaves_together_and_is_named_as_one(five: Process) -> None:
    five.go_on()

    titles = [one.title for one in after_the_gate(five.run, five.run.servers[1:])]

    drained = [title for title in titles if "drained" in title]
    assert drained == [
        "2.1.5 web-2 drained (at once with web-3)",
        "2.1.5 web-3 drained (at once with web-2)",
        "2.1.5 web-4 drained (at once with web-5)",
        "2.1.5 web-5 drained (at once with web-4)",
    ]


def test_the_gate_names_the_whole_batch_and_all_that_an_approval_sets_in_motion(five: Process) -> None:
    while not five.run.record.last(Event.APPROVED):
        five.go_on()

    page = evidence_page(five.run, Report(((ITEMS["2.1.3"], passed("well")),), Way.STANDARD), Watch(five.run, Silent()))

    assert (
        "**Approve**: web-2, web-3 are next. **Roll back**, or no answer in time: web-1 goes back to a1a1a1a." in page
    )
    ahead = page.partition("What an approval sets in motion, in this order")[2]
    told = ("2.1.5 web-2 drained", "2.1.5 web-5 in rotation", "2.1.7 Slack team told", "3.1.2 production ref moved")
    places = [ahead.index(one) for one in (*told, "3.4.4 release-", "3.3.1 Slack completion posted")]
    assert places == sorted(places)
    assert "web-1" not in ahead.partition("2.1.7")[0]


def test_a_plan_says_first_who_decides_what_is_held_and_how_each_phase_ended(company: Company, world: World) -> None:
    run = begun(company, world, steps=1).run
    well, bad = (ITEMS["1.1.1"], passed("well")), (ITEMS["1.3.2"], failed("ill"))
    reports = (
        Report((well,), Way.STANDARD, title="1.1 Code review and testing"),
        Report((bad,), Way.STANDARD, title="1.3 Pre-deployment preparation"),
    )

    title, verdict, glance = (line for line in render_plan(run, reports).splitlines()[:6] if line)

    assert title.startswith("## What would happen: ")
    assert verdict == "**Stopped by 1.3.2**"
    assert glance == (
        "**The release may be approved by Omar Reyes**, within 30 min once web-server-1 is updated; it holds production"
        " from its beginning to its end. Low risk, requested by Ana Souza. 1.1 Code review and testing: passed."
        " 1.3 Pre-deployment preparation: stopped by 1.3.2."
    )


def test_a_step_that_asks_or_tells_names_its_items(company: Company, world: World) -> None:
    titles = planned(begun(company, world, steps=1).run)

    assert "1.3 Telling people: 1.3.8 Notify on-call engineer; 1.3.9 Update status page" in titles
    assert "3.4 Last look: 3.4.1 Final health check; 3.4.2 No incidents" in titles


@pytest.mark.parametrize("way", [Way.STANDARD, Way.HOTFIX])
def test_every_item_of_the_way_stands_in_the_plan_once(company: Company, world: World, way: Way) -> None:
    run = begun(company, world, steps=1).run
    if way is Way.HOTFIX:
        run.release = a_hotfix(world).model_copy(update={"key": run.release.key})

    before = [item for number, item in ITEMS.items() if number.startswith(BEFORE)]
    page = render_plan(run, (Report(tuple((item, passed("well")) for item in before), way),))

    table = page.partition("### Every item of this way")[2]
    for item in ITEMS.values():
        assert table.count(f"| {item.name} |") == (item.asked[way] is not Asked.NOT_ASKED), item.name
    assert "| 1.4.1 Production health | passed now, as shown above |" in table
    assert "not asked in this plan" not in table
