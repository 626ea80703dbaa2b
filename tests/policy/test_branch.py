"""The branch holds its base (1.2.1), and its history says something (1.2.2)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.branch import Compared, judge_history, judge_up_to_date, list_faults
from policy.judgement import Verdict
from policy.risk import Commit


def commit(subject: str) -> Commit:
    return Commit("c3" * 20, subject, "Dev Anand", "danand", "dev@holilabs.xyz", 7)


@pytest.mark.parametrize(
    ("status", "ahead", "behind", "verdict", "says"),
    [
        ("ahead", 3, 0, Verdict.PASSED, "b2b2b2b contains main and is 3 commits ahead"),
        ("identical", 0, 0, Verdict.PASSED, "0 commits ahead"),
        ("behind", 0, 1, Verdict.FAILED, "b2b2b2b lacks 1 commit of main: merge main into the branch"),
        ("diverged", 3, 2, Verdict.FAILED, "lacks 2 commits of main"),
        ("ahead", 3, 2, Verdict.UNKNOWN, "ahead and 2 commits behind main, which cannot be"),
        ("behind", 0, 0, Verdict.UNKNOWN, "behind and 0 commits behind main"),
        ("", 0, 0, Verdict.UNKNOWN, "is not known: ''"),
        ("ahead", -1, 0, Verdict.UNKNOWN, "is not known"),
    ],
)
def test_the_head_contains_its_base(status: str, ahead: int, behind: int, verdict: Verdict, says: str) -> None:
    judgement = judge_up_to_date(Compared("main", "b2" * 20, status, ahead, behind, "https://x"))

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence
    assert judgement.link == "https://x"


@pytest.mark.parametrize(
    ("subject", "fault"),
    [
        ("fixup! Remind patients", "a fixup that was not squashed"),
        ("squash! feat: remind patients", "a fixup that was not squashed"),
        ("wip", "unfinished work"),
        ("WIP: remind patients by text message", "unfinished work"),
        ("feat: wip reminders", "unfinished work"),
        ("[WIP] reminders for patients", "unfinished work"),
        ("tmp save", "unfinished work"),
        ("Merge branch 'main' into reminders", "a merge without words of its own"),
        ("Merge remote-tracking branch 'origin/main'", "a merge without words of its own"),
        ("fix", "one word"),
        ("fix: bug", "one word"),
        ("fix(api): typo", "one word"),
        ("Reminders", "one word"),
        ("HOLI-12: update", "one word"),
        ("", "no words"),
        (".", "no words"),
        ("123", "no words"),
        ("more changes", "says nothing about what changed"),
        ("fix: address review comments", "says nothing about what changed"),
        ("Fix the bug again", "says nothing about what changed"),
        ("Remind patients " + "very " * 20, "115 letters in one line"),
    ],
)
def test_a_subject_that_says_too_little_is_named(subject: str, fault: str) -> None:
    assert list(list_faults(subject)) == [fault]


@pytest.mark.parametrize(
    "subject",
    [
        "Remind patients by text message",
        "feat(api)!: remind patients",
        "fix: dates of appointments",
        "Merge pull request #12 from holilabs/reminders",
        "Merge branch offices into one form (#12)",
        "HOLI-12: remind patients",
        "Recordar citas por mensaje",
        "Temperature of vaccines is kept",
        "Save drafts of prescriptions: every minute",
        "Drafts of notes are kept",
    ],
)
def test_a_subject_that_says_something_is_left_alone(subject: str) -> None:
    assert list(list_faults(subject)) == []


def test_poor_subjects_are_named_and_counted() -> None:
    judgement = judge_history([commit("Remind patients"), commit("wip"), commit("x" * 101)])

    assert judgement.verdict is Verdict.FAILED
    assert judgement.sentence.startswith(
        "2 of 3 subjects could be clearer, consider squashing: c3c3c3c 'wip' (unfinished work), c3c3c3c 'xxx"
    )
    assert judge_history([commit("Remind patients")]).sentence == "every subject of 1 commit says something"
    assert judge_history([]).verdict is Verdict.NOT_APPLICABLE


@given(st.text())
def test_every_subject_can_be_read(subject: str) -> None:
    assert isinstance(list(list_faults(subject)), list)


@given(st.sampled_from(["ahead", "identical", "behind", "diverged", "x"]), st.integers(), st.integers())
def test_a_branch_that_lacks_something_never_passes(status: str, ahead: int, behind: int) -> None:
    facts: dict[str, Any] = {"status": status, "ahead_by": ahead, "behind_by": behind}

    assert not judge_up_to_date(Compared("main", "b2", **facts)).verdict.lets_pass or behind == 0
