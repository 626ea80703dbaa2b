"""Compose files: the YAML they are written in, variables filled in, files laid over each other."""

import json
import re
from pathlib import Path
from typing import Any

from lab.engine.refusal import RefusedError

SERVICE_KEYS = {
    "image",
    "build",
    "ports",
    "environment",
    "labels",
    "restart",
    "stop_grace_period",
    "container_name",
}
_VARIABLE = re.compile(r"\$(?:\$|\{(\w+)(?::-([^}]*))?\}|(\w+))")
_ENTRY = re.compile(r"^((?:\"[^\"]*\"|'[^']*'|[^\s'\"{\[#-][^:#]*?)):(?:\s+(.*))?$")
_FLOW_KEY = re.compile(r"([{,]\s*)([\w.-]+)\s*:")
_FLOW_VALUE = re.compile(r"([:\[,]\s+|\[)([^\s\"'{\[,\]}][^,\]}]*)")

Lines = list[tuple[int, str]]


def read_services(files: list[Path], variables: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Return the services that the files describe together."""
    services: dict[str, dict[str, Any]] = {}
    for file in files:
        try:
            text = file.read_text()
        except OSError:
            raise RefusedError(f"open {file}: no such file or directory") from None
        document = parse(fill_in(text, variables), str(file))
        if document is None:
            continue
        if not isinstance(document, dict) or not isinstance(document.get("services"), dict):
            raise RefusedError(f"{file}: services must be a mapping")
        for name, service in document["services"].items():
            _refuse_unknown_keys(file, name, service)
            build = service.get("build")
            spelled_out = {"build": {"context": build}} if isinstance(build, str) else {}
            services[name] = _laid_over(services.get(name, {}), {**service, **spelled_out})
    if not services:
        raise RefusedError("empty compose file")
    for name, service in services.items():
        if not service.get("image") and not service.get("build"):
            raise RefusedError(f'service "{name}" has neither an image nor a build context specified')
    return services


def _refuse_unknown_keys(file: Path, name: str, service: object) -> None:
    if not isinstance(service, dict):
        raise RefusedError(f"{file}: services.{name} must be a mapping")
    if extra := sorted(set(service) - SERVICE_KEYS):
        raise RefusedError(f"{file}: services.{name} additional properties {extra} not allowed")
    if service.get("restart", "no") != "no":
        raise RefusedError(f"{file}: services.{name}: the stand-in knows only restart: no")


def _laid_over(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _laid_over(merged[key], value) if both else value
    return merged


def read_variables(file: Path) -> dict[str, str]:
    """Return the assignments of an `.env` file."""
    variables = {}
    for line in file.read_text().splitlines():
        name, sign, value = line.strip().partition("=")
        if sign and not name.startswith("#"):
            variables[name.strip()] = value.strip().strip("'\"")
    return variables


def fill_in(text: str, variables: dict[str, str]) -> str:
    """Replace `$NAME`, `${NAME}` and `${NAME:-default}`; an unset variable becomes empty, as Compose does."""

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[3]
        return "$" if name is None else variables.get(name) or match[2] or ""

    return _VARIABLE.sub(value, text)


def parse(text: str, source: str = "compose file") -> Any:
    """Return the data of a block-style document with flow-style values."""
    lines: Lines = []
    for raw in text.expandtabs().splitlines():
        content = re.sub(r"(^|\s)#.*$", "", raw).rstrip()
        if content and content != "---":
            lines.append((len(content) - len(content.lstrip()), content.lstrip()))
    if not lines:
        return None
    try:
        data, rest = _block(lines, lines[0][0])
    except (ValueError, IndexError) as problem:
        raise RefusedError(f"yaml: {source}: {problem}") from None
    if rest:
        raise RefusedError(f"yaml: {source}: did not expect {rest[0][1]!r}")
    return data


def _block(lines: Lines, depth: int) -> tuple[Any, Lines]:
    if lines[0][1].startswith(("{", "[")) and len(lines) == 1:
        return _scalar(lines[0][1]), []
    if lines[0][1].startswith("- "):
        items: list[Any] = []
        while lines and lines[0][0] == depth and lines[0][1].startswith("- "):
            items.append(_scalar(lines[0][1][2:].strip()))
            lines = lines[1:]
        return items, lines
    mapping: dict[str, Any] = {}
    while lines and lines[0][0] == depth:
        match = _ENTRY.match(lines[0][1])
        if match is None:
            raise ValueError(f"could not read {lines[0][1]!r}")
        key, value, lines = str(_scalar(match[1])), match[2], lines[1:]
        if key in mapping:
            raise ValueError(f"mapping key {key!r} already defined")
        if value:
            mapping[key] = _scalar(value)
        elif lines and (lines[0][0] > depth or (lines[0][0] == depth and lines[0][1].startswith("- "))):
            mapping[key], lines = _block(lines, lines[0][0])
        else:
            mapping[key] = None
    return mapping, lines


def _scalar(text: str) -> Any:
    if text.startswith(("{", "[")):
        quoted = _FLOW_KEY.sub(r'\1"\2":', text)
        quoted = _FLOW_VALUE.sub(lambda match: match[1] + json.dumps(match[2].strip()), quoted)
        return json.loads(quoted)
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return text
