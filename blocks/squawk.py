"""squawk, a linter of PostgreSQL migrations: a second opinion.

Follows squawk's own help and its page "Rules", as version 2.70 does it: exit status 1 means that it found something.
"""

import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from blocks.company_block import CompanyBlock
from blocks.errors import Misconfigured, Unreachable
from policy.migrations.opinion import Opinion

# What Countersign and Prisma see to themselves: time-outs are set outside, and a file is one transaction.
LEFT_OUT = ("require-lock-timeout", "require-statement-timeout", "prefer-robust-stmts")
DONE, FOUND = 0, 1


class _Finding(BaseModel):
    file: str
    line: int
    message: str
    help: str | None = None
    rule_name: str


class Squawk(CompanyBlock):
    """The program squawk on the worker."""

    _block_type_name = "Countersign squawk"
    _block_type_slug = "countersign-squawk"

    program: str = Field(
        default=str(Path(sys.executable).with_name("squawk")), description="The program; it comes with its package."
    )
    patience: timedelta = Field(default=timedelta(seconds=20), description="How long it may take.")

    def lint(self, files: Mapping[str, bytes], *, version: int) -> tuple[Opinion, ...]:
        """Return what it says of migrations by name, for that major version of PostgreSQL."""
        with TemporaryDirectory(prefix="squawk-") as folder:
            names = {}
            for number, (name, content) in enumerate(files.items()):
                path = Path(folder, f"{number}.sql")
                path.write_bytes(content)
                names[str(path)] = name
            words = [self.program, "--reporter", "json", f"--pg-version={version}"]
            words += [f"--exclude={rule}" for rule in LEFT_OUT]
            return tuple(
                Opinion(names.get(one.file, one.file), one.line + 1, one.rule_name, one.message)
                for one in self._run([*words, *names], folder)
            )

    def _run(self, words: list[str], folder: str) -> list[_Finding]:
        try:
            ran = subprocess.run(
                words, cwd=folder, capture_output=True, timeout=self.patience.total_seconds(), check=False
            )
        except OSError as error:
            raise Misconfigured(f"squawk: {self.program} cannot be started: {error.strerror}") from error
        except subprocess.TimeoutExpired as error:
            raise Unreachable("squawk did not end in time") from error
        try:
            if ran.returncode not in (DONE, FOUND):
                raise Misconfigured(f"squawk ended with status {ran.returncode}")
            return TypeAdapter(list[_Finding]).validate_json(ran.stdout)
        except ValidationError as error:
            raise Unreachable("squawk printed no list of findings") from error
