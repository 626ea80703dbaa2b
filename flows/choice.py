"""4.1: what the machine leaves to people, and how anybody is asked: the link, the reminders, the end of the time."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Protocol

from blocks.errors import Meant
from flows.approvers import log_answer
from flows.gate import ChoiceForm, NobodyAnswered, RunDeleted, ask
from policy.approval import Outcome
from policy.database_rows import list_taken_away
from policy.items import Way
from policy.judgement import spoken
from policy.messages import choice_wanted
from policy.record import Event
from policy.reminders import name_reminder
from policy.way_home import ROLL_BACK, STAY, say_closed
from policy.wording import as_sentences
from tasks.messages import page_on_call
from tasks.run import Run


class ApprovalRefused(Meant):
    """A person chose to roll back."""


class PeopleStay(Meant):
    """Production stays on the new version without a sign-off."""


def choose(run: Run, sentence: str) -> None:
    """Ask people what cannot be judged; return to keep waiting, raise to stay or to roll back.

    Unanswered, nothing more is changed: a fleet that is live on the new version stays, one that is mixed waits.
    A run that is deleted goes home, as one that is cancelled does: RunDeleted.
    Where the schema has lost what the version before needs, rolling back is no choice, and the question says so.
    """
    taken_away = ", ".join(list_taken_away(run.record.seen))
    if taken_away and (closed := say_closed(taken_away)) not in sentence:
        sentence = as_sentences(sentence, closed)
    live = run.release.way is Way.MIGRATION or any(row.event is Event.LIVE for row in run.record.seen)
    link = run.link
    within = run.limits.approval
    say = partial(choice_wanted, run.release, sentence=sentence, link=link)
    page_on_call(run, say(left=within), name=f"choice-{len(run.record.seen)}")
    run.record.append(Event.ASKED, item="4.1.1", facts={"sentence": sentence})
    try:
        answer = ask(
            ChoiceForm,
            f"## {run.release.what}\n\n{sentence}\n",
            within=within,
            lookout=run.lookout,
            remind=reminder(run, say, number="4.1.1"),
            remind_every=run.limits.reminder,
        )
    except RunDeleted:
        raise
    except NobodyAnswered:
        if live:
            raise PeopleStay(f"nobody answered within {spoken(within)}; {sentence}") from None
        return
    person = run.company.roster.find(answer.name)
    is_open = {ROLL_BACK: not taken_away, STAY: live}
    counts = person is not None and is_open.get(answer.decision, True)
    facts = {"decision": answer.decision, "name": answer.name, "reason": answer.reason}
    outcome = answer.decision if counts else Outcome.NOT_VALID.value
    run.record.append(Event.ANSWERED, item="4.1.1", facts={**facts, "outcome": outcome})
    log_answer("4.1.1", outcome, f"{answer.name}: {answer.decision}: {answer.reason}")
    if person is None:
        choose(run, as_sentences(f"{answer.name!r} is not in the roster", sentence))
    elif answer.decision == ROLL_BACK and taken_away:
        choose(run, as_sentences(f"{person.name} chose to roll back, which would break production", sentence))
    elif answer.decision == ROLL_BACK:
        raise ApprovalRefused(f"{person.name} chose to roll back: {answer.reason}")
    elif answer.decision == STAY and not live:
        choose(run, as_sentences("the servers differ, so production cannot stay as it is", sentence))
    elif answer.decision == STAY:
        raise PeopleStay(f"{person.name} chose to stay: {answer.reason}")


class Question(Protocol):
    """A question to people, which says how much time is left."""

    def __call__(self, *, left: timedelta) -> str:
        """Return the message."""


def reminder(run: Run, say: Question, *, number: str) -> Callable[[timedelta], None]:
    """Return what asks whoever is on call again for the item, with the time that is left now."""

    asking = len(run.record.seen)

    def remind(left: timedelta) -> None:
        minutes = max(1, round(left.total_seconds() / 60))
        text = f"{minutes} min left. {say(left=timedelta(minutes=minutes))}"
        page_on_call(run, text, name=name_reminder(asking, minutes), number=number)

    return remind
