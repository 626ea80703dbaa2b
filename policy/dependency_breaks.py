"""Which dependencies come in another major version (1.2.3)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from policy.breaks import Break, Changed, Unreadable
from policy.lock_files import Locked, read_lock_file

_VERSION = re.compile(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:[-+].*)?")


@dataclass(frozen=True, slots=True)
class DependencyBreaks:
    """Majors of what the project asks for itself, each to be acknowledged; and those that come along, to be listed."""

    breaks: tuple[Break, ...]
    came_along: tuple[str, ...]
    unreadable: tuple[str, ...]


def list_dependency_breaks(files: Sequence[Changed]) -> DependencyBreaks:
    """Compare every lock file as it is in production with what it would be."""
    found: dict[str, list[str]] = {}
    came_along: dict[str, None] = {}
    unreadable: list[str] = []
    for file in files:
        if file.before is None and file.after is None:
            unreadable.append(f"{file.path} is neither in production nor in the release")
            continue
        if file.before is None or file.before == file.after:
            continue
        if file.after is None:
            found[f"{file.path} removed"] = ["it pinned the versions in production"]
            continue
        try:
            before, after = read_lock_file(file.path, file.before), read_lock_file(file.path, file.after)
        except Unreadable as error:
            unreadable.append(str(error))
            continue
        for name, seen in _list_direct(before, after):
            found.setdefault(name, []).append(seen)
        came_along |= dict.fromkeys(_list_others(before, after))
    breaks = tuple(Break(name, "; ".join(dict.fromkeys(seen))) for name, seen in sorted(found.items()))
    return DependencyBreaks(breaks, tuple(came_along), tuple(unreadable))


def _list_direct(before: Locked, after: Locked) -> Iterator[tuple[str, str]]:
    unsure = "" if after.tells_apart else ", the file does not say whether this project asks for it itself"
    for (project, name), versions in sorted(after.direct.items()):
        old = before.direct.get((project, name)) or _versions_of(name, before)
        where = "" if project == "." else f" in {project}"
        for version in _leave_line(old, versions):
            yield f"{name}@{_line(version)}", f"{_say(old)} -> {version}{where}{unsure}"


def _list_others(before: Locked, after: Locked) -> Iterator[str]:
    direct = {name for _, name in after.direct}
    for name, versions in sorted(after.packages.items()):
        if name not in direct:
            old = _versions_of(name, before)
            yield from (f"{name} {_say(old)} -> {version}" for version in _leave_line(old, versions))


def _versions_of(name: str, locked: Locked) -> set[str]:
    """Return every version of a package, whoever asks for it."""
    asked = (versions for (_, one), versions in locked.direct.items() if one == name)
    return set(locked.packages.get(name, set())).union(*asked)


def _leave_line(old: set[str], new: set[str]) -> list[str]:
    """Return the new versions whose line no old version has; a package that was not there breaks nothing."""
    lines = {_line(version) for version in old}
    return sorted(version for version in new if lines and _line(version) not in lines)


def _line(version: str) -> str:
    """Return what may not change: 18 of 18.2.0, and 0.3 of 0.3.1, for below 1.0 the second number breaks.

    What is no version, such as an address, may not change at all.
    """
    package, at, exact = version.rpartition("@")
    match = _VERSION.fullmatch(exact)
    if match is None:
        return version
    parts = [part for part in match.groups() if part is not None]
    leading = next((place for place, part in enumerate(parts) if int(part)), len(parts) - 1)
    return package + at + ".".join(parts[: leading + 1])


def _say(versions: set[str]) -> str:
    return ", ".join(sorted(versions))
