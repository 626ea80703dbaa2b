"""Servers that came after the release that is undone: nothing of it is kept there, so they are for people."""

from collections.abc import Mapping, Sequence

from policy.wording import listed


def keeping(before: Mapping[str, str], commands: Mapping[str, str]) -> dict[str, str]:
    """Return the commands by hand for the servers that keep a way back; all, where the record says of none."""
    return {name: command for name, command in commands.items() if not before or name in before}


def say_came_since(names: Sequence[str], release: str) -> str:
    """Say which servers nobody can put back from here, and what a person does about them."""
    keeps = "keeps" if len(names) == 1 else "keep"
    return (
        f"{listed(names)} came after {release} and {keeps} nothing of it. By hand: copy what a server has that was put"
        " back (Compose file, .env, .countersign/SERVICE.image.yml), start it, look at its health, and only then let it"
        " have requests"
    )
