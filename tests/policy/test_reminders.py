"""What the rows of a record say of people who were paged."""

from policy.record import Event
from policy.reminders import count_pages, is_reminder, name_reminder
from tests.policy.rows import row

AGAIN = name_reminder(40, 10)


def test_a_reminder_is_known_by_its_name() -> None:
    assert is_reminder(row(Event.INTENDED, item="2.1.4", subject="Slack", step=AGAIN))
    assert not is_reminder(row(Event.INTENDED, item="2.1.4", subject="Tomas Lima", step="asked to approve"))


def test_a_page_counts_once_wherever_it_was_taken_and_nothing_else_counts() -> None:
    rows = [
        row(Event.INTENDED, item="2.1.4", subject="PagerDuty", step="choice-9"),
        row(Event.CONFIRMED, item="2.1.4", subject="PagerDuty", step=AGAIN),
        row(Event.CONFIRMED, item="2.1.4", subject="Slack", step=AGAIN),
        row(Event.CONFIRMED, item="4.1.1", subject="Slack", step="choice-12"),
        row(Event.CONFIRMED, item="2.1.4", subject="Tomas Lima", step="asked to approve"),
        row(Event.CONFIRMED, item="2.1.7", subject="Slack", step="team told"),
    ]

    assert count_pages(rows) == 2
