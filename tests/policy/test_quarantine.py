"""What was rolled back goes out again only with a reason (4.2)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from policy.judgement import Judgement, Verdict
from policy.metrics import Ending
from policy.quarantine import Ended, judge_quarantine, short_reason, speaks_of_roll_back

COMMIT, OTHER = "b2" * 20, "c3" * 20
DIGEST, ANOTHER = "sha256:" + "b2" * 32, "sha256:" + "c3" * 32
GONE = Ended(
    key="20260303-180000-1f2e3d4c",
    at=datetime(2026, 3, 3, 18, 45, tzinfo=UTC),
    outcome=Ending.ROLLED_BACK,
    why="red flag: 8 % errors, the limit is 5 %",
    commits=frozenset({COMMIT}),
    digest=DIGEST,
)
LATER = replace(GONE, key="later", at=GONE.at + timedelta(days=4), why="a person asked for the roll-back: slow")
SAME_DAY = replace(GONE, key="the same day", at=GONE.at + timedelta(minutes=12), why="a person asked for it: slow")
SIGNED_OFF = replace(GONE, key="again", at=GONE.at + timedelta(days=1), outcome=Ending.SIGNED_OFF)
SAID = "rolled back on 3 March 2026 at 10:45:00: the database index was missing and is there now"


def judged(
    *endings: Ended, commit: str = COMMIT, digest: str | None = None, acknowledged: tuple[str, ...] = ()
) -> Judgement:
    return judge_quarantine(
        endings, commit=commit, digest=digest, acknowledged=acknowledged, by="Ana Souza", zone="America/Los_Angeles"
    )


def test_the_refusal_says_when_why_and_what_to_type() -> None:
    found = judged(GONE)

    assert found.verdict is Verdict.FAILED
    assert found.sentence == (
        "b2b2b2b was rolled back on 3 March 2026 at 10:45:00 (red flag: 8 % errors, the limit is 5 %;"
        ' release 20260303-180000-1f2e3d4c); to release it again type "rolled back on 3 March 2026 at 10:45:00: " into'
        " this field and after it, in 8 letters or more, why it may go out now; a new commit that holds the fix needs"
        " none of this"
    )


@pytest.mark.parametrize(
    ("endings", "asked", "verdict"),
    [
        ((), {}, Verdict.PASSED),
        ((GONE,), {}, Verdict.FAILED),
        ((GONE,), {"commit": OTHER}, Verdict.PASSED),
        ((GONE,), {"commit": OTHER, "digest": ANOTHER}, Verdict.PASSED),
        ((GONE,), {"commit": OTHER, "digest": DIGEST}, Verdict.FAILED),
        ((replace(GONE, digest=None),), {"commit": OTHER, "digest": None}, Verdict.PASSED),
        ((GONE, SIGNED_OFF), {}, Verdict.PASSED),
        ((GONE, SIGNED_OFF, LATER), {}, Verdict.FAILED),
        ((replace(GONE, outcome=Ending.STOPPED),), {}, Verdict.PASSED),
        ((replace(GONE, outcome=Ending.STOPPED, at=LATER.at), GONE), {}, Verdict.FAILED),
        ((GONE,), {"acknowledged": (SAID,)}, Verdict.ATTESTED),
        (
            (GONE,),
            {
                "acknowledged": (
                    "lint",
                    " ROLLED back  on 3 march 2026 at 10:45:00 - it was the database",
                )
            },
            Verdict.ATTESTED,
        ),
        ((GONE,), {"acknowledged": ("rolled back on 3 March 2026 at 10:45:00",)}, Verdict.FAILED),
        ((GONE,), {"acknowledged": ("rolled back on 3 March 2026 at 10:45:00: ok!",)}, Verdict.FAILED),
        (
            (GONE,),
            {"acknowledged": ("rolled back on 4 March 2026 at 10:45:00: the index is there now",)},
            Verdict.FAILED,
        ),
        ((GONE, SAME_DAY), {"acknowledged": (SAID,)}, Verdict.FAILED),
        ((GONE,), {"acknowledged": ("rolled back on 3 March 2026: the index is there now",)}, Verdict.FAILED),
        ((GONE, LATER), {"acknowledged": (SAID,)}, Verdict.FAILED),
    ],
)
def test_the_newest_ending_of_this_commit_or_image_decides(
    endings: tuple[Ended, ...], asked: dict[str, str | tuple[str, ...]], verdict: Verdict
) -> None:
    assert judged(*endings, **asked).verdict is verdict  # type: ignore[arg-type]


def test_the_same_image_under_another_commit_is_said_to_be_the_same() -> None:
    found = judged(GONE, commit=OTHER, digest=DIGEST)

    assert f"c3c3c3c, in whose release {GONE.key} the same image ran, was rolled back on" in found.sentence


def test_whoever_approves_reads_who_released_it_again_and_why() -> None:
    found = judged(GONE, acknowledged=(SAID,))

    assert found.sentence == (
        "b2b2b2b was rolled back on 3 March 2026 at 10:45:00 (red flag: 8 % errors, the limit is 5 %) and is released"
        " again: the database index was missing and is there now (Ana Souza)"
    )


def test_a_reason_is_one_line() -> None:
    assert short_reason("a step failed", "healthy: no\nthe log") == "a step failed: healthy: no"
    assert short_reason("the run was cancelled", "the run was cancelled") == "the run was cancelled"
    assert len(short_reason("a step failed", "x" * 900)) == 201


def test_an_acknowledgement_of_a_roll_back_acknowledges_no_break() -> None:
    assert speaks_of_roll_back(SAID)
    assert not speaks_of_roll_back("GET /patients rolled back on")
