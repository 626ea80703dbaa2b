"""What `python -m lab slack` shows: what people of the lab's company would read."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from lab.__main__ import parse
from lab.processes import LabError
from lab.settings_file import find_name
from lab.slack_reader import PLACES, read_slack
from lab.vendors.slack import Slack

TOKEN = "xoxb-right"


def workspace() -> Slack:
    """The lab's Slack, in which a release was announced and somebody was asked."""
    people = {"tomas@holilabs.xyz": "U0TOMAS", "omar@holilabs.xyz": "U0OMAR"}
    channels = {number: name.removeprefix("#") for name, number in PLACES.items() if name.startswith("#")}
    slack = Slack(TOKEN, channels=channels, people=people)
    slack.say("C0DEPLOYMENTS", "U0BOT", "*Release* by <@U0ANA>: <http://prefect/run|its page>")
    slack.say("C0ALERTS", "U0BOT", "5 &lt; 7 &amp; well")
    first = slack.messages("C0DEPLOYMENTS")[0]["ts"]
    slack.say("C0DEPLOYMENTS", "U0BOT", "something else")
    slack.say("C0DEPLOYMENTS", "U0OMAR", "ready\nand here", thread_ts=first)
    slack.say("U0TOMAS", "U0BOT", "please approve")
    return slack


def without_times(lines: list[str]) -> list[str]:
    return [re.sub(r"\d\d:\d\d:\d\d", "TIME", line) for line in lines]


def test_each_channel_is_read_newest_last_with_answers_below_what_they_answer() -> None:
    assert without_times(read_slack(workspace().messages)) == [
        "#deployments",
        "    TIME  Countersign",
        "      *Release* by @Ana Souza: its page (http://prefect/run)",
        "        TIME  Omar Reyes",
        "          ready",
        "          and here",
        "    TIME  Countersign",
        "      something else",
        "",
        "#alerts",
        "    TIME  Countersign",
        "      5 < 7 & well",
        "",
        "to Tomas Lima",
        "    TIME  Countersign",
        "      please approve",
    ]


@pytest.mark.parametrize("channel", ["#engineering", "engineering"])
def test_one_channel_is_read_alone_and_may_be_empty(channel: str) -> None:
    assert read_slack(workspace().messages, channel) == ["#engineering", "    nothing yet"]


def test_what_was_written_to_one_person_is_read_alone() -> None:
    assert read_slack(workspace().messages, "Tomas Lima")[2] == "      please approve"


def test_an_unknown_channel_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(LabError, match="no channel 'general'; expected one of #deployments, #alerts, #engineering, T"):
        read_slack(workspace().messages, "general")


def test_an_empty_workspace_says_so() -> None:
    def nothing(_channel: str) -> list[Mapping[str, Any]]:
        return []

    assert read_slack(nothing) == ["Nothing was written yet."]


def test_the_help_says_in_one_line_what_each_command_does(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--help"])

    said = capsys.readouterr().out
    for command in ("up", "down", "status", "code", "publish", "slack"):
        assert re.search(rf"^    {command} +\w+ ", said, re.MULTILINE), said
    assert "`" not in said


def test_a_command_is_given_with_the_lab_that_it_is_about() -> None:
    assert str(parse(["code", "Tomas Lima", "--home", "x"]).home) == "x"


@pytest.mark.parametrize("said", ["Tomas Lima", " tomas  lima ", "TLIMA", "tomas@holilabs.xyz", "Tomás Lima"])
def test_a_person_is_known_by_every_spelling_that_the_gate_accepts(said: str) -> None:
    assert find_name(said) == "Tomas Lima"
    assert read_slack(workspace().messages, said)[2] == "      please approve"


def test_nobody_is_known_by_half_a_name() -> None:
    assert find_name("Tomas") is None
