"""Waivers: what is wrong before the first change is listed in one form, and whoever may approve waives row by row.

The request says whether to wait for that at all: without it a release that its checks stop ends at once.
"""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from pydantic import Field, create_model

from flows.approvers import log_answer, rule, somebody_may_approve, tell_cto, who_may_approve
from flows.gate import NobodyAnswered, WaiverForm
from flows.phase import ChecksFailed, Report, require, stopping_of
from flows.question import ask_people
from policy.approval import Decision, Outcome, Ruling
from policy.form import Comment
from policy.items import Item
from policy.judgement import not_applicable, spoken
from policy.messages import waivers_wanted
from policy.page import Entry, render_page, say_each
from policy.record import Event
from policy.waivers import can_be_waived, list_waivers, say_worsened, waive
from tasks.item import write_down
from tasks.messages import tell_each
from tasks.run import Run
from tasks.run_log import leave_page


def require_or_waive(run: Run, gather: Callable[[Run], tuple[Report, ...]]) -> None:
    """Return once nothing stops the way forward that was not waived; raises ChecksFailed naming what is left.

    Everything is gathered again after people were asked: while they thought, a window may have closed.
    Nobody is asked about an action that failed, or where the request does not ask for waivers. From the first asking
    on people have one time to answer, however often what they waived has worsened.
    """
    deadline = 0.0
    while True:
        reports = gather(run)
        stopping = stopping_of(run, *reports)
        if not stopping or not run.release.request.ask_for_waivers:
            require(run, *reports)
            return
        deadline = deadline or time.monotonic() + run.limits.approval.total_seconds()
        if not _people_were_asked(run, stopping, deadline):
            return


def _people_were_asked(run: Run, stopping: Sequence[Entry], deadline: float) -> bool:
    """Return whether anybody was, once all of it is waived."""
    asked, complaint = False, ""
    while left := _not_waived(run, stopping):
        if not all(can_be_waived(item) for item, _ in left) or not somebody_may_approve(run):
            raise ChecksFailed(say_each(left))
        remaining = timedelta(seconds=deadline - time.monotonic())
        if remaining <= timedelta(0):
            over = f"the time to answer, {spoken(run.limits.approval)}, is over"
            raise ChecksFailed(f"{say_each(left)}; {over}, so nothing more is waived")
        complaint = complaint or say_worsened(left, list_waivers(run.record.seen))
        asked, complaint = True, _ask_and_write_down(run, left, complaint, within=remaining)
    _settle(run, waive(stopping, list_waivers(run.record.seen)))
    return asked


def _not_waived(run: Run, stopping: Sequence[Entry]) -> list[Entry]:
    waivers = list_waivers(run.record.rows())
    return [entry for entry in waive(stopping, waivers) if not entry[1].verdict.lets_pass]


def _ask_and_write_down(run: Run, left: Sequence[Entry], complaint: str, *, within: timedelta) -> str:
    """Return why the form comes again, or nothing; raises ChecksFailed where no waiver is to be had."""
    answer = _ask(run, left, complaint, within=within)
    reasons = {item.number: _reason(answer, item) for item, _ in left}
    person = run.company.roster.find(answer.name)
    name = person.name if person else answer.name
    if answer.decision != "waive":
        if person is None:
            return _refuse(run, answer, name, Ruling(Outcome.NOT_VALID, f"{name!r} is not in the roster"))
        sentence = f"{name} chose to stop the release"
        _write_down(run, answer, name, answer.decision, sentence)
        raise ChecksFailed(f"{say_each(left)}; {sentence}")
    if missing := [number for number, reason in reasons.items() if not reason]:
        sentence = f"no reason for {', '.join(missing)}; all are waived, or it stops"
        return _refuse(run, answer, name, Ruling(Outcome.NOT_VALID, sentence))
    ruling = rule(
        run,
        Decision.APPROVE,
        answer,
        reason="; ".join(reasons.values()),
        window=not_applicable("the window is an item of its own"),
    )
    if ruling.outcome is not Outcome.APPROVED:
        return _refuse(run, answer, name, ruling)
    for item, judgement in left:
        facts = {"name": name, "reason": reasons[item.number], "typed_by": answer.typed_by, "own": ruling.own}
        found = {"verdict": judgement.verdict.value, "sentence": judgement.sentence}
        run.record.append(Event.WAIVED, item=item.number, facts={**facts, **found})
    log_answer("8.1", ruling.outcome, ruling.sentence)
    if ruling.own:
        tell_cto(run, ruling.sentence)
    return ""


def _refuse(run: Run, answer: Any, name: str, ruling: Ruling) -> str:
    """Return what stands above the form that comes again."""
    _write_down(run, answer, name, ruling.outcome.value, ruling.sentence)
    return ruling.complaint


def _write_down(run: Run, answer: Any, name: str, outcome: str, sentence: str) -> None:
    """Record and log say what became of an answer that waives nothing."""
    facts = {"decision": answer.decision, "name": name}
    run.record.append(Event.ANSWERED, item="8.1", facts={**facts, "outcome": outcome, "sentence": sentence})
    log_answer("8.1", outcome, sentence)


def _ask(run: Run, left: Sequence[Entry], complaint: str, *, within: timedelta) -> Any:
    approvers = who_may_approve(run)
    names = [person.name for person in approvers]
    run.record.append(Event.ASKED, item="8.1", facts={"approvers": names, "sentence": say_each(left)})
    say = partial(
        waivers_wanted, run.release, complaint=complaint, found=say_each(left), link=run.link, approvers=names
    )
    tell_each(run, approvers, number="8.1", name="asked to waive", text=say(left=within))
    page = render_page(f"Waive what stops {run.release.what}?", left, way=run.release.way)
    try:
        return ask_people(
            run,
            form_for(left),
            page,
            number="8.1",
            say=say,
            within=within,
            who=names,
            complaint=complaint,
        )
    except NobodyAnswered as error:
        raise ChecksFailed(f"{say_each(left)}; {error}, so nothing is waived") from error


def form_for(left: Sequence[Entry]) -> type[WaiverForm]:
    """Return the form with one field for each row that needs a reason."""
    fields: dict[str, Any] = {
        _field(item): (
            Comment,
            Field(default="", title=item.name, description=f"Why: {judgement.sentence}"),
        )
        for item, judgement in left
    }
    return create_model("WaiverForm", __base__=WaiverForm, **fields)


def _field(item: Item) -> str:
    return f"reason_{item.number.replace('.', '_')}"


def _reason(answer: WaiverForm, item: Item) -> str:
    return str(getattr(answer, _field(item)))


def _settle(run: Run, entries: Sequence[Entry]) -> None:
    """The record's last word on each row is that it was waived, and a page beside those of the phases says so."""
    for item, judgement in entries:
        write_down(run, item, judgement)
    page = render_page("Waived before the first change", entries, way=run.release.way)
    leave_page("waivers", page, "; ".join(item.name for item, _ in entries))
