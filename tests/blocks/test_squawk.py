"""The squawk block with the genuine program."""

from datetime import timedelta
from pathlib import Path

import pytest

from blocks.errors import Misconfigured, Unreachable
from blocks.squawk import Squawk

RISKY = b'ALTER TABLE "Patient" ADD COLUMN "zip" TEXT;\nCREATE INDEX "i" ON "Patient"("zip");\n'


def test_what_it_finds_is_told_by_migration_and_line() -> None:
    found = Squawk().lint({"1_index": RISKY, "2_fine": b"SELECT 1;"}, version=18)

    assert ("1_index", 2, "require-concurrent-index-creation") in [(one.migration, one.line, one.rule) for one in found]
    assert not [one for one in found if one.migration == "2_fine"]


def test_what_countersign_sees_to_itself_is_left_out() -> None:
    assert not [one for one in Squawk().lint({"1": RISKY}, version=18) if "timeout" in one.rule]


def test_a_text_that_is_no_sql_is_told_too() -> None:
    assert {one.rule for one in Squawk().lint({"1": b"ALTER TABEL x"}, version=18)} == {"syntax-error"}


@pytest.mark.parametrize(
    ("program", "error", "sentence"),
    [
        ("/nowhere/squawk", Misconfigured, "cannot be started: No such file"),
        ("/bin/true", Unreachable, "printed no list of findings"),
    ],
)
def test_a_program_that_is_not_there_or_says_nothing_is_no_opinion(
    program: str, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        Squawk(program=program).lint({"1": RISKY}, version=18)


def test_it_is_not_waited_for_without_end(tmp_path: Path) -> None:
    endless = tmp_path / "squawk"
    endless.write_text("#!/bin/sh\nexec sleep 60\n")
    endless.chmod(0o700)

    with pytest.raises(Unreachable, match="did not end in time"):
        Squawk(program=str(endless), patience=timedelta(seconds=0.2)).lint({"1": RISKY}, version=18)
