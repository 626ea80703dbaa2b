"""Where a start or a clock that is trusted too much goes wrong."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Barrier

from blocks.record import list_records
from flows.production import production_deployment
from policy.record import Event
from policy.release import Request
from tests.stories.people import APPROVE, choice
from tests.stories.stage import Stage

FIVE_MINUTES = 300
ROUNDS = 3
STAY = choice("stay on the new version", "Carla Ortiz", "the cause is known and harmless")


def start_together(request: Request, ready: Barrier) -> None:
    """Start a release when everybody else is ready to start one."""
    ready.wait(timeout=60)
    production_deployment(request)


def test_r8_of_two_releases_in_the_same_second_one_goes_on_and_the_other_names_it(stage: Stage) -> None:
    """R8."""
    stage.change_limits(staging=3)
    requests = [
        stage.request(stage.lab.ship(f"9.4.{number}", fault="unhealthy"), requested_by=name)
        for number, name in ((3, "Ana Souza"), (4, "Dora Levin"))
    ]

    for number in range(1, ROUNDS + 1):
        ready = Barrier(len(requests))

        with ThreadPoolExecutor(len(requests)) as pool:
            futures = [pool.submit(copy_context().run, start_together, request, ready) for request in requests]
            errors = [future.exception() for future in futures]

        assert len(list_records(stage.store)) == number
        opened = stage.rows()[0].facts["release"]["request"]["requested_by"]
        (held,) = (error for error in errors if " is releasing " in str(error))
        assert str(held).startswith(f"{opened} is releasing ")
        assert "staging" in stage.endings()[-1].sentence
        assert stage.hold_is_free()
    assert stage.lab.traffic().lost == 0, stage.lab.traffic().losses


def test_what_a_server_with_a_wrong_clock_wrote_is_no_evidence_of_now(stage: Stage) -> None:
    stage.change_limits(audit_window=3)
    stage.lab.set_clock("web-server-1", ahead=FIVE_MINUTES)
    shipped = stage.lab.ship("9.4.5", fault="no-audit")

    ending = stage.release(stage.request(shipped), APPROVE, STAY)

    assert ending.outcome == "stayed on the new version without a sign-off", ending.sentence
    assert stage.people.asked == 2
    assert "the audit log does not write" in stage.said_in("C0ALERTS")
    assert not any(row.event is Event.RED_FLAG for row in ending.rows)
    stage.ends_well_on(shipped.commit)
