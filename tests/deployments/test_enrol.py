"""Enrolling as a command: the person scans a code, and nothing secret is printed beside it."""

import os
import subprocess
import sys
from pathlib import Path

from tests.deployments.test_least_company import LEAST

ROOT = Path(__file__).parent.parent.parent


def enrol(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command with the least settings and secrets in this folder."""
    settings = folder / "countersign.toml"
    settings.write_text(LEAST.replace("/etc/countersign/secrets", str(folder)))
    return subprocess.run(
        [sys.executable, "-m", "deployments.enrol", *words],
        cwd=ROOT,
        env=os.environ | {"COUNTERSIGN_SETTINGS": str(settings)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_person_of_the_roster_gets_a_secret_and_sees_it_once_as_a_picture(tmp_path: Path) -> None:
    done = enrol(tmp_path, "Tomas Lima")

    assert done.returncode == 0, done.stderr
    assert "Scan this with the authenticator app of Tomas Lima" in done.stdout
    assert (tmp_path / "TOTP_TOMAS_LIMA").read_text().strip() not in done.stdout
    assert enrol(tmp_path, "Tomas Lima").returncode == 1
    assert enrol(tmp_path, "Tomas Lima", "--again").returncode == 0


def test_a_name_that_is_not_in_the_roster_is_refused_with_those_that_are(tmp_path: Path) -> None:
    done = enrol(tmp_path, "Mallory")

    assert done.returncode == 1
    assert done.stderr.startswith("'Mallory' is not in the roster; expected one of Tomas Lima")
    assert not list(tmp_path.glob("TOTP_*"))
