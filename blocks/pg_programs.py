"""PostgreSQL's own programs on the worker: a dump as a stream, and what reads one. Nothing is kept on the disk.

Follows PostgreSQL's reference pages of pg_dump and pg_restore.
"""

import os
import re
import subprocess
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from tempfile import TemporaryFile
from threading import Timer
from typing import IO

from blocks.errors import Misconfigured, Refused, Unreachable
from policy.judgement import spoken

# What follows a table's name in such a message may be the content of a row.
_OF_A_ROW = re.compile(r'(COPY failed for table "[^"]*": ERROR:\s+[^:]*).*')
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
_EXTENSION = re.compile(r'permission denied to create extension "([^"]+)"')


@dataclass(slots=True)
class Dump:
    """What pg_dump writes, read as a stream that ends in Refused if the dump did not succeed."""

    _process: subprocess.Popen[bytes]
    _stream: IO[bytes]
    _complaints: IO[bytes]
    _deadline: "_Deadline"
    complete: bool = field(default=False, init=False)

    def read(self, size: int = -1) -> bytes:
        """Return `size` bytes, or fewer at the end: a short piece is given only if the dump succeeded."""
        chunk = self._stream.read(size)
        if 0 <= size <= len(chunk):
            return chunk
        status = self._process.wait()
        if status:
            stopped = f"it was stopped after {spoken(self._deadline.patience)}" if self._deadline.passed else ""
            raise Refused(f"pg_dump ended with {status}: {stopped or _say_dump(_read(self._complaints))}")
        self.complete = True
        return chunk


@contextmanager
def dumping(words: Sequence[str], *, environment: Mapping[str, str], patience: timedelta) -> Iterator[Dump]:
    """Run pg_dump with these words for as long as its stream is read, at most for `patience`."""
    with TemporaryFile() as complaints:
        process = _started(words, environment=environment, stdout=subprocess.PIPE, stderr=complaints)
        try:
            with _ended_after(patience, process) as deadline:
                yield Dump(process, _piped(process.stdout), complaints, deadline)
        finally:
            process.kill()
            process.wait()
            _piped(process.stdout).close()


def read_program_version(program: str) -> int:
    """Return the major version of a PostgreSQL program; raise Misconfigured where it cannot be run."""
    try:
        ran = subprocess.run((program, "--version"), capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Misconfigured(f"{program} cannot be run on the worker: {error}") from error
    found = _VERSION.search(ran.stdout)
    if found is None:
        raise Misconfigured(f"{program} --version said no version: {ran.stdout.strip() or ran.stderr.strip()!r}")
    return int(found[1])


def list_contents(program: str, chunks: Iterator[bytes], *, patience: timedelta) -> tuple[bytes, ...]:
    """Return the lines of a dump's table of contents; raise Refused if it is not a dump that can be read."""
    with TemporaryFile() as answers:
        complaints = _fed((program, "--list"), chunks, environment={}, stdout=answers, patience=patience)
        if complaints is not None:
            raise Refused(f"not a dump that can be restored: {_say_restore(complaints)}")
        answers.seek(0)
        return tuple(answers)


def restore(
    words: Sequence[str], chunks: Iterator[bytes], *, environment: Mapping[str, str], patience: timedelta
) -> None:
    """Let pg_restore carry out a whole dump as it comes in; its first error ends it, in Refused."""
    complaints = _fed(words, chunks, environment=environment, stdout=subprocess.DEVNULL, patience=patience)
    if complaints is not None:
        raise Refused(f"it does not restore: {_say_restore(complaints)}")


def _fed(
    words: Sequence[str],
    chunks: Iterator[bytes],
    *,
    environment: Mapping[str, str],
    stdout: IO[bytes] | int,
    patience: timedelta,
) -> str | None:
    """Give the chunks to a program; return what it complained of, or None if it succeeded."""
    with TemporaryFile() as complaints:
        process = _started(words, environment=environment, stdin=subprocess.PIPE, stdout=stdout, stderr=complaints)
        try:
            with _ended_after(patience, process) as deadline:
                _feed(process, chunks)
                status = process.wait()
        finally:
            process.kill()
            process.wait()
        if deadline.passed:
            raise Unreachable(f"pg_restore did not end within {spoken(patience)}")
        return _read(complaints) if status else None


@dataclass(slots=True)
class _Deadline:
    patience: timedelta
    passed: bool = False


@contextmanager
def _ended_after(patience: timedelta, process: subprocess.Popen[bytes]) -> Iterator[_Deadline]:
    """Kill the process when the time is over; whoever waits for it can tell that it was so."""
    deadline = _Deadline(patience)

    def end() -> None:
        deadline.passed = True
        process.kill()

    last_moment = Timer(patience.total_seconds(), end)
    last_moment.start()
    try:
        yield deadline
    finally:
        last_moment.cancel()


def _feed(process: subprocess.Popen[bytes], chunks: Iterator[bytes]) -> None:
    """A program that ended, or has seen enough, stops reading: what it says about that is read elsewhere.

    What gives the chunks is told at once that no more are wanted, so that it lets go of its connection.
    """
    try:
        with _piped(process.stdin) as pipe:
            for chunk in chunks:
                pipe.write(chunk)
    except BrokenPipeError:
        return
    finally:
        if isinstance(chunks, Generator):
            chunks.close()


def _started(
    words: Sequence[str],
    *,
    environment: Mapping[str, str],
    stdin: int = subprocess.DEVNULL,
    stdout: IO[bytes] | int,
    stderr: IO[bytes],
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(words, env={**os.environ, **environment}, stdin=stdin, stdout=stdout, stderr=stderr)
    except OSError as error:
        raise Misconfigured(f"{words[0]} cannot be run on the worker: {error}") from error


def _piped(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise RuntimeError("the process was started without a pipe")
    return stream


def _read(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    return complaints.read().decode(errors="replace").strip()


def _say_dump(complaints: str) -> str:
    """What the server said, where pg_dump passes it on; else its own last line."""
    lines = complaints.splitlines()
    server = [line for line in lines if "Error message from server" in line]
    return (server or lines or ["it said nothing"])[-1]


def _say_restore(complaints: str) -> str:
    """Return pg_restore's error without what may be a row of a patient, and what helps where that is known."""
    lines = complaints.splitlines()
    error = next((line for line in lines if "error:" in line), (lines or ["it said nothing"])[-1])
    said = _OF_A_ROW.sub(r"\1", error)
    if found := _EXTENSION.search(error):
        said += f"; create the extension {found[1]} in the database that scratch databases are copied from"
    return said
