"""A clone of the repository on the worker, in which the team's own tests are tried (5.2.2)."""

import os
import shutil
import signal
import subprocess
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

from pydantic import Field

from blocks.company_block import CompanyBlock
from blocks.errors import Misconfigured, Refused, Unreachable
from policy.hotfix import Tried
from policy.judgement import spoken
from policy.troubleshooting import redact

# Whatever else the worker knows, its secrets among it, is none of a test's business.
PASSED_ON = ("PATH", "HOME", "TMPDIR", "LANG", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
NOT_STARTED = (126, 127)
# Somebody, or the kernel for want of memory, ended them: as their own end, and as a shell tells it.
KILLED = (-signal.SIGKILL, -signal.SIGTERM, 128 + signal.SIGKILL, 128 + signal.SIGTERM)
GIT_SECONDS = 120
LONGEST_LINE, LAST_BYTES = 200, 4096


class TestBench(CompanyBlock):
    """The team's test command, in a copy of its own for each trial."""

    # pytest would take the class for tests.
    __test__ = False

    _block_type_name = "Countersign test bench"
    _block_type_slug = "countersign-test-bench"

    clone: str = Field(description="A clone of the repository on the worker, which may fetch from its `origin`.")
    command: tuple[str, ...] = Field(
        min_length=1,
        description="What runs the tests in a fresh copy, such as sh -c 'pnpm install && pnpm test'. It runs as the"
        " worker's user, before anybody approved the code: a container that sees only the copy keeps it apart.",
    )
    patience: timedelta = Field(default=timedelta(minutes=10), description="How long one trial may take, in seconds.")

    def check(self) -> None:
        """Return when the clone reaches its origin and the command is there; nothing is fetched and nothing run."""
        clone = self._clone()
        _git(clone, "ls-remote", "--quiet", "origin", "HEAD")
        if shutil.which(self.command[0]) is None:
            raise Misconfigured(f"hotfix_test.command: {self.command[0]} is not on the worker")

    def try_with(self, commit: str) -> Tried:
        """Run the tests on the commit as it is."""
        with self._copy(commit) as folder:
            return self._run(folder)

    def try_without(self, commit: str, before: str, fixed: Collection[str]) -> Tried:
        """Run the tests on the commit with the `fixed` files as they were `before`, so without the fix."""
        with self._copy(commit) as folder:
            _fetch(folder, before)
            for path in fixed:
                if _git(folder, "cat-file", "-e", f"{before}:{path}", may_fail=True):
                    (folder / path).unlink(missing_ok=True)
                else:
                    _git(folder, "checkout", "--quiet", before, "--", path)
            return self._run(folder)

    def _clone(self) -> Path:
        clone = Path(self.clone)
        if not (clone / ".git").exists() and not (clone / "HEAD").exists():
            raise Misconfigured(f"hotfix_test.clone: {clone} is no clone of the repository on the worker")
        return clone

    @contextmanager
    def _copy(self, commit: str) -> Iterator[Path]:
        clone = self._clone()
        _fetch(clone, commit)
        with TemporaryDirectory(prefix="countersign-tests-") as place:
            folder = Path(place) / "copy"
            _git(clone, "worktree", "add", "--quiet", "--force", "--detach", str(folder), commit)
            try:
                yield folder
            finally:
                _git(clone, "worktree", "remove", "--force", str(folder), may_fail=True)

    def _run(self, folder: Path) -> Tried:
        # A file, not a pipe: what the tests leave running would keep a pipe open.
        with TemporaryFile() as output:
            try:
                process = subprocess.Popen(
                    self.command,
                    cwd=folder,
                    env=_environment() | {"CI": "true"},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise Misconfigured(
                    f"hotfix_test.command: {self.command[0]} cannot be run: {error.strerror}"
                ) from error
            try:
                process.wait(self.patience.total_seconds())
            except subprocess.TimeoutExpired as error:
                raise Unreachable(f"the tests did not end within {spoken(self.patience)}") from error
            finally:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            output.seek(max(0, output.seek(0, os.SEEK_END) - LAST_BYTES))
            last_line = _last_line(output.read().decode(errors="replace"))
        if process.returncode in NOT_STARTED:
            raise Misconfigured(f"hotfix_test.command: it cannot be run: {last_line}")
        if process.returncode in KILLED:
            raise Unreachable(f"the tests were killed ({process.returncode}), perhaps for want of memory: {last_line}")
        return Tried(process.returncode, last_line)


def _last_line(said: str) -> str:
    """What people read of it: nothing that may be a secret or somebody's."""
    lines = redact(said.splitlines())
    return lines[-1][:LONGEST_LINE] if lines else "it printed nothing"


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in PASSED_ON if name in os.environ}


def _fetch(folder: Path, commit: str) -> None:
    """The commit is in the clone; raises Refused where nobody has it."""
    if _git(folder, "cat-file", "-e", f"{commit}^{{commit}}", may_fail=True):
        _git(folder, "fetch", "--quiet", "origin", commit)


def _git(folder: Path, *words: str, may_fail: bool = False) -> int:
    """Run git there and return its exit status; raise Refused with its words if it must not fail."""
    try:
        done = subprocess.run(
            ("git", "-C", str(folder), *words),
            env=_environment() | {"GIT_TERMINAL_PROMPT": "0"},
            capture_output=True,
            timeout=GIT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Unreachable(f"hotfix_test.clone: git {words[0]} did not end within {GIT_SECONDS} s") from error
    if done.returncode and not may_fail:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise Refused(f"hotfix_test.clone: git {words[0]}: {said[-1] if said else done.returncode}")
    return done.returncode
