"""Did enough people who did not write it approve the very commit, and does nobody object (1.1.2)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

from pydantic import Field, model_validator

from policy.combined import combine
from policy.judgement import Judgement, failed, passed, unknown
from policy.limits import Risk
from policy.review_facts import Review, ReviewedPull, count_new_commits, list_last_verdicts, list_odd_states
from policy.roles import Person, Role, Roster, find_own_part
from policy.sensitive_paths import SensitivePaths
from policy.table import Table
from policy.wording import counted, listed, short


class ReviewRules(Table):
    """How many approvals a change needs, and whose count."""

    approvals: int = Field(default=1, ge=1, description="1.1.2: so many people approve a change.")
    approvals_high_risk: int = Field(default=2, ge=1, description="1.1.2: so many approve one of high risk.")
    trusted: tuple[str, ...] = Field(
        default=("OWNER", "MEMBER", "COLLABORATOR"),
        description="1.1.2: GitHub's words for people whose approval counts; who is in the roster counts anyway.",
    )

    @model_validator(mode="after")
    def _high_risk_needs_no_fewer(self) -> "ReviewRules":
        if self.approvals_high_risk < self.approvals:
            raise ValueError(f"approvals_high_risk {self.approvals_high_risk} is less than approvals {self.approvals}")
        return self

    def needed(self, risk: Risk) -> int:
        """How many approvals a change of that risk needs."""
        return self.approvals_high_risk if risk is Risk.HIGH else self.approvals


@dataclass(frozen=True, slots=True)
class Reviewers:
    """Whose review counts: the people, their roles by date, and what is asked of them."""

    roster: Roster
    rules: ReviewRules
    paths: SensitivePaths
    on: date
    zone: tzinfo

    def person(self, login: str) -> Person:
        """The person of the roster behind the login, or somebody known by the login alone."""
        return self.roster.find(login) or Person(name=login)

    def is_trusted(self, review: Review) -> bool:
        """Whether the reviewer belongs to the company."""
        known = review.reviewer is not None and self.roster.find(review.reviewer) is not None
        return known or review.association.upper() in self.rules.trusted


@dataclass(frozen=True, slots=True)
class _Approval:
    """An approval that counts."""

    person: Person
    roles: frozenset[Role]


def judge_reviews(pulls: Sequence[ReviewedPull], *, reviewers: Reviewers) -> Judgement:
    """Pass when every pull request has its approvals of the head, nobody objects, and no thread is open.

    Security-critical changes are also approved by the security lead, infrastructure by the DevOps lead; a role
    counts if the person held it on the day of their review.
    """
    if not pulls:
        return unknown("no pull request was given to look at")
    return combine(part for pull in pulls for part in _judge_each(pull, reviewers))


def _judge_each(pull: ReviewedPull, reviewers: Reviewers) -> Iterator[Judgement]:
    verdicts = list_last_verdicts(pull.reviews)
    if odd := list_odd_states(pull.reviews):
        yield unknown(f"#{pull.number} has reviews in the unknown state {listed(odd)}", link=pull.url)
    objectors = sorted(review.who for review in verdicts if review.state.upper() == "CHANGES_REQUESTED")
    if objectors:
        yield failed(f"#{pull.number}: {listed(objectors)} requested changes", link=pull.url)
    yield from _judge_threads(pull)
    if len(pull.commits) != pull.commits_total or pull.head not in {commit.sha for commit in pull.commits}:
        got = f"{len(pull.commits)} of {counted(pull.commits_total, 'commit')}"
        yield unknown(f"#{pull.number}: {got} received, up to {short(pull.head)}: who wrote it is not known whole")
        return
    approvals, whys = _weigh(pull, verdicts, reviewers)
    yield _judge_number(pull, approvals, whys, needed=reviewers.rules.needed(pull.risk))
    yield from _judge_leads(pull, approvals, reviewers)


def _judge_threads(pull: ReviewedPull) -> Iterator[Judgement]:
    unresolved = [thread for thread in pull.threads if not thread.resolved]
    if unresolved:
        where = listed(dict.fromkeys(thread.path for thread in unresolved), most=3)
        what = counted(len(unresolved), "unresolved thread")
        yield failed(f"#{pull.number} has {what} ({where})", link=unresolved[0].url or pull.url)
    if len(pull.threads) != pull.threads_total:
        got = f"{len(pull.threads)} of {counted(pull.threads_total, 'thread')}"
        yield unknown(f"#{pull.number}: {got} received", link=pull.url)


def _weigh(
    pull: ReviewedPull, verdicts: Sequence[Review], reviewers: Reviewers
) -> tuple[tuple[_Approval, ...], tuple[str, ...]]:
    """Return the approvals that count, one a person, and why the others do not."""
    counting: dict[str, _Approval] = {}
    whys: list[str] = []
    for review in verdicts:
        if review.state.upper() != "APPROVED" or review.submitted_at is None:
            continue
        why = _say_why_not(pull, review, reviewers)
        if why is not None:
            whys.append(f"{review.who} {why}")
            continue
        person = reviewers.person(review.who)
        roles = person.roles_on(review.submitted_at.astimezone(reviewers.zone).date())
        earlier = counting.get(person.name, _Approval(person, frozenset()))
        counting[person.name] = _Approval(person, earlier.roles | roles)
    return tuple(counting.values()), tuple(whys)


def _say_why_not(pull: ReviewedPull, review: Review, reviewers: Reviewers) -> str | None:
    """Say why an approval does not count; None when it does."""
    if review.reviewer is None:
        return "approved, and nobody can say who that was"
    if review.is_bot:
        return "approved, and is a bot"
    if not reviewers.is_trusted(review):
        return f"approved, and does not belong to the company ({review.association or 'no association'})"
    own_part = find_own_part(reviewers.person(review.reviewer), requested_by="", authors=pull.authors)
    if own_part is not None:
        return f"approved, and {own_part}"
    return _say_why_old(pull, review.commit)


def _say_why_old(pull: ReviewedPull, commit: str | None) -> str | None:
    """Say how far an approval lies behind the head; a merge from the base is not a new commit."""
    if commit is None:
        return f"approved a commit that GitHub does not name; the head is {short(pull.head)}"
    later = count_new_commits(pull, commit)
    if later is None:
        return f"approved {short(commit)}, which is no longer part of it; the head is {short(pull.head)}"
    if later:
        return f"approved {short(commit)}; the head is {short(pull.head)} ({counted(later, 'commit')} later)"
    return None


def _judge_number(pull: ReviewedPull, approvals: Sequence[_Approval], whys: Sequence[str], *, needed: int) -> Judgement:
    if len(approvals) < needed:
        what = f"#{pull.number} has {len(approvals)} of {counted(needed, 'approval')} ({pull.risk} risk)"
        because = f": {'; '.join(whys)}" if whys else ""
        return failed(f"{what}{because}", link=pull.url)
    names = listed(approval.person.name for approval in approvals)
    return passed(f"#{pull.number} was approved by {names} at the head {short(pull.head)}", link=pull.url)


def _judge_leads(pull: ReviewedPull, approvals: Sequence[_Approval], reviewers: Reviewers) -> Iterator[Judgement]:
    """Ask for the lead's own review of what the lead looks after (section 8)."""
    looked_after = (
        (Role.SECURITY_LEAD, reviewers.paths.list_security_critical(pull.files), "security-critical"),
        (Role.DEVOPS_LEAD, reviewers.paths.list_infrastructure(pull.files), "infrastructure"),
    )
    for role, paths, kind in looked_after:
        if any(role in approval.roles for approval in approvals):
            continue
        if paths:
            what = f"#{pull.number} changes {kind} paths ({listed(paths, most=2)})"
            yield failed(
                f"{what} without an approval by the {role}: {_who_could(pull, role, reviewers)}", link=pull.url
            )
        elif not pull.files_complete:
            what = f"#{pull.number} changes more files than the {len(pull.files)} received"
            yield unknown(f"{what}: whether {kind} paths are among them is not known", link=pull.url)


def _who_could(pull: ReviewedPull, role: Role, reviewers: Reviewers) -> str:
    holders = reviewers.roster.holders(role, on=reviewers.on)
    free = [one.name for one in holders if find_own_part(one, requested_by="", authors=pull.authors) is None]
    return f"ask {listed(free)}" if free else "nobody else holds the role today; name a deputy"
