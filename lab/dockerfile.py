"""Reads the Dockerfile of an application of one's own, as far as the lab can build images; it refuses the rest."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

FOLDER = "app"
_BASE = re.compile(r"python(:[\w.-]+)?")
_VARIABLE = re.compile(r"\$\{?(\w+)\}?")


class UnbuildableError(ValueError):
    """The lab cannot build this Dockerfile; the message names the line."""


@dataclass(frozen=True, slots=True)
class Built:
    """What a Dockerfile comes to: the command of the image, and its environment."""

    command: list[str]
    environment: dict[str, str]


def read_dockerfile(text: str, arguments: Mapping[str, str]) -> Built:
    """Return command and environment; the whole repository is copied to the folder in which the command starts."""
    command: list[str] = []
    known: dict[str, str] = {}
    environment: dict[str, str] = {}
    lines = [line.strip() for line in text.splitlines()]
    for number, line in enumerate(lines, start=1):
        match line.split(maxsplit=1):
            case [] | ["#", *_]:
                continue
            case ["FROM", base] if _BASE.fullmatch(base):
                continue
            case ["WORKDIR", folder] if folder == f"/{FOLDER}":
                continue
            case ["COPY", ". ."]:
                continue
            case ["ARG", name] if name in arguments:
                known[name] = arguments[name]
            case ["ENV", assignment] if "=" in assignment:
                name, _, value = assignment.partition("=")
                environment[name] = _VARIABLE.sub(lambda match: known.get(match[1], ""), value.strip('"'))
            case ["CMD", words] if words.startswith("["):
                command = [str(word) for word in json.loads(words)]
            case _:
                raise UnbuildableError(
                    f"Dockerfile, line {number}: the lab does not build {line!r}; it knows FROM python,"
                    f" WORKDIR /{FOLDER}, COPY . ., ARG {', '.join(arguments)}, ENV NAME=VALUE and CMD with a list"
                )
    if not command or command[0] != "python":
        raise UnbuildableError('Dockerfile: expected a CMD that begins with "python", such as ["python", "app.py"]')
    return Built(command, environment)
