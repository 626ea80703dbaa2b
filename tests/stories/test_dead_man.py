"""The machine that releases dies and nothing of it comes back: Slack itself says who is where and what to type."""

from tests.stories.stage import Stage, wait_until

SERVERS = ("web-server-1", "web-server-2")
LAST_WORDS = "has fallen silent, and servers differ"


def test_when_the_machine_dies_between_the_servers_slack_says_what_to_type_and_a_later_recovery_takes_it_back(
    stage: Stage,
) -> None:
    stage.change_limits(dead_man=20, choice=1)
    before = str(stage.lab.version_of("web-server-1"))
    shipped = stage.lab.ship("9.6.0")

    with stage.process(stage.request(shipped)) as process:
        stage.wait_for_gate()
        # One that was left in the middle of the update would say of the first server that it runs nothing.
        wait_until(lambda: both_serve_in_what_waits(stage), what="a message of both servers waits outside the machine")
        assert LAST_WORDS not in stage.said_in("C0ALERTS")
        process.kill()
        wait_until(lambda: LAST_WORDS in stage.said_in("C0ALERTS"), what="Slack says it by itself")

    said = stage.said_in("C0ALERTS")
    assert stage.lab.versions_serving() == {"web-server-1": shipped.commit, "web-server-2": before}
    lines = said.splitlines()
    typed = [lines[lines.index(next(line for line in lines if line.startswith(f"• {name}:"))) + 1] for name in SERVERS]
    assert "to put it back: `ssh -p " in typed[0]
    assert "roll-back.sh" in typed[0]
    assert typed[1] == "   not changed by this release: leave it"
    assert stage.lab.pages() == []

    stage.recover_until_free()

    answer = stage.said_in("C0ALERTS").removeprefix(said)
    assert "ended at" in answer
    assert f"type nothing.* Rolled back: every server that it touched runs {before[:7]} again" in answer
    stage.ends_well_on(before)


def both_serve_in_what_waits(stage: Stage) -> bool:
    """Whether the message that waits saw both servers run an image."""
    texts = [str(message["text"]) for message in stage.lab.scheduled_messages()]
    return any(all(f"• {server}: sha256:" in text for server in SERVERS) for text in texts)


def test_recovery_calls_off_what_the_dead_process_left_and_ends_the_incident_it_opened(stage: Stage) -> None:
    # Recovery opens the incident only while people may still choose, and a busy machine lets it look late.
    stage.change_limits(dead_man=120, choice=25)
    before = str(stage.lab.version_of("web-server-1"))
    shipped = stage.lab.ship("9.6.2")

    with stage.process(stage.request(shipped)) as process:
        stage.wait_for_gate()
        wait_until(lambda: bool(stage.lab.scheduled_messages()), what="a message waits outside the machine")
        process.kill()
        stage.recover_until_free()

    assert stage.outcome() == "rolled back"
    assert stage.lab.scheduled_messages() == []
    (incident,) = stage.lab.pages()
    assert incident["status"] == "resolved"
    assert "The process that released" in incident["summary"]
    stage.ends_well_on(before)
