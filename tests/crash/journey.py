"""The ways to production that are killed: what each ships, and what a person asks for."""

from collections.abc import Callable
from dataclasses import dataclass

from lab import prisma_cli
from policy.release import Request
from tests.stories.company import MIGRATIONS, OUTSIDE, REPORTS
from tests.stories.duties import offer_duties
from tests.stories.stage import Stage


@dataclass(frozen=True, slots=True)
class Journey:
    """A way that is killed: the systems of its company, what is asked for a version, and the items it is killed at."""

    name: str
    sections: tuple[str, ...]
    ask: Callable[[Stage, str], Request]
    items: str = ""


def _release(stage: Stage, version: str) -> Request:
    return stage.request(stage.lab.ship(version))


def _migration(stage: Stage, version: str) -> Request:
    adds = {"prisma/migrations/20260826090000_crash/migration.sql": 'ALTER TABLE "Patient" ADD COLUMN "crash" TEXT;\n'}
    return stage.request(stage.lab.ship(version, files=adds))


def _hotfix(stage: Stage, version: str) -> Request:
    """Its own check fails until the fix serves; its duties find their deployment."""
    offer_duties()
    fix = stage.fix(version)
    return stage.hotfix_request(fix, check_path="/api/health", check_expects=fix.commit)


def _manual(stage: Stage, version: str) -> Request:
    """The pipeline did not build it, so the servers do."""
    shipped = stage.lab.ship(version, conclusion="failure")
    return stage.manual_request(shipped, explanation="the runners are out of disk")


RELEASE = Journey("release", (*OUTSIDE, *REPORTS), _release)
MIGRATION = Journey("migration", MIGRATIONS, _migration, items="6.")
HOTFIX = Journey("hotfix", (*OUTSIDE, *REPORTS), _hotfix)
MANUAL = Journey("manual", (*OUTSIDE, *REPORTS), _manual)


def journeys() -> tuple[Journey, ...]:
    """Return the ways that can be killed here: migrations need Node."""
    return (RELEASE, *([MIGRATION] if prisma_cli.can_be_tried() else []), HOTFIX, MANUAL)
