"""What staging's branch holds beside a release is named; what was put aside before is not named again (1.3.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.staging import Beside, Held, list_held, read_put_aside, say_deployed

BASE = Held("base", "Add appointments", (), "files of base")
TRY = Held("try", "Show the rota", ("base",), "rota")
AGAIN = Held("again", "Colour the rota", ("try",), "coloured rota")
DEPLOYED = Held("deployed", "Deploy again to staging", ("base", "again"), "coloured rota")
PUSHED = Held("pushed", "Try by hand", ("deployed",), "by hand")
ASIDE = Held("aside", "Deploy base to staging", ("pushed", "base"), "files of base")
MIXED = Held("mixed", "Merge the two", ("try", "other"), "both")
OTHER = Held("other", "Write notes", ("base",), "notes")
# Of the side that lies before both nothing is known, so both are looked at.
FAR = Held("far", "Deploy 1a2b3c4 to staging", ("try", "long-ago"), "long ago")


@pytest.mark.parametrize(
    ("commits", "names"),
    [
        pytest.param((), (), id="nothing"),
        pytest.param((TRY, AGAIN, DEPLOYED), ("again", "try"), id="a pull request that was tried"),
        pytest.param((TRY, AGAIN, DEPLOYED, PUSHED), ("pushed", "again", "try"), id="a commit on top of it"),
        pytest.param((TRY, AGAIN, DEPLOYED, PUSHED, ASIDE), (), id="put aside"),
        pytest.param((TRY, OTHER, MIXED), ("other", "try"), id="a merge of two sides"),
        pytest.param((TRY, FAR), ("try",), id="a side that is not known"),
        pytest.param((AGAIN,), ("again",), id="older ones are not there"),
    ],
)
def test_the_commits_that_the_files_come_from_are_named(commits: tuple[Held, ...], names: tuple[str, ...]) -> None:
    head = commits[-1].sha if commits else "base"
    beside = Beside(head, lacks=0, differs=True, parted=BASE, newest=commits)

    assert tuple(one.sha for one in list_held(beside)) == names


def test_the_message_names_the_first_few_and_counts_the_others() -> None:
    held = [Held(f"{number}abcdef0", f"Try {number}", ("base",), "x") for number in range(5)]

    message = say_deployed("c3" * 20, "staging", held)

    assert message.splitlines() == [
        "Deploy c3c3c3c to staging",
        "",
        "Its files are those of c3c3c3c.",
        "Put aside: 0abcdef Try 0, 1abcdef Try 1, 2abcdef Try 2 and 2 more",
    ]
    assert read_put_aside(message) == "0abcdef Try 0, 1abcdef Try 1, 2abcdef Try 2 and 2 more"


@pytest.mark.parametrize("body", ["", "Fixes the rota", say_deployed("c3" * 20, "staging")])
def test_a_message_that_names_nothing_put_nothing_aside(body: str) -> None:
    assert read_put_aside(body) == ""


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp"))), min_size=1, max_size=4))
def test_whatever_a_subject_says_the_first_is_read_back(subjects: list[str]) -> None:
    held = [Held(f"{number}abcdef0", subject, ("base",), "x") for number, subject in enumerate(subjects)]

    assert read_put_aside(say_deployed("c3" * 20, "staging", held)).startswith(f"0abcdef {subjects[0]}")
