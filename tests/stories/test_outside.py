"""Something outside the release breaks: production stays on a known version, and nothing is rolled back for want of
evidence."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from prefect.client.schemas.objects import FlowRun

from flows.production import production_deployment
from policy.record import Event, last
from tests.stories.people import APPROVE, Words, choice
from tests.stories.stage import Stage, wait_until

KEEP_WAITING = choice("keep waiting", "Omar Reyes", "the metrics come back in a moment")
GO_BACK = choice("roll back", "Omar Reyes", "the database does not come back")


def test_a_server_that_is_out_of_reach_before_its_turn_brings_the_first_one_home(stage: Stage) -> None:
    stage.change_limits(boot=10)
    before = str(stage.lab.version_of("web-server-1"))
    shipped = stage.lab.ship("6.0.0")

    def cut_then_approve(_run: FlowRun) -> Words:
        stage.lab.cut("web-server-2")
        return APPROVE

    ending = stage.release(stage.request(shipped), cut_then_approve)

    assert ending.outcome == "rolled back", ending.sentence
    assert "web-server-2" in ending.sentence
    assert "production is not seen to be well" in stage.said_in("C0ALERTS")
    stage.lab.mend("web-server-2")
    wait_until(lambda: all(stage.lab.in_rotation().values()), what="both servers are in rotation")
    stage.ends_well_on(before, outage=True)


def test_r6_without_the_old_image_there_is_no_way_back_and_no_release(stage: Stage) -> None:
    """R6."""
    before = str(stage.lab.version_of("web-server-1"))
    shipped = stage.lab.ship("6.0.1")
    stage.lab.remove_image(before)

    ending = stage.release(stage.request(shipped))

    assert ending.outcome == "stopped", ending.sentence
    assert "can no longer be pulled; there is nothing to roll back to" in ending.sentence
    stage.ends_well_on(before)


def test_a_green_pipeline_without_an_image_stops_the_release(stage: Stage) -> None:
    before = str(stage.lab.version_of("web-server-1"))
    shipped = stage.lab.ship("6.0.2")
    stage.when("team notified", "Slack", lambda: stage.lab.remove_image(shipped.commit))

    ending = stage.release(stage.request(shipped))

    assert ending.outcome == "stopped", ending.sentence
    assert f"the registry has no image of {shipped.commit[:7]}, though its pipeline is green" in ending.sentence
    stage.ends_well_on(before)


def test_a_backup_that_is_too_old_stops_the_release(stage: Stage) -> None:
    before = str(stage.lab.version_of("web-server-1"))
    shipped = stage.lab.ship("6.0.3")
    stage.lab.age_backups(30)

    ending = stage.release(stage.request(shipped))

    assert ending.outcome == "stopped", ending.sentence
    assert "1.4.3" in ending.sentence
    assert "too old" in ending.sentence
    assert "limit 24 h" in ending.sentence
    stage.ends_well_on(before)


def test_a_database_that_is_down_stops_the_release_before_the_first_change(stage: Stage) -> None:
    before = str(stage.lab.version_of("web-server-1"))
    shipped = stage.lab.ship("6.0.4")
    stage.when("team notified", "Slack", stage.lab.stop_database)

    ending = stage.release(stage.request(shipped))

    stage.lab.start_database()
    assert ending.outcome == "stopped", ending.sentence
    assert "1.4.1" in ending.sentence
    wait_until(lambda: all(stage.lab.in_rotation().values()), what="both servers are in rotation")
    stage.ends_well_on(before, outage=True)


def test_a_database_that_goes_down_between_the_servers_updates_no_further_server(stage: Stage) -> None:
    before = str(stage.lab.version_of("web-server-1"))
    shipped = stage.lab.ship("6.0.5")
    stage.change_limits(boot=8, unknown_patience=12)

    def stop_then_approve(_run: FlowRun) -> Words:
        stage.lab.stop_database()
        wait_until(lambda: not any(stage.lab.in_rotation().values()), what="the balancer sees that nobody is well")
        return APPROVE

    ending = stage.release(stage.request(shipped), stop_then_approve, GO_BACK)

    stage.lab.start_database()
    assert ending.outcome == "stuck", ending.sentence
    assert not any(row.subject == "web-server-2" and row.step == "updated" for row in ending.rows)
    assert "needs hands" in stage.said_in("C0ALERTS")
    wait_until(lambda: all(stage.lab.in_rotation().values()), what="both servers are in rotation")
    stage.ends_well_on(before, outage=True)


def test_metrics_that_are_away_hold_the_release_twice_and_roll_nothing_back(stage: Stage) -> None:
    stage.change_limits(unknown_patience=8)
    shipped = stage.lab.ship("6.0.6")
    stage.when("team told", "Slack", stage.lab.stop_metrics)

    def blind_then_approve(_run: FlowRun) -> Words:
        stage.lab.stop_metrics()
        return APPROVE

    def mend_then_wait(_run: FlowRun) -> Words:
        stage.lab.start_metrics()
        stage.wait_for_calm()
        return KEEP_WAITING

    def still_old_then_mend(run: FlowRun) -> Words:
        assert stage.lab.version_of("web-server-2") != shipped.commit
        return mend_then_wait(run)

    ending = stage.release(stage.request(shipped), blind_then_approve, still_old_then_mend, mend_then_wait)

    assert ending.outcome == "signed off", ending.sentence
    assert stage.people.asked == 3
    assert last(ending.rows, Event.GOING_HOME) is None
    assert "could not be read" in stage.said_in("C0ALERTS")
    stage.ends_well_on(shipped.commit)


def test_a_release_goes_home_without_the_store_and_recovery_completes_the_record(stage: Stage) -> None:
    before = str(stage.lab.version_of("web-server-1"))
    shipped = stage.lab.ship("6.0.8")
    away = stage.store_folder.with_name("store-away")

    def lose_the_store(_run: FlowRun) -> None:
        stage.store_folder.rename(away)

    def release() -> None:
        try:
            production_deployment(stage.request(shipped))
        finally:
            assert stage.lab.versions_serving() == dict.fromkeys(("web-server-1", "web-server-2"), before)
            away.rename(stage.store_folder)

    stage.play(release, lose_the_store)
    stage.recover_until_free()

    assert stage.outcome() == "rolled back"
    stage.ends_well_on(before)


def test_the_last_server_that_is_up_is_never_drained(stage: Stage) -> None:
    before = str(stage.lab.version_of("web-server-1"))
    shipped = stage.lab.ship("6.0.9")
    # The balancer takes a second to see it, and the first server is drained soon after.
    stage.when("way back kept", "web-server-1", lambda: stage.lab.kill_app("web-server-2"))

    ending = stage.release(stage.request(shipped))

    assert ending.outcome == "stopped", ending.sentence
    assert "web-server-1 may not leave the rotation" in ending.sentence
    assert stage.lab.version_of("web-server-1") == before
    assert stage.lab.in_rotation()["web-server-1"]


def test_a_drained_server_is_put_back_at_once_when_the_other_one_dies(stage: Stage) -> None:
    before = str(stage.lab.version_of("web-server-1"))
    shipped = stage.lab.ship("6.0.10")
    stage.when("drained", "web-server-1", lambda: stage.lab.kill_app("web-server-2"))

    with requests_in_flight(stage.lab.home.ports["balancer"]):
        ending = stage.release(stage.request(shipped))

    assert ending.outcome == "rolled back", ending.sentence
    assert "web-server-1 may not leave the rotation: no other server is up" in ending.sentence
    assert not any(row.step == "updated" for row in ending.rows)
    assert stage.lab.version_of("web-server-1") == before
    assert stage.lab.in_rotation()["web-server-1"]


def test_r11_a_full_disk_is_noticed_before_any_server_leaves_the_rotation(stage: Stage) -> None:
    """R11."""
    before = str(stage.lab.version_of("web-server-1"))
    shipped = stage.lab.ship("6.0.11")
    stage.lab.fill_disk("web-server-2")

    ending = stage.release(stage.request(shipped))

    assert ending.outcome == "stopped", ending.sentence
    assert "web-server-2: cannot pull" in ending.sentence
    assert not any(row.step == "drained" for row in ending.rows)
    stage.ends_well_on(before)


@contextmanager
def requests_in_flight(port: int) -> Iterator[None]:
    """Requests that both servers have begun to read and whose bodies do not come."""
    head = f"POST /api/login HTTP/1.1\r\nHost: api.holilabs.xyz\r\nContent-Length: {len(json.dumps({}))}\r\n\r\n"
    connections = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(8)]
    for connection in connections:
        connection.sendall(head.encode())
    try:
        yield
    finally:
        for connection in connections:
            connection.close()
