"""What is wrong with a request before the world is looked at: every fault is found, each by its field."""

from collections.abc import Iterator

from policy.hotfix import judge_tried, judge_urgency
from policy.limits import Mode
from policy.release import HotfixRequest, Request
from policy.roles import Roster


def find_form_faults(request: Request) -> Iterator[str]:
    """Give what the form alone shows."""
    if bool(request.commit) == bool(request.pull_request):
        yield f"commit and pull_request: found {request.commit!r} and {request.pull_request!r}, expected exactly one"
    if isinstance(request, HotfixRequest):
        urgency = judge_urgency(request.urgency, request.explanation, can_wait=request.can_wait == "yes")
        if not urgency.verdict.lets_pass:
            yield f"urgency: {urgency.sentence}"
        tried = judge_tried(request)
        if not tried.verdict.lets_pass:
            yield tried.sentence


def find_way_back_faults(request: Request) -> Iterator[str]:
    """Give it where 1.4.5 would stop the release for what the form says, and nobody could waive it."""
    if request.mode is Mode.RELEASE and not (request.way_back_understood or request.ask_for_waivers):
        yield (
            "way_back_understood: found false, expected true (1.4.5); docs/runbook.md says how to roll back, also by"
            " hand"
        )


def find_company_faults(request: Request, *, roster: Roster, has_flags: bool) -> Iterator[str]:
    """Give what does not fit the company; `has_flags` says whether the values of flags can be looked up."""
    yield from find_person_faults(request.requested_by, roster)
    if request.flags and not has_flags:
        yield f"flags: {', '.join(request.flags)} cannot be checked: there is no [doppler] in the settings"


def find_person_faults(requested_by: str, roster: Roster) -> Iterator[str]:
    """Give it where nobody has this name, with the names there are."""
    if roster.find(requested_by) is None:
        names = ", ".join(one.name for one in roster.people)
        yield f"requested_by: {requested_by!r} is not in the roster; expected one of {names}"
