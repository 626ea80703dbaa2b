"""4.1: what the machine leaves to people: to keep waiting, to stay on the new version, or to roll back."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

from pydantic import Field, create_model

from blocks.errors import Meant
from flows.approvers import log_answer
from flows.gate import ChoiceForm, NobodyAnswered, RunDeleted
from flows.question import EVERYBODY, ask_people
from flows.watch import updated_servers
from policy.approval import Outcome
from policy.choice_page import open_choices, render_choice
from policy.database_rows import list_taken_away
from policy.items import Way
from policy.judgement import spoken
from policy.messages import choice_wanted
from policy.record import Event
from policy.way_home import ROLL_BACK, STAY, say_closed
from policy.wording import as_clause, as_sentences
from tasks.messages import page_on_call
from tasks.run import Run


class ApprovalRefused(Meant):
    """A person chose to roll back."""


class RollBackChosen(Meant):
    """A person chose to roll back what could not be judged."""


class PeopleStay(Meant):
    """Production stays on the new version without a sign-off."""


def choose(run: Run, sentence: str) -> None:
    """Ask people what cannot be judged; return to keep waiting, raise PeopleStay or RollBackChosen.

    Unanswered, nothing more is changed: a fleet that is live on the new version stays, one that is mixed waits.
    A run that is deleted goes home, as one that is cancelled does: RunDeleted.
    The form offers what can be done now: where the schema has lost what the version before needs, no way back, and
    while the servers differ, no staying.
    """
    taken_away = ", ".join(list_taken_away(run.record.seen))
    if taken_away and (closed := say_closed(taken_away)) not in sentence:
        sentence = as_sentences(sentence, closed)
    live = run.release.way is Way.MIGRATION or any(row.event is Event.LIVE for row in run.record.seen)
    choices = open_choices(live=live, taken_away=taken_away)
    within = run.limits.approval
    say = partial(choice_wanted, run.release, sentence=sentence, choices=choices, link=run.link)
    page_on_call(run, say(left=within), name=f"choice-{len(run.record.seen)}")
    run.record.append(Event.ASKED, item="4.1.1", facts={"sentence": sentence})
    page = render_choice(run.release, sentence=sentence, new=updated_servers(run), live=live, choices=choices)
    try:
        answer = ask_people(run, form_for(choices), page, number="4.1.1", say=say, within=within, who=EVERYBODY)
    except RunDeleted:
        raise
    except NobodyAnswered:
        if live:
            raise PeopleStay(f"nobody answered within {spoken(within)}; {sentence}") from None
        return
    person = run.company.roster.find(answer.name)
    facts = {"decision": answer.decision, "name": answer.name, "reason": answer.reason}
    outcome = answer.decision if person else Outcome.NOT_VALID.value
    run.record.append(Event.ANSWERED, item="4.1.1", facts={**facts, "outcome": outcome})
    log_answer("4.1.1", outcome, f"{answer.name}: {answer.decision}: {answer.reason}")
    if person is None:
        choose(run, as_sentences(f"{answer.name!r} is not in the roster", sentence))
    elif answer.decision == ROLL_BACK:
        raise RollBackChosen(f"{person.name} chose to roll back: {answer.reason} ({as_clause(sentence)})")
    elif answer.decision == STAY:
        raise PeopleStay(f"{person.name} chose to stay: {answer.reason}")


def form_for(choices: Sequence[str]) -> type[ChoiceForm]:
    """Return the form that offers these decisions."""
    decision = ChoiceForm.model_fields["decision"]
    offered: Any = (Literal[tuple(choices)], Field(description=decision.description))
    return create_model("ChoiceForm", __base__=ChoiceForm, decision=offered)
