"""The team's own tests, tried in a clone with the fix and without it."""

import os
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest

from blocks.errors import Misconfigured, Refused, Unreachable
from blocks.test_bench import TestBench
from lab.history import History

CHECKS = "grep -q fixed apps/api/src/auth/login.ts"
FIX, TEST = "apps/api/src/auth/login.ts", "login.test.sh"


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History.make(tmp_path / "repository.git")


@pytest.fixture
def fix(history: History) -> str:
    """A fix that changes a file, adds one, and brings a test."""
    files = {FIX: "export const fixed = 1\n", "added.ts": "", TEST: f"{CHECKS} && test -e added.ts\n"}
    return history.commit(files, "Fix the login\n")


def bench(history: History, *command: str, patience: float = 30) -> TestBench:
    return TestBench(clone=str(history.folder), command=command, patience=timedelta(seconds=patience))


def test_a_test_of_the_bug_fails_without_the_fix_and_passes_with_it(history: History, fix: str) -> None:
    tests = bench(history, "sh", TEST)
    before = history.resolve("production")

    assert tests.try_with(fix).status == 0
    assert tests.try_without(fix, before, (FIX, "added.ts")).status == 1
    assert history.git("worktree", "list").count("\n") == 0


def test_the_tests_see_no_secret_of_the_worker(history: History, fix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "very-secret")

    tried = bench(history, "sh", "-c", "env | grep -c very-secret").try_with(fix)

    assert (tried.status, tried.last_line) == (1, "0")
    assert os.environ["GITHUB_TOKEN"] == "very-secret"


def test_what_cannot_be_run_is_no_verdict(history: History, fix: str, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"hotfix_test.command: no-such-program cannot be run"):
        bench(history, "no-such-program").try_with(fix)
    with pytest.raises(Misconfigured, match=r"hotfix_test.command: it cannot be run"):
        bench(history, "sh", "-c", "no-such-program").try_with(fix)
    with pytest.raises(Unreachable, match="the tests did not end within 100 ms"):
        bench(history, "sleep", "30", patience=0.1).try_with(fix)
    with pytest.raises(Misconfigured, match=r"hotfix_test.clone: .* is no clone"):
        TestBench(clone=str(tmp_path / "nowhere"), command=("true",)).try_with(fix)


def test_what_is_not_known_to_be_before_the_fix_is_no_trial_without_it(history: History, fix: str) -> None:
    with pytest.raises(Refused, match=r"hotfix_test.clone: git fetch: .*"):
        bench(history, "sh", TEST).try_without(fix, "c3" * 20, (FIX,))


@pytest.mark.parametrize("command", [("sh", "-c", "kill -9 $$"), ("sh", "-c", "sh -c 'kill -9 $$'; exit $?")])
def test_tests_that_were_killed_show_no_bug(history: History, fix: str, command: tuple[str, ...]) -> None:
    with pytest.raises(Unreachable, match="the tests were killed"):
        bench(history, *command).try_without(fix, history.resolve("production"), (FIX,))


def test_what_the_tests_leave_running_is_not_waited_for(history: History, fix: str) -> None:
    began = monotonic()

    tried = bench(history, "sh", "-c", "setsid sleep 20 & echo done", patience=5).try_with(fix)

    assert (tried.status, tried.last_line) == (0, "done")
    assert monotonic() - began < 5


def test_tests_that_hang_end_even_where_what_they_started_goes_on(history: History, fix: str) -> None:
    began = monotonic()

    with pytest.raises(Unreachable, match="the tests did not end within 500 ms"):
        bench(history, "sh", "-c", "setsid sleep 20 & sleep 20", patience=0.5).try_with(fix)

    assert monotonic() - began < 5


def test_the_last_line_names_no_patient_and_no_secret(history: History, fix: str) -> None:
    tried = bench(history, "sh", "-c", "echo 'password: hunter2 of ana@example.com'; exit 1").try_with(fix)

    assert tried.last_line == "[…] of […]"


def test_a_bench_is_ready_when_its_clone_reaches_its_origin_and_its_command_is_there(
    history: History, tmp_path: Path
) -> None:
    history.git("clone", "--quiet", "--bare", str(history.folder), str(tmp_path / "clone"))
    TestBench(clone=str(tmp_path / "clone"), command=("sh", TEST)).check()

    with pytest.raises(Misconfigured, match=r"hotfix_test.command: no-such-program is not on the worker"):
        TestBench(clone=str(tmp_path / "clone"), command=("no-such-program",)).check()
    with pytest.raises(Refused, match=r"hotfix_test.clone: git ls-remote: "):
        bench(history, "sh").check()
    with pytest.raises(Misconfigured, match=r"is no clone"):
        TestBench(clone=str(tmp_path / "nowhere"), command=("sh",)).check()
