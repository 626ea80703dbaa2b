"""What people are told holds who, what, measured, limit and what next."""

from datetime import datetime, timedelta

import pytest

from policy.clock import clock, exact_clock, time_of_day
from policy.judgement import Verdict, failed, passed
from policy.messages import (
    approval_wanted,
    choice_wanted,
    completed,
    database_approval_wanted,
    for_whoever_asked,
    incident_reported,
    left_to_people,
    revert_proposed,
    rolled_back,
    sealed,
    stopped,
    updated_everywhere,
    waits_for_approval,
)
from policy.on_call_pages import page_not_well, page_only_in_memory, page_stuck, page_wait, page_watching
from policy.plans import Cause, ServerState, Why, World
from tests.policy.releases import OPENED, ZONE, build, release

ASKED = for_whoever_asked(["<@UANA>"], "http://ui/run/1", record=release().key)
RED = Why(Cause.RED_FLAG, "web-server-1: 4.1 % errors, the limit is 1 %")


def state(name: str, *, digest: str | None, in_rotation: bool | None, reachable: bool = True) -> ServerState:
    return ServerState(name=name, reachable=reachable, digest=digest, health=Verdict.UNKNOWN, in_rotation=in_rotation)


def test_the_team_hears_that_every_server_is_updated() -> None:
    assert "b2b2b2b now runs on web-server-1, web-server-2" in updated_everywhere(release(), build())


def test_the_announcement_says_who_may_decide_and_what_is_changed_so_far() -> None:
    assert "web-server-1 serves b2b2b2b; Tomas Lima may decide" in waits_for_approval(
        release(), build(), ["Tomas Lima"]
    )
    assert "nothing is changed yet; Carla Ortiz" in waits_for_approval(release(), None, ["Carla Ortiz"])


def test_the_completion_says_version_duration_and_issues() -> None:
    clean = completed(release(), build(), took=timedelta(minutes=14), issues=[])
    troubled = completed(release(), build(), took=timedelta(minutes=14), issues=["disk 81 %", "a slow query"])

    assert "*Version:* b2b2b2b (sha256:b2b2b2b2b2b2)" in clean
    assert "*Duration:* 14 min" in clean
    assert clean.endswith("*Issues:* none")
    assert troubled.endswith("*Issues:* disk 81 %; a slow query")


def test_a_roll_back_says_why_and_whether_it_is_well_again() -> None:
    well = rolled_back(
        release(), RED, [passed("all 2 servers are healthy")], served=None, at=OPENED, zone=ZONE, asked=ASKED
    )
    ill = rolled_back(
        release(), RED, [failed("p95 900 ms (limit 500 ms)")], served=None, at=OPENED, zone=ZONE, asked=ASKED
    )

    assert "*Reason:* red flag: web-server-1: 4.1 % errors, the limit is 1 %" in well
    assert "*Current status:* a1a1a1a serves again and was verified" in well
    assert "*Current status:* a1a1a1a runs again, and is not seen to be well: p95 900 ms (limit 500 ms)" in ill


@pytest.mark.parametrize(
    ("undoes", "served", "impact"),
    [
        ("", OPENED, "from Tue 24 Nov, 10:00 PST until then at most; the minutes are in the record"),
        ("", None, "no server got requests on the new version"),
        ("20261124-170000-aaaaaaaa", None, "since when is not known: no record says when b2b2b2b was first served"),
    ],
)
def test_a_roll_back_says_since_when_users_met_what_is_rolled_back(
    undoes: str, served: datetime | None, impact: str
) -> None:
    text = rolled_back(release(undoes=undoes), RED, [], served=served, at=OPENED, zone=ZONE, asked=ASKED)

    assert f"*Impact:* {impact}" in text.splitlines()


def test_whoever_asked_is_mentioned_under_every_end_that_is_not_good() -> None:
    ends = (
        rolled_back(release(), RED, [], served=None, at=OPENED, zone=ZONE, asked=ASKED),
        stopped(release(), "no server was touched", RED, asked=ASKED),
        left_to_people(release(), "web-server-2 does not answer", asked=ASKED),
    )

    assert {text.splitlines()[-1] for text in ends} == {"*For:* <@UANA>, who asked for it; the run: http://ui/run/1"}


def test_a_stop_says_that_nothing_was_touched() -> None:
    text = stopped(release(), "no server was touched", Why(Cause.CHECKS_FAILED, "1.4.3: no backup"), asked=ASKED)

    assert "b2b2b2b (Reminders by text message) stopped" in text
    assert "A check failed: 1.4.3: no backup. No server was touched." in text


def test_an_approver_reads_where_to_click_and_how_long_it_waits() -> None:
    text = approval_wanted(
        release(),
        verdict="Clear: 1 asked",
        measured="web-server-1 is healthy",
        link="http://ui/run/1",
        left=timedelta(minutes=30),
        approvers=["Tomas Lima", "Carla Ortiz"],
    )

    assert "Open http://ui/run/1 " in text
    assert text.splitlines()[1] == "Clear: 1 asked"
    assert "Time left: 30 min; then it is rolled back. May decide: Tomas Lima, Carla Ortiz." in text


def test_an_approver_who_is_asked_again_reads_first_why() -> None:
    text = approval_wanted(
        release(),
        complaint="The last answer did not count: the code is wrong.",
        verdict="Clear: 1 asked",
        measured="web-server-1 is healthy",
        link="http://ui/run/1",
        left=timedelta(minutes=9),
        approvers=["Tomas Lima"],
    )

    assert text.splitlines()[1] == "The last answer did not count: the code is wrong."


def test_a_choice_is_never_taken_for_people() -> None:
    text = choice_wanted(
        release(),
        sentence="the metrics are dark",
        choices=["keep waiting", "roll back"],
        link="http://ui/run/1",
        left=timedelta(minutes=5),
    )

    assert "is on hold.* The metrics are dark." in text
    assert "*Resume*: keep waiting or roll back." in text
    assert "Asked again in 5 min; without an answer nothing more is changed." in text


def test_a_dead_process_is_paged_with_both_ways_on() -> None:
    text = page_wait(release(), OPENED, "the servers differ, and none is ill", zone=ZONE)

    assert "*Retry*" in text
    assert f"start the deployment `rollback` with the release `{release().key}`" in text
    assert "rolled back at Tue 24 Nov, 10:00:00 PST" in text


def test_hands_are_told_what_is_where_and_what_to_type() -> None:
    world = World(
        (
            state("web-server-1", digest=build().digest, in_rotation=True),
            state("web-server-2", digest=None, in_rotation=False),
            state("web-server-3", digest=None, in_rotation=None, reachable=False),
        )
    )

    commands = {"web-server-1": "ssh deploy@host", "web-server-2": "ssh deploy@other"}

    text = page_stuck(release(), "web-server-3 does not answer", world, commands, changed=["web-server-1"])

    assert text.splitlines()[1:] == [
        "• web-server-1: sha256:b2b2b2b2b2b2, in rotation",
        "   to put it back: `ssh deploy@host`",
        "• web-server-2: no container, out of rotation",
        "   not changed by this release: leave it",
        "• web-server-3: does not answer, out of rotation",
    ]


def test_who_watches_a_database_reads_how_to_tell_where_it_is_and_what_to_type_for_either() -> None:
    world = World((ServerState("web-server-1", reachable=True, digest="a1", health=Verdict.FAILED, in_rotation=False),))
    undoing = release(takes_back=("20261126090000_nickname",))

    text = page_watching(undoing, "somebody is at it", world, {"web-server-1": "sh back"}, {"web-server-1": "start"})

    assert "the application is stopped, and the database is watched" in text
    assert "SELECT migration_name, rolled_back_at FROM _prisma_migrations" in text
    assert text.index("• web-server-1: `sh back`") < text.index("• web-server-1: `start`")


def test_who_decides_about_a_roll_back_of_the_database_reads_that_nobody_is_served_meanwhile() -> None:
    text = database_approval_wanted(
        release(),
        complaint="The last answer did not count.",
        found="4.3.1 passed",
        link="http://ui/run",
        left=timedelta(minutes=30),
        approvers=["Carla Ortiz", "Dora Levin"],
    )

    assert "The application stands still meanwhile: nobody is served." in text
    assert "Time left: 30 min; then everything stays as it is. May decide: Carla Ortiz, Dora Levin." in text


def test_where_no_balancer_is_configured_nothing_is_said_of_rotation() -> None:
    world = World((state("web-server-1", digest=build().digest, in_rotation=None),), balanced=False)

    text = page_stuck(release(), "web-server-2 does not answer", world, {}, changed=[])

    assert text.splitlines()[1:] == ["• web-server-1: sha256:b2b2b2b2b2b2"]


def test_a_roll_back_that_did_not_help_is_paged_with_what_is_wrong() -> None:
    text = page_not_well(release(), [passed("login works"), failed("web-server-3 is not healthy: HTTP 503")])

    assert "was rolled back, and production is not seen to be well.* web-server-3 is not healthy: HTTP 503." in text
    assert "runs a1a1a1a again" in text


def test_a_record_that_one_process_alone_has_is_paged_with_what_to_mend_and_what_is_left_without_it() -> None:
    text = page_only_in_memory(release(), "/var/spool: no space left on device")

    assert "lies in the memory of one process only.*" in text
    assert "the spool takes no row: /var/spool: no space left on device." in text
    assert "The roll-back goes on. Free the spool's disk and bring the store back." in text
    assert "`.countersign/journal`" in text


def test_a_moment_is_said_in_the_companys_zone() -> None:
    assert clock(OPENED, "Europe/Berlin") == "Tue 24 Nov, 19:00 CET"
    assert exact_clock(OPENED, "Europe/Berlin") == "Tue 24 Nov, 19:00:00 CET"
    assert time_of_day(OPENED, "Europe/Berlin") == "19:00 CET"


def test_the_end_of_the_record_stands_in_the_thread_with_the_line_that_checks_it() -> None:
    text = sealed(release(), head="0123456789abcdef" * 4, signed="signed by worker-1")

    assert text == (
        ":lock: Record 20261124-180000-1f2e3d4c sealed, signed by worker-1: 0123456789abcdef… Verify with"
        " `python -m deployments.verify_record 20261124-180000-1f2e3d4c --head 0123456789abcdef`"
    )


def test_the_incident_report_is_named_where_people_look() -> None:
    verified, address = [passed("all 2 servers are healthy")], "https://github.com/holilabs/holilabsv2/issues/12"

    said = rolled_back(release(), RED, verified, served=None, at=OPENED, zone=ZONE, asked=ASKED, report=address)

    assert f"*Incident report:* {address}" in said
    assert f"start `Revert/revert` with release {release().key}" in said
    assert "Incident report" not in rolled_back(
        release(), RED, verified, served=None, at=OPENED, zone=ZONE, asked=ASKED
    )
    assert page_not_well(release(), [failed("p95 900 ms")], report=address).endswith(f"is at {address}")
    assert incident_reported(release(), address).endswith(address)


def test_a_revert_is_for_people_to_merge() -> None:
    said = revert_proposed("Revert release 7 of b2b2b2b", link="http://pull/12", sentence="it holds the very files")

    assert said.splitlines() == [
        ":leftwards_arrow_with_hook: *Revert release 7 of b2b2b2b*: http://pull/12",
        "It holds the very files.",
        "Its pipeline is green. Merge it, then release the merge commit with `production`.",
    ]


def test_a_run_that_was_deleted_is_not_linked_and_its_record_is_named() -> None:
    asked = for_whoever_asked(["<@UANA>"], "", record=release().key)

    assert asked == (
        "*For:* <@UANA>, who asked for it; its run was deleted in Prefect; the record:"
        f" `python -m deployments.verify_record {release().key}`"
    )
