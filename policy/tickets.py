"""Which tickets does a release deliver, and are they closed (3.4.3)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from policy.combined import combine
from policy.judgement import Judgement, failed, passed
from policy.pull_request_text import find_tickets
from policy.pull_requests import PullRequest, PullRequestRules, list_tickets
from policy.wording import listed


@dataclass(frozen=True, slots=True)
class Tickets:
    """The keys that a release delivers; those of which nobody can tell; and those of pull requests with no real one."""

    delivered: tuple[str, ...]
    unsure: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def sort_tickets(
    pulls: Iterable[PullRequest], *, known: Collection[str], templates: Sequence[str], rules: PullRequestRules
) -> Tickets:
    """A pull request delivers the tickets of its title and branch, else the only one that its description names.

    `known` are the keys that exist: UTF-8 looks like one. What is mentioned beside a ticket, such as an epic, goes on.
    """
    delivered: set[str] = set()
    unsure: set[str] = set()
    missing: set[str] = set()
    for pull in (one for one in pulls if one.state != "closed"):
        every = set(list_tickets(pull, templates=templates, rules=rules))
        real = every & set(known)
        named = real & set(find_tickets((pull.title, pull.branch), prefixes=rules.ticket_prefixes))
        if not real:
            missing |= every
        elif named or len(real) == 1:
            delivered |= named or real
        else:
            unsure |= real
    return Tickets(tuple(sorted(delivered)), tuple(sorted(unsure - delivered)), tuple(sorted(missing)))


def judge_closed(tickets: Tickets, done: Mapping[str, bool]) -> Judgement:
    """Pass when every ticket that the release delivers, or may deliver, is done."""
    parts = []
    if tickets.missing:
        parts.append(failed(f"no such ticket: {listed(tickets.missing)}"))
    if left := [key for key in tickets.delivered if not done[key]]:
        parts.append(failed(f"not closed: {listed(left)}"))
    if left := [key for key in tickets.unsure if not done[key]]:
        which = "one of several in a description and in no title or branch: close by hand what was delivered"
        parts.append(failed(f"not closed: {listed(left)}, {which}"))
    return combine(parts or [passed(f"{listed((*tickets.delivered, *tickets.unsure)) or 'no ticket'}: done")])
