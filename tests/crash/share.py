"""One lab's share of the points."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from prefect.settings import temporary_settings

from lab.client import Lab
from tests.crash.harness import Harness, Played
from tests.crash.journey import journeys
from tests.crash.power_loss import PHASES, play_power_loss
from tests.stories.company import Blocks
from tests.stories.conftest import client_settings, one_certificate, quiet_server


def play_share(lab_number: int, labs: int, every: int, skip: int, kind: str = "") -> list[Played]:
    """Play this lab's share of each `every`th point but the first `skip`, then of the power losses, in its own lab.

    With a `kind` only that journey is played, and no power is lost.
    """
    played: list[Played] = []

    def tell(one: Played, of: int) -> None:
        played.append(one)
        sys.stderr.write(f"lab {lab_number + 1}: {len(played)} of {of}: {one.sentence}\n")

    with TemporaryDirectory(prefix="countersign-crash-") as name:
        folder = Path(name)
        lab = Lab.start(folder / "lab")
        try:
            control = quiet_server(lab)
            with temporary_settings(client_settings(control, one_certificate(folder))):
                blocks = Blocks()
                harnesses = [
                    Harness(lab, blocks, folder, journey) for journey in journeys() if kind in ("", journey.name)
                ]
                points = [(harness, point) for harness in harnesses for point in harness.points()]
                share = points[::every][lab_number::labs][skip:]
                phases = () if kind else PHASES[::every][lab_number::labs]
                for harness, point in share:
                    tell(harness.play(point), len(share) + len(phases))
                if phases:
                    control.offer()
                for phase in phases:
                    tell(play_power_loss(control, phase), len(share) + len(phases))
            control.stop()
        finally:
            lab.stop(purge=True)
    return played
