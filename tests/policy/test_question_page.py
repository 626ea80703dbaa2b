"""What stands above every form in which people decide."""

from datetime import UTC, datetime, timedelta

from policy.question_page import render_question

NOW, ZONE = datetime(2026, 11, 24, 18, 0, tzinfo=UTC), "America/Los_Angeles"
HALF_AN_HOUR = timedelta(minutes=30)


def test_people_read_until_when_an_answer_counts_and_whose() -> None:
    shown = render_question("evidence", within=HALF_AN_HOUR, now=NOW, zone=ZONE, who=["Tomas Lima", "Carla Ortiz"])

    assert shown == (
        "**Until 10:30 PST** (30 min from when this was asked). May decide: Tomas Lima, Carla Ortiz.\n\nevidence"
    )


def test_why_the_form_comes_again_stands_first() -> None:
    shown = render_question(
        "evidence", within=HALF_AN_HOUR, now=NOW, zone=ZONE, who=["Tomas Lima"], complaint="The code is wrong."
    )

    assert shown.startswith("**The code is wrong.**\n\n**Until 10:30 PST**")
