"""Is whoever is on call known, told, and ready (1.3.8)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from policy.clock import time_of_day
from policy.judgement import Judgement, failed, passed, spoken, spoken_so_far, unknown
from policy.limits import Risk
from policy.reply import Reply, agrees_by_emoji, name_emoji, read_reply, refuses_by_emoji
from policy.roles import Person, Roster
from policy.wording import listed


@dataclass(frozen=True, slots=True)
class OnCall:
    """One entry of PagerDuty's on-calls; without `start` or `end` it is for ever."""

    name: str
    email: str
    policy: str
    level: int
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reaction:
    """An emoji under the message, such as +1::skin-tone-3; Slack does not say when it was put there."""

    member: str
    name: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A message in the direct conversation."""

    member: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """The direct message, to whom it went and everything that came back."""

    member: str
    at: datetime
    reactions: Sequence[Reaction] = ()
    answers: Sequence[Answer] = ()


def find_on_call(entries: Iterable[OnCall], *, policy: str, level: int, now: datetime) -> tuple[OnCall, ...]:
    """Return who is on call now at the level of the escalation policy, each person once."""
    there = (one for one in entries if one.policy == policy and one.level == level and _covers(one, now))
    return tuple({one.email.casefold(): one for one in there}.values())


def judge_on_call(
    entries: Sequence[OnCall],
    told: Sequence[Told],
    *,
    policy: str,
    level: int,
    roster: Roster,
    risk: Risk,
    now: datetime,
    until: datetime,
    patience: timedelta,
    zone: str,
) -> Judgement:
    """Pass when one who is on call now was told and, above low risk, has said that they are ready.

    Somebody has to be on call until the release is over at the latest, which is `until`; who goes off call before is
    named.
    """
    shifts = [one for one in entries if one.policy == policy and one.level == level]
    nobody = f"nobody is on call at level {level} of {policy}"
    there = find_on_call(shifts, policy=policy, level=level, now=now)
    if not there:
        others = [f"{one.name} (level {one.level})" for one in entries if one.policy == policy and _covers(one, now)]
        return failed(f"{nobody} now; there are {listed(others) or 'no others'}")
    if gap := _find_gap(shifts, since=now, until=until):
        last = f"the release may last until {time_of_day(until, zone)}"
        return failed(f"{nobody} from {time_of_day(gap, zone)}, and {last}: let somebody take the shift")
    judged = [_judge_one(one, told, roster=roster, risk=risk, now=now, patience=patience, zone=zone) for one in there]
    ready = [at for at, judgement in enumerate(judged) if judgement.verdict.lets_pass]
    chosen = ready[0] if ready else min(range(len(judged)), key=lambda at: judged[at].verdict.value != "unknown")
    own = [one for one in shifts if one.email.casefold() == there[chosen].email.casefold()]
    leaving = _find_gap(own, since=now, until=until)
    if not ready or leaving is None:
        return judged[chosen]
    note = f"goes off call {time_of_day(leaving, zone)}, before the release is over"
    return passed(f"{judged[chosen].sentence}; {there[chosen].name} {note}: tell who comes after")


def _judge_one(
    one: OnCall, told: Sequence[Told], *, roster: Roster, risk: Risk, now: datetime, patience: timedelta, zone: str
) -> Judgement:
    who = f"{one.name} (level {one.level} of {one.policy})"
    person = roster.find(one.email) or roster.find(one.name)
    if person is None:
        return failed(f"{who} is on call and not in the roster: {one.email}")
    if person.slack is None:
        return failed(f"{who} is on call and has no Slack member id in the roster")
    messages = [message for message in told if message.member == person.slack]
    if not messages:
        others = [_name_of(message.member, roster) for message in told]
        return failed(f"{who} is on call and was not told{f'; told was {listed(others)}' if others else ''}")
    message = max(messages, key=lambda one: one.at)
    if risk is Risk.LOW:
        return passed(f"{who} was told at {time_of_day(message.at, zone)}; low risk needs no confirmation")
    return _judge_reply(who, person, message, now=now, patience=patience)


def _judge_reply(who: str, person: Person, message: Told, *, now: datetime, patience: timedelta) -> Judgement:
    """The last answer that says yes or no counts; an emoji that says no outweighs, for it has no time."""
    emojis = [name_emoji(one.name) for one in message.reactions if one.member == person.slack]
    answers = [one for one in message.answers if one.member == person.slack and message.at < one.at <= now]
    if refusing := next((name for name in emojis if refuses_by_emoji(name)), None):
        return failed(f"{who} answered with :{refusing}:")
    told_us = [one for one in answers if read_reply(one.text) is not Reply.NOTHING] or answers
    last = max(told_us, key=lambda one: one.at, default=None)
    reply = read_reply(last.text) if last else Reply.NOTHING
    if last and reply is Reply.NO:
        return failed(f"{who} answered {_quote(last.text)}")
    if last and reply is Reply.YES:
        return passed(f"{who} confirmed after {spoken_so_far(last.at - message.at)}: {_quote(last.text)}")
    agreeing = next((name for name in emojis if agrees_by_emoji(name)), None)
    if agreeing and reply is Reply.NOTHING:
        return passed(f"{who} confirmed with :{agreeing}:")
    waited = now - message.at
    seen = f"; seen: {listed([*(f':{name}:' for name in emojis), *([_quote(last.text)] if last else [])])}"
    sentence = f"{who} was told {spoken_so_far(waited)} ago and has not confirmed{seen if emojis or last else ''}"
    if waited < patience:
        return unknown(f"{sentence}; waiting {spoken(patience)}")
    return failed(f"{sentence} within {spoken(patience)}: call {person.phone or 'them'}")


def _find_gap(shifts: Sequence[OnCall], *, since: datetime, until: datetime) -> datetime | None:
    """Return the first moment from `since` to `until` that none of the shifts covers; None when there is none."""
    at = since
    while at < until:
        ends = [one.end for one in shifts if _covers(one, at)]
        if not ends:
            return at
        at = max(end or until for end in ends)
    return None


def _covers(entry: OnCall, now: datetime) -> bool:
    return (entry.start is None or entry.start <= now) and (entry.end is None or now < entry.end)


def _name_of(member: str, roster: Roster) -> str:
    return next((person.name for person in roster.people if person.slack == member), member)


def _quote(text: str) -> str:
    return repr(" ".join(text.split())[:60])
