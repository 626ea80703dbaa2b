"""How people are asked: above the form the evidence, until when, and who may decide; reminders while nobody answers."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Protocol

from flows.gate import Form, ask
from policy.question_page import render_question
from policy.reminders import name_reminder
from tasks.messages import page_on_call
from tasks.run import Run, utc_now
from tasks.run_log import leave_page

EVERYBODY = ("everybody in the roster",)


class Question(Protocol):
    """A question to people, which says how much time is left."""

    def __call__(self, *, left: timedelta) -> str:
        """Return the message."""


def ask_people(
    run: Run,
    form: type[Form],
    evidence: str,
    *,
    number: str,
    say: Question,
    within: timedelta,
    who: Sequence[str],
    complaint: str = "",
) -> Form:
    """Return the answer to a form of this run; what stands above it is a page of the run as well.

    A complaint says why the last answer did not count. Raises what `ask` raises.
    """
    zone = run.company.rules.time_zone
    page = render_question(evidence, within=within, now=utc_now(), zone=zone, who=who, complaint=complaint)
    # It has room for what is a box of a few lines above the form.
    leave_page("question", page, f"{number}: {run.release.what}")
    return ask(
        form,
        page,
        within=within,
        lookout=run.lookout,
        remind=reminder(run, say, number=number),
        remind_every=run.limits.reminder,
    )


def reminder(run: Run, say: Question, *, number: str) -> Callable[[timedelta], None]:
    """Return what asks whoever is on call again for the item, with the time that is left now."""
    asking = len(run.record.seen)

    def remind(left: timedelta) -> None:
        minutes = max(1, round(left.total_seconds() / 60))
        text = f"{minutes} min left. {say(left=timedelta(minutes=minutes))}"
        page_on_call(run, text, name=name_reminder(asking, minutes), number=number)

    return remind
