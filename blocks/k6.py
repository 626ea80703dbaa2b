"""k6: a load test of staging at a steady rate of arrivals (1.3.3).

Follows k6's documentation, pages "Options" and "Environment variables", as k6 1.1.0 does it: exit status 99 is a
crossed threshold of the script, and then the summary is written all the same.
"""

import os
import subprocess
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import Field

from blocks.application import Application
from blocks.company_block import CompanyBlock
from blocks.errors import Misconfigured
from policy.judgement import spoken
from policy.load_test import LoadTest, NoSummary, read_summary

OURS = Path(__file__).with_name("load_test.js")
DONE, CROSSED = 0, 99
# k6 lets requests under way end for half a minute after its time.
AFTER_THE_END = timedelta(seconds=60)
POLL_SECONDS = 0.2
# Whatever else the worker knows, its secrets among it, is none of a script's business.
PASSED_ON = ("PATH", "HOME", "TMPDIR", "LANG", "SSL_CERT_FILE")


class K6(CompanyBlock):
    """The program k6 on the worker and what it is to do; nothing secret stands among its arguments."""

    _block_type_name = "Countersign k6"
    _block_type_slug = "countersign-k6"

    program: str = Field(default="k6", description="The program k6 on the worker.")
    script: str = Field(default=str(OURS), description="The script; ours opens the demo account's patient.")
    rate: int = Field(default=20, gt=0, description="Iterations a second.")
    duration: timedelta = Field(default=timedelta(minutes=2), description="How long, in seconds.")
    users: int = Field(default=50, gt=0, description="At most so many requests at once.")

    def run(self, application: Application, *, meanwhile: Callable[[], None]) -> LoadTest:
        """Return what the load test measured; `meanwhile` is called while it lasts and may raise to end it.

        Raises Misconfigured where k6 is not there, or its script does not run to its end.
        """
        with TemporaryDirectory(prefix="k6-") as folder:
            summary, complaints = Path(folder, "summary.json"), Path(folder, "complaints.txt")
            words = [self.program, "run", "--quiet", "--no-color", "--no-usage-report", f"--summary-export={summary}"]
            with complaints.open("wb") as stderr:
                status = self._carry_out([*words, self.script], self._told(application), stderr.fileno(), meanwhile)
            if status not in (DONE, CROSSED) or not summary.exists():
                said = complaints.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
                raise Misconfigured(f"k6 ended with status {status}: {said[-1][:300]}")
            try:
                return read_summary(summary.read_text())
            except NoSummary as error:
                raise Misconfigured(str(error)) from error

    def _told(self, application: Application) -> dict[str, str]:
        """The environment of the script; a token lives as long as a session and is seen by nobody else."""
        session = application.log_in()
        return {
            **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
            "BASE_URL": session.address,
            "HOST": application.host_header or "",
            "TOKEN": session.token,
            "PATIENT": str(application.demo_patient),
            "RATE": str(self.rate),
            "DURATION": f"{self.duration.total_seconds():g}s",
            "USERS": str(self.users),
        }

    def _carry_out(
        self, words: list[str], environment: dict[str, str], stderr: int, meanwhile: Callable[[], None]
    ) -> int:
        try:
            process = subprocess.Popen(
                words, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr
            )
        except OSError as error:
            raise Misconfigured(f"load_test.program: {self.program} cannot be started: {error.strerror}") from error
        deadline = time.monotonic() + (self.duration + AFTER_THE_END).total_seconds()
        try:
            while (status := process.poll()) is None:
                if time.monotonic() > deadline:
                    raise Misconfigured(f"k6 did not end within {spoken(AFTER_THE_END)} of its time; it was ended")
                meanwhile()
                time.sleep(POLL_SECONDS)
        finally:
            process.kill()
            process.wait()
        return status
