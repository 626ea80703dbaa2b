"""Releases that die together with their worker, as when its machine loses power: once in each phase."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from lab.control_plane import ControlPlane
from lab.processes import LabError
from lab.release_request import DEPLOYMENT
from policy.record import Event, Row
from tests.crash.harness import LIMITS, Played
from tests.crash.point import Moment, Point, Route, describe
from tests.crash.world import faults_of
from tests.stories.people import APPROVE, ROLL_BACK, Words
from tests.stories.production import Production, request_of
from tests.stories.stage import wait_until


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase of the checklist, the row by which it is under way, and what people answer before it."""

    name: str
    under_way: Callable[[Row], bool]
    answer: Words


PHASES = (
    Phase("1 pre-deployment", lambda row: row.event is Event.JUDGED and row.item.startswith("1."), APPROVE),
    Phase("2.1 first server", lambda row: row.event is Event.INTENDED and row.item == "2.1.2", APPROVE),
    Phase("2.1.4 approval", lambda row: row.event is Event.ASKED and row.item == "2.1.4", APPROVE),
    Phase("2.1 remaining servers", lambda row: row.event is Event.INTENDED and row.item == "2.1.5", APPROVE),
    Phase("3 verification", lambda row: row.event is Event.JUDGED and row.item.startswith("3."), APPROVE),
    Phase("3.3 sign-off", lambda row: row.event is Event.VERIFIED, APPROVE),
    Phase("4.2 way home", lambda row: row.event is Event.INTENDED and row.item == "4.2.2", ROLL_BACK),
)


def play_power_loss(plane: ControlPlane, phase: Phase) -> Played:
    """Let release and worker die in this phase; return what the next worker made of it."""
    began = time.monotonic()
    lab, production = plane.lab, Production(plane.lab)
    lab.reset()
    production.save_limits(**LIMITS)
    before = str(lab.version_of("web-server-1"))
    shipped = lab.ship(f"31.{PHASES.index(phase)}.0")
    lab.mark_traffic()
    known = production.records()
    run = plane.run_deployment(DEPLOYMENT, request_of(shipped))

    row = _wait_for(phase, plane, production, run, known)
    plane.kill_worker()
    try:
        plane.kill_run(run)
        struck = True
    except LabError:
        struck = False
    plane.start_worker()
    wait_until(production.hold_is_free, what="the next worker's recovery gave the hold back")
    plane.report_crash(run)
    return Played(
        Point(row.number, Moment.POWER_LOSS, Route.NEXT_WORKER, f"{phase.name}: {describe(row)}"),
        struck=struck,
        outcome=production.outcome(),
        faults=faults_of(production, before=before, after=shipped.commit),
        seconds=time.monotonic() - began,
    )


def _wait_for(phase: Phase, plane: ControlPlane, production: Production, run: str, known: tuple[str, ...]) -> Row:
    """Return the first row by which the phase is under way, people answering at the gate before it."""
    found: list[Row] = []
    answered = False

    def under_way() -> bool:
        nonlocal answered
        rows = production.rows() if production.records() != known else ()
        found[:] = [row for row in rows if phase.under_way(row)]
        if not found and not answered and plane.state_of(run)[0] == "PAUSED":
            plane.resume(run, phase.answer | {"code": plane.lab.code_of(phase.answer["name"])})
            answered = True
        return bool(found)

    wait_until(under_way, what=f"{phase.name} is under way")
    return found[0]
