"""Telling people: one thread a release, each message once, found again by its key."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from prefect.logging import get_run_logger

from blocks.company import Company
from blocks.errors import BlockError
from blocks.slack import Message
from policy.announcement import has_headline, mention_name, with_ending, with_headline
from policy.approval import unanswered
from policy.broken_hold import say_no_longer_asked
from policy.judgement import Judgement
from policy.messages import for_whoever_asked, incident_reported, left_to_people, rolled_back, sealed, stopped
from policy.on_call_pages import page_only_in_memory
from policy.plans import Why
from policy.record import Unreadable, read_signature
from policy.record_signature import say_who_signed
from policy.roles import Person
from tasks.incident import DECIDING, incident_opened, incident_over, may_have_incident
from tasks.run import Run, utc_now
from tasks.run_log import page_of
from tasks.step import Seen, Step, StepFailed, carry_out
from tasks.undone import requesters, served_since

WITHIN = timedelta(seconds=30)
ANNOUNCEMENT = "team notified"


def deliver(run: Run, *, number: str, name: str, text: str, thread: bool = True, channel: str | None = None) -> Step:
    """The message stands in the channel, once, under the release's announcement if `thread`."""
    key = message_key(run, name)
    where = channel or run.company.slack.deployments

    def under() -> Message | None:
        return _announcement(run) if thread else None

    def look(company: Company) -> Seen:
        found = company.slack.find(where, key, under())
        return Seen(found is not None, "posted" if found else "not posted yet")

    def act(company: Company, _number: int) -> None:
        company.slack.post(where, text, key, under())

    return _said_in_slack(number, name, look, act, does=f"post to {where}: {text.splitlines()[0]}")


def announcement_says(run: Run, *, number: str, name: str, headline: str) -> Step:
    """The announcement's first line says where the release is now, so nobody has another message to read.

    Where there is no announcement any more, it is said as a message.
    """
    where, key = run.company.slack.deployments, message_key(run, name)

    def look(company: Company) -> Seen:
        found = _announcement(run)
        if found is not None:
            shown = has_headline(found.text, headline)
            return Seen(shown, "shown" if shown else "not yet")
        return Seen(company.slack.find(where, key) is not None, "there is no announcement to show it in")

    def act(company: Company, _number: int) -> None:
        found = _announcement(run)
        if found is not None:
            company.slack.update(found, with_headline(found.text, headline))
        else:
            company.slack.post(where, headline, key)

    return _said_in_slack(number, name, look, act, does=f"the announcement in {where} says: {headline}")


def _said_in_slack(
    number: str, name: str, look: Callable[[Company], Seen], act: Callable[[Company, int], None], *, does: str
) -> Step:
    return Step(
        number=number,
        subject="Slack",
        name=name,
        look=look,
        act=act,
        does=does,
        undo="none: what was said was said",
        within=WITHIN,
    )


def show_state(run: Run, text: str) -> None:
    """The announcement's first line is the first of `text`; it only informs, and no row of the record says so."""
    _edit_announcement(run, lambda shown: with_headline(shown, _first_line(text)))


def show_end(run: Run, text: str) -> None:
    """So it is once the release is over; then the announcement also says what it took, and plans nothing any more."""
    took = utc_now() - run.release.opened_at
    _edit_announcement(run, lambda shown: with_ending(shown, _first_line(text), took=took))


def _first_line(text: str) -> str:
    return text.partition("\n")[0]


def _edit_announcement(run: Run, change: Callable[[str], str]) -> None:
    try:
        found = _announcement(run)
        if found is not None and (text := change(found.text)) != found.text:
            run.company.slack.update(found, text)
    except BlockError as error:
        get_run_logger().warning("The announcement does not say where the release is: %s", error)


def _announcement(run: Run) -> Message | None:
    """A roll-back by itself speaks in the announcement of the release that it undoes."""
    key = f"{run.release.undoes or run.release.key}/{_spelled(ANNOUNCEMENT)}"
    return run.company.slack.find(run.company.slack.deployments, key)


def inform(step: Step, run: Run) -> bool:
    """Carry out a step that only informs: it never blocks a roll-back, a recovery or a hotfix; say whether it did."""
    try:
        carry_out(step, run)
    except StepFailed as error:
        get_run_logger().warning("Nobody was told: %s", error)
        return False
    return True


def tell(step: Step, run: Run) -> None:
    """Carry out a step that tells people; only a way that requires it goes no further without it."""
    if step.item.stops(run.release.way):
        carry_out(step, run)
    else:
        inform(step, run)


def direct_message(run: Run, person: Person, *, number: str, name: str, asking: int, text: str) -> Step:
    """The message of this asking stands once in the conversation with this person."""
    member = person.slack or ""
    key = message_key(run, f"{name}-{asking}-{member}")

    def look(company: Company) -> Seen:
        found = company.slack.find_direct(member, key)
        return Seen(found is not None, "sent" if found else "not sent yet")

    return Step(
        number=number,
        subject=person.name,
        name=name,
        look=look,
        act=lambda company, _number: _send(company, member, text, key),
        does=f"direct message to {person.name}: {text.splitlines()[0]}",
        undo="none: what was said was said",
        within=WITHIN,
    )


def tell_each(run: Run, people: Sequence[Person], *, number: str, name: str, text: str) -> None:
    """Everybody who can be reached in Slack has this message; what could not be sent keeps nobody."""
    asking = len(run.record.seen)
    for person in people:
        if person.slack:
            inform(direct_message(run, person, number=number, name=name, asking=asking, text=text), run)


def page_on_call(run: Run, text: str, *, name: str, number: str = DECIDING, rings_anew: bool = False) -> bool:
    """Whoever is on call is told by PagerDuty, if there is one, and in the alerts channel; say whether one took it.

    `number` is the item that they decide; what `rings_anew` wakes people also when they acknowledged an earlier page
    of this release.
    """
    channel = run.company.slack.alerts
    steps = [deliver(run, number=number, name=name, text=text, thread=False, channel=channel)]
    if run.company.pagerduty is not None:
        key = message_key(run, name) if rings_anew else run.release.key
        steps.insert(0, incident_opened(run, text, name=name, key=key, number=number))
    taken = [inform(step, run) for step in steps]
    return any(taken)


def tell_only_in_memory(run: Run) -> None:
    """Log and page say that this process alone has rows of the record, and what is left when it ends."""
    fault = run.record.only_in_memory
    get_run_logger().warning("Rows of %s wait in the memory of this process only: %s", run.release.key, fault)
    page_on_call(run, page_only_in_memory(run.release, fault), name="rows-in-memory page")


def tell_asked(run: Run, sentence: str) -> None:
    """Whoever was asked to decide and is waited for no longer knows so; one who cannot be told ends the telling."""
    asked = unanswered(run.record.seen)
    if asked is None:
        return
    people = [run.company.roster.find(name) for name in asked.facts.get("approvers", ())]
    text = say_no_longer_asked(run.release, sentence)
    for person in people:
        if person is None or not person.slack:
            continue
        step = direct_message(run, person, number=asked.item, name="no longer asked", asking=asked.number, text=text)
        if not inform(step, run):
            return


def end_incident(run: Run) -> None:
    """A release that ended well after a page leaves nobody on call with an open incident."""
    if run.company.pagerduty is not None and may_have_incident(run):
        inform(incident_over(run), run)


def tell_rolled_back(run: Run, why: Why, verification: Sequence[Judgement], *, report: str) -> None:
    """4.2.4: reason, time, status, impact, the report and next steps are in the release's thread."""
    text = rolled_back(
        run.release,
        why,
        verification,
        served=served_since(run),
        at=utc_now(),
        zone=run.company.rules.time_zone,
        asked=_for_whoever_asked(run),
        report=report,
    )
    show_end(run, text)
    inform(deliver(run, number="4.2.4", name="roll-back communicated", text=text), run)
    tell_asked(run, why.said)


def tell_reported(run: Run, report: str) -> None:
    """4.2.5: whoever was paged for a release that needs hands knows where its report is."""
    text, channel = incident_reported(run.release, report), run.company.slack.alerts
    inform(deliver(run, number="4.2.5", name="report named", text=text, thread=False, channel=channel), run)


def tell_stopped(run: Run, sentence: str, why: Why) -> None:
    """A release that was announced and ended early is said to have ended."""
    text = stopped(run.release, sentence, why, asked=_for_whoever_asked(run))
    show_end(run, text)
    inform(deliver(run, number="3.3.1", name="stop communicated", text=text), run)
    tell_asked(run, why.said)


def tell_stuck(run: Run, sentence: str, *, headline: str) -> None:
    """Whoever asked for a release that needs hands hears of it in its thread; the page wakes whoever is on call.

    The announcement says `headline`, or where there is none the same.
    """
    text = left_to_people(run.release, sentence, asked=_for_whoever_asked(run))
    show_end(run, headline or text)
    inform(deliver(run, number="4.2.4", name="need of hands communicated", text=text), run)
    tell_asked(run, sentence)


def _for_whoever_asked(run: Run) -> str:
    """An edit of the announcement tells nobody: only a message of its own with their name in it does."""
    mentions = [mention_name(name, run.company.roster) for name in requesters(run)]
    return for_whoever_asked(mentions, page_of(run), record=run.release.key)


def tell_sealed(run: Run) -> None:
    """The head of the sealed record stands in the release's thread; no row says so, for the record has ended."""
    head = run.record.head
    try:
        signed = say_who_signed(read_signature(run.record.seen[-1]), run.company.public_keys)
        step = deliver(run, number="3.3.1", name="record sealed", text=sealed(run.release, head=head, signed=signed))
        if not step.look(run.company).done:
            step.act(run.company, run.number)
    except (BlockError, Unreadable) as error:
        get_run_logger().warning("Nobody was told that %s ends with %s: %s", run.release.key, head, error)


def message_key(run: Run, name: str) -> str:
    """Return the key under which a message of this release is found again."""
    return f"{run.release.key}/{_spelled(name)}"


def _spelled(name: str) -> str:
    return name.replace(" ", "-")


def _send(company: Company, member: str, text: str, key: str) -> None:
    company.slack.direct_message(member, text, key)
