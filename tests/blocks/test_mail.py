"""The mail block against a genuine mail server with encryption and a login."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from blocks.errors import Misconfigured, Refused, Unreachable
from blocks.mail import Mail
from lab.home import free_ports
from lab.mail import USER, MailServer

CTO, CEO = "carla@holilabs.xyz", "eva@holilabs.xyz"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailServer]:
    server = MailServer(tmp_path, free_ports(("mail",))["mail"], "right")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def words(server: MailServer, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the block needs to know to speak to that server."""
    monkeypatch.setenv("MAIL_PASSWORD", "right")
    monkeypatch.setenv("MAIL_WRONG", "wrong")
    return {
        "host": "127.0.0.1",
        "port": server.port,
        "user": USER,
        "password": "MAIL_PASSWORD",
        "sender": "ci@holilabs.xyz",
        "stakeholders": [CTO, CEO],
        "certificates": str(server.certificate),
        "patience": timedelta(seconds=2),
    }


def test_a_login_is_tried_without_a_message(server: MailServer, words: dict[str, Any]) -> None:
    Mail(**words).check()

    assert not server.messages
    with pytest.raises(Misconfigured, match="refuses the login"):
        Mail(**words | {"password": "MAIL_WRONG"}).check()


def test_every_stakeholder_gets_the_message_once(server: MailServer, words: dict[str, Any]) -> None:
    Mail(**words).send("It is live\nBcc: all@x", "Version 1.5.0 is live.", key="release-7")

    (message,) = server.messages
    assert message["To"] == f"{CTO}, {CEO}"
    assert message["Subject"] == "It is live Bcc: all@x"
    assert message["Bcc"] is None
    assert message["Message-ID"] == "<release-7@holilabs.xyz>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().strip() == "Version 1.5.0 is live."


@pytest.mark.parametrize(
    ("changed", "raised", "said"),
    [
        ({"password": "MAIL_WRONG"}, Misconfigured, f"refuses the login of {USER}: 535"),
        ({"certificates": None}, Misconfigured, "cannot be trusted: CERTIFICATE_VERIFY_FAILED"),
        ({"security": "none", "user": None}, Refused, "530"),
        ({"security": "tls"}, Misconfigured, "cannot be trusted: WRONG_VERSION_NUMBER"),
        ({"user": None}, Refused, "530 5.7.0 Authentication required"),
    ],
)
def test_a_wrong_setting_is_named_and_nothing_is_sent(
    server: MailServer, words: dict[str, Any], changed: dict[str, Any], raised: type[Exception], said: str
) -> None:
    with pytest.raises(raised, match=said):
        Mail(**{**words, **changed}).send("It is live", "Text.", key="release-7")

    assert server.messages == []


@pytest.mark.parametrize(
    ("answer", "raised"), [("554 5.7.1 looks like spam", Refused), ("451 4.7.1 try again later", Unreachable)]
)
def test_a_message_that_is_not_taken_says_what_the_server_said(
    server: MailServer, words: dict[str, Any], answer: str, raised: type[Exception]
) -> None:
    server.refusal = answer

    with pytest.raises(raised, match=answer):
        Mail(**words).send("It is live", "Text.", key="release-7")


def test_a_stakeholder_whom_the_server_does_not_know_is_named(server: MailServer, words: dict[str, Any]) -> None:
    server.unknown = {CEO}

    with pytest.raises(Refused, match=f"but not for {CEO} .550 5.1.1 mailbox unavailable"):
        Mail(**words).send("It is live", "Text.", key="release-7")

    assert len(server.messages) == 1


def test_where_nobody_is_known_nothing_is_sent(server: MailServer, words: dict[str, Any]) -> None:
    server.unknown = {CTO, CEO}

    with pytest.raises(Refused, match=f"takes no message for {CTO} .550"):
        Mail(**words).send("It is live", "Text.", key="release-7")

    assert server.messages == []


def test_a_server_that_is_down_or_says_nothing_is_unreachable(words: dict[str, Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        elsewhere = Mail(**{**words, "port": silent.getsockname()[1]})
        with pytest.raises(Unreachable, match=r"does not answer: .*timed out"):
            elsewhere.send("It is live", "Text.", key="release-7")

    with pytest.raises(Unreachable, match=r"does not answer: .*refused"):
        elsewhere.send("It is live", "Text.", key="release-7")
