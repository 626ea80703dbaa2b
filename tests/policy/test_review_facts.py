"""Where each reviewer stands at last, and what is new since a commit."""

import pytest

from policy.review_facts import PullCommit, Review, count_new_commits, list_last_verdicts, list_odd_states
from tests.policy.reviewed import pull, review


@pytest.mark.parametrize(
    ("states", "last"),
    [
        pytest.param(["APPROVED", "COMMENTED"], "APPROVED", id="G4 a comment hides nothing"),
        pytest.param(["APPROVED", "CHANGES_REQUESTED", "COMMENTED"], "CHANGES_REQUESTED", id="G4 an objection stays"),
        pytest.param(["APPROVED", "DISMISSED"], "DISMISSED", id="G4 dismissed"),
        pytest.param(["CHANGES_REQUESTED", "APPROVED"], "APPROVED", id="G4 the objection was answered"),
        pytest.param(["DISMISSED", "APPROVED", "COMMENTED", "COMMENTED"], "APPROVED", id="G4 approved again"),
        pytest.param(["approved", "changes_requested"], "changes_requested", id="G4 in small letters"),
    ],
)
def test_the_last_opinion_counts_not_the_last_review(states: list[str], last: str) -> None:
    reviews = [review("ana", state, at=at) for at, state in enumerate(states)]

    assert [one.state for one in list_last_verdicts(reversed(reviews))] == [last]


def test_comments_and_unfinished_reviews_are_no_opinion() -> None:
    unfinished = review("ana", "PENDING", submitted_at=None)
    undated = review("ana", submitted_at=None)

    assert list_last_verdicts([unfinished, undated, review("tomas", "COMMENTED")]) == ()


def test_a_login_is_one_reviewer_in_any_case_and_two_gone_accounts_are_two() -> None:
    one = list_last_verdicts([review("Ana"), review("ana", "CHANGES_REQUESTED", at=1)])
    two = list_last_verdicts([review(None, "CHANGES_REQUESTED"), review(None, at=1)])

    assert [verdict.state for verdict in one] == ["CHANGES_REQUESTED"]
    assert {verdict.state for verdict in two} == {"CHANGES_REQUESTED", "APPROVED"}


def test_reviews_of_the_same_second_are_ordered_by_their_number() -> None:
    second = review("ana", "CHANGES_REQUESTED", number=2, at=0)
    first = review("ana", "APPROVED", number=1, at=0)

    assert list_last_verdicts([second, first]) == (second,)


def test_states_that_nobody_knows_are_named() -> None:
    reviews: list[Review] = [review("ana", "MAYBE"), review("ana"), review("ana", "commented")]

    assert list_odd_states(reviews) == ("MAYBE",)


def chain(*commits: tuple[str, tuple[str, ...]]) -> tuple[PullCommit, ...]:
    return tuple(PullCommit(sha, parents, ("evakim",)) for sha, parents in commits)


@pytest.mark.parametrize(
    ("commits", "since", "new"),
    [
        pytest.param(chain(("a1", ("m0",))), "a1", 0, id="G3 the head itself"),
        pytest.param(chain(("a1", ("m0",)), ("b1", ("a1",)), ("b2", ("b1",))), "a1", 2, id="G3 two commits later"),
        pytest.param(chain(("a1", ("m0",)), ("b2", ("a1", "m9"))), "a1", 0, id="G3 a merge from base"),
        pytest.param(chain(("a1", ("m0",)), ("b2", ("m9", "a1"))), "a1", 0, id="G3 base merged the other way round"),
        pytest.param(
            chain(("a1", ("m0",)), ("b1", ("a1", "m8")), ("b2", ("b1", "m9"))), "a1", 0, id="G3 two merges from base"
        ),
        pytest.param(
            chain(("a1", ("m0",)), ("b1", ("a1", "m8")), ("b2", ("b1",))), "a1", 1, id="G3 a commit behind the merge"
        ),
        pytest.param(
            chain(("a1", ("m0",)), ("x1", ("m0",)), ("b2", ("a1", "x1"))), "a1", 2, id="G3 another branch merged in"
        ),
        pytest.param(
            chain(("x1", ("m0",)), ("a1", ("m0",)), ("b2", ("a1", "x1", "m9"))), "a1", 2, id="G3 base and a branch"
        ),
        pytest.param(chain(("b2", ("m0",))), "a1", None, id="G3 pushed by force"),
    ],
)
def test_what_came_after_an_approval_is_counted_without_merges_from_the_base(
    commits: tuple[PullCommit, ...], since: str, new: int | None
) -> None:
    request = pull(commits=commits, head=commits[-1].sha)

    assert count_new_commits(request, since) == new


def test_everybody_who_wrote_a_commit_or_opened_it_is_an_author() -> None:
    assert pull().authors == {"Eva Kim", "evakim", "eva@holilabs.xyz"}
    assert pull(commits=(), opened_by=None).authors == frozenset()
