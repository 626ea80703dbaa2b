"""The incident on PagerDuty: one a release, opened by its first page and ended when the release ended well.

PagerDuty tells nobody about more events of an incident that somebody acknowledged, so what needs hands has its own.

PagerDuty's Events API shows no incident: that it took the event is all that can be seen. Its key makes repeating safe.
"""

from collections.abc import Callable
from datetime import timedelta

from blocks.company import Company
from blocks.errors import Unreachable
from blocks.pagerduty import PagerDuty
from policy.first_bad_sign import INCIDENT_SUBJECT
from policy.record import Event
from tasks.run import Run
from tasks.step import Seen, Step, StepFailed
from tasks.systems import PAGERDUTY

WITHIN = timedelta(seconds=10)
DECIDING, SUBJECT = "4.1.1", INCIDENT_SUBJECT


def incident_opened(run: Run, text: str, *, name: str, key: str, number: str = DECIDING) -> Step:
    """PagerDuty has the page, under this key: another one than before wakes people again."""
    first, environment = text.splitlines()[0], run.release.environment

    def send(pagerduty: PagerDuty) -> None:
        pagerduty.trigger(first, source=environment, severity="critical", key=key, details={"page": text})

    does = f"page whoever is on call: {first}"
    return _event(name, send, number=number, does=does, undo="the incident ends with the release")


def incident_over(run: Run) -> Step:
    """PagerDuty knows that the release's incident is over."""
    key = run.release.key

    def send(pagerduty: PagerDuty) -> None:
        pagerduty.resolve(key)

    does = f"resolve the incident {key}"
    return _event("incident over", send, number=DECIDING, does=does, undo="none: another page opens another")


def may_have_incident(run: Run) -> bool:
    """Whether a page of this release was sent to PagerDuty, by this process or by one before it."""
    return any(row.event is Event.INTENDED and row.subject == SUBJECT for row in run.record.seen)


def _event(name: str, send: Callable[[PagerDuty], None], *, number: str, does: str, undo: str) -> Step:
    taken: list[Seen] = []

    def look(_company: Company) -> Seen:
        return taken[-1] if taken else Seen(done=False, sentence="not taken by PagerDuty yet")

    def act(company: Company, _number: int) -> None:
        try:
            send(PAGERDUTY.required(company))
        except Unreachable as error:
            # It was sent again for as long as the block's patience lasts: waiting on would only hold up the way home.
            raise StepFailed(f"{number} {SUBJECT} {name}: {error}") from error
        taken.append(Seen(done=True, sentence="taken by PagerDuty"))

    return Step(number=number, subject=SUBJECT, name=name, look=look, act=act, does=does, undo=undo, within=WITHIN)
