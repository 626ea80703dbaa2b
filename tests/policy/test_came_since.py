"""What is said of servers that came after the release that is undone, and who is given a line to type."""

import pytest

from policy.came_since import keeping, say_came_since

COMMANDS = {"web-server-1": "sh roll-back.sh", "web-server-2": "sh roll-back.sh"}


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["web-server-3"], "web-server-3 came after 20261124-a and keeps nothing of it. By hand: "),
        (["web-server-3", "web-server-4"], "web-server-3, web-server-4 came after 20261124-a and keep nothing of it."),
    ],
)
def test_whoever_came_since_is_named_with_what_to_do(names: list[str], said: str) -> None:
    assert say_came_since(names, "20261124-a").startswith(said)


def test_only_a_server_that_keeps_a_way_back_is_given_a_line_that_uses_it() -> None:
    assert keeping({"web-server-1": "sha256:a1"}, COMMANDS) == {"web-server-1": "sh roll-back.sh"}


def test_where_the_record_says_of_none_every_server_is_given_its_line() -> None:
    assert keeping({}, COMMANDS) == COMMANDS
