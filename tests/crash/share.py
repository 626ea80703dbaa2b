"""One lab's share of the points."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from prefect.settings import temporary_settings

from lab.client import Lab
from tests.crash.harness import Harness, Played
from tests.stories.conftest import client_settings, one_certificate, quiet_server
from tests.stories.stage import Blocks


def play_share(lab_number: int, labs: int, every: int) -> list[Played]:
    """Play this lab's share of each `every`th point, in a lab of its own."""
    played: list[Played] = []
    with TemporaryDirectory(prefix="countersign-crash-") as name:
        folder = Path(name)
        lab = Lab.start(folder / "lab")
        try:
            control = quiet_server(lab)
            with temporary_settings(client_settings(control, one_certificate(folder))):
                harness = Harness(lab, Blocks(), folder)
                share = harness.points()[::every][lab_number::labs]
                for point in share:
                    played.append(harness.play(point))
                    done = f"lab {lab_number + 1}: {len(played)} of {len(share)}"
                    sys.stderr.write(f"{done}: {played[-1].sentence}\n")
            control.stop()
        finally:
            lab.stop(purge=True)
    return played
