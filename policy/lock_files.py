"""Which dependencies a lock file names, in which versions, and which of them the project asks for itself (1.2.3)."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import yaml

from policy.breaks import Unreadable

_PNPM_VERSIONS = ("6.", "9.")
_NPM_VERSIONS = (2, 3)
_DIRECT = ("dependencies", "devDependencies", "optionalDependencies")
_CONFLICT = re.compile(r"^<{7} ", re.MULTILINE)
_YARN_HEADER = re.compile(r'(?P<names>(?:"[^"\n]+"|[^\s"#:,][^\s",]*)(?:,\s*(?:"[^"\n]+"|[^\s",]+))*):\s*')
# What pnpm writes behind an address: the peers with their versions, or a hash of either.
_PEER = re.compile(r"\((?:@?[^@()]+@|patch_hash=|[0-9a-z]{26,64}\))")
# The version that yarn gives to what lies in the repository, and what it does not escape in the place of a project.
_NO_VERSION, _KEPT_BY_YARN = "0.0.0-use.local", "!~*'()"
_YARN_VERSION = re.compile(r'  version "?([^"\n]+?)"?\s*')


@dataclass(slots=True)
class Locked:
    """Every package of a lock file with its versions.

    `direct` holds what each project of the repository asks for itself, under (project, dependency);
    `tells_apart` is false where the file does not say which those are: then each may be.
    """

    direct: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    packages: dict[str, set[str]] = field(default_factory=dict)
    tells_apart: bool = True


def read_lock_file(path: str, text: str) -> Locked:
    """Return what the lock file names; Unreadable when it is of another kind or version, or broken."""
    reader = _READERS.get(_file_name(path))
    if reader is None:
        raise Unreadable(f"{path} is no lock file of pnpm, npm or yarn")
    if _CONFLICT.search(text):
        raise Unreadable(f"{path} holds the marks of a merge conflict")
    try:
        return reader(path, text)
    except Unreadable:
        raise
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError, yaml.YAMLError) as error:
        raise Unreadable(f"{path} cannot be read: {type(error).__name__}") from error


def is_lock_file(path: str) -> bool:
    """Whether this is a lock file that can be read here."""
    return _file_name(path) in _READERS


def _file_name(path: str) -> str:
    return path.rpartition("/")[2]


def _read_pnpm(path: str, text: str) -> Locked:
    content = _read_last_document(path, text)
    version = str(content.get("lockfileVersion", "none"))
    if not version.startswith(_PNPM_VERSIONS):
        raise Unreadable(f"{path} has lockfileVersion {version}; 6 and 9 are read")
    locked = Locked()
    for project, importer in (content.get("importers") or {".": content}).items():
        for group in _DIRECT:
            for name, entry in (importer.get(group) or {}).items():
                locked.direct[project, name] = {_pnpm_version(str(entry["version"]))}
    for key in content.get("packages") or {}:
        name, exact = _split(_without_peers(key))
        locked.packages.setdefault(name, set()).add(exact)
    return locked


def _pnpm_version(entry: str) -> str:
    """Return the version of an entry; an alias keeps the name of the package behind it, such as preact@10.0.0.

    An address may hold brackets of its own: of `file:packages/(old)/shared(react@18.2.0)` only the peers go.
    """
    if ":" not in entry.partition("(")[0]:
        return _without_peers(entry)
    while (begin := _begin_of_last_group(entry)) and _PEER.match(entry, begin):
        entry = entry[:begin]
    return entry


def _begin_of_last_group(text: str) -> int:
    """Return where the brackets open that close at the end of the text; 0 where it ends with none."""
    depth = 0
    for place in range(len(text) - 1, 0, -1):
        depth += (text[place] == ")") - (text[place] == "(")
        if depth == 0:
            return place if text[place] == "(" else 0
    return 0


def _without_peers(text: str) -> str:
    """Drop what pnpm adds: `/react-dom@18.2.0(react@18.2.0)` is react-dom@18.2.0."""
    return text.partition("(")[0].removeprefix("/")


def _read_npm(path: str, text: str) -> Locked:
    content = json.loads(text)
    version = content.get("lockfileVersion")
    if version not in _NPM_VERSIONS:
        raise Unreadable(f"{path} has lockfileVersion {version}; 2 and 3 are read")
    packages: Mapping[str, Any] = content["packages"]
    locked = Locked()
    for place, entry in packages.items():
        if "node_modules/" in place:
            if not entry.get("link"):
                name = entry.get("name") or place.rpartition("node_modules/")[2]
                locked.packages.setdefault(name, set()).add(str(entry["version"]))
            continue
        for name in [name for group in _DIRECT for name in entry.get(group) or {}]:
            found = next((packages[one] for one in _npm_places(place, name) if one in packages), None)
            if found is not None:
                locked.direct[place or ".", name] = {_npm_version(found, name)}
    return locked


def _npm_places(project: str, name: str) -> Iterator[str]:
    """Give the places in which Node looks for a package, the nearest first."""
    parts = project.split("/") if project else []
    for depth in range(len(parts), -1, -1):
        yield "/".join((*parts[:depth], "node_modules", name))


def _npm_version(entry: Mapping[str, Any], name: str) -> str:
    if entry.get("link"):
        return f"link:{entry['resolved']}"
    behind = entry.get("name", name)
    return str(entry["version"]) if behind == name else f"{behind}@{entry['version']}"


def _read_yarn(path: str, text: str) -> Locked:
    if "__metadata:" in text:
        return _read_yarn_berry(path, text)
    if "# yarn lockfile v1" not in text:
        raise Unreadable(f"{path} does not say which version of yarn wrote it")
    locked = Locked(tells_apart=False)
    name: str | None = None
    for line in text.splitlines():
        if header := _YARN_HEADER.fullmatch(line):
            name = _behind(header["names"].partition(",")[0].strip('"'))
        elif name is not None and (version := _YARN_VERSION.fullmatch(line)):
            locked.packages.setdefault(name, set()).add(version[1])
            name = None
    locked.direct = {(".", name): versions for name, versions in locked.packages.items()}
    return locked


def _read_yarn_berry(path: str, text: str) -> Locked:
    entries = {key: entry for key, entry in _read_yaml(path, text).items() if key != "__metadata"}
    wanted_by = {one.strip(): entry for key, entry in entries.items() for one in key.split(",")}
    locked = Locked()
    for entry in entries.values():
        name, resolved = _split(entry["resolution"])
        if not resolved.startswith("workspace:"):
            locked.packages.setdefault(name, set()).add(_berry_version(entry, name))
            continue
        for wanted_name, wanted in (entry.get("dependencies") or {}).items():
            descriptor = f"{wanted_name}@{wanted if ':' in wanted else f'npm:{wanted}'}"
            found = _find_berry(wanted_by, descriptor, entry["resolution"])
            versions = {_berry_version(one, wanted_name) for one in found}
            locked.direct[resolved.removeprefix("workspace:"), wanted_name] = versions
            locked.tells_apart = locked.tells_apart and len(versions) == 1
    return locked


def _find_berry(wanted_by: Mapping[str, Mapping[str, Any]], descriptor: str, locator: str) -> list[Mapping[str, Any]]:
    """Return the entry of what a project wants; each of that name where `resolutions` put another in its place."""
    bound = f"{descriptor}::locator={quote(locator, safe=_KEPT_BY_YARN)}"
    if found := wanted_by.get(descriptor) or wanted_by.get(bound):
        return [found]
    name, _ = _split(descriptor)
    named = [entry for one, entry in wanted_by.items() if _split(one)[0] == name]
    if not named:
        raise LookupError(name)
    return named


def _berry_version(entry: Mapping[str, Any], wanted_name: str) -> str:
    """Return the version; what lies in the repository has none, but a place."""
    behind, source = _split(entry["resolution"])
    version = str(entry["version"])
    if source.startswith("workspace:") or version == _NO_VERSION:
        version = source.partition("::")[0]
    return version if behind == wanted_name else f"{behind}@{version}"


def _behind(descriptor: str) -> str:
    """Return the package of a descriptor such as `@babel/core@^7.0.0`, or behind an alias `react@npm:preact@10`."""
    name, wanted = _split(descriptor)
    return _split(wanted.removeprefix("npm:"))[0] if wanted.startswith("npm:") and "@" in wanted[5:] else name


def _split(descriptor: str) -> tuple[str, str]:
    """Split at the first @ that does not begin a scope."""
    name, _, rest = descriptor[1:].partition("@")
    return descriptor[:1] + name, rest


def _read_yaml(path: str, text: str) -> Mapping[str, Any]:
    """Read YAML with the loader in C: a megabyte takes a second with it and twenty without."""
    return _as_table(path, yaml.load(text, Loader=yaml.CSafeLoader))


def _read_last_document(path: str, text: str) -> Mapping[str, Any]:
    """Read the project's document: since pnpm 11 one about pnpm itself and its configuration may stand before it."""
    documents = list(yaml.load_all(text, Loader=yaml.CSafeLoader))
    return _as_table(path, documents[-1] if documents else None)


def _as_table(path: str, content: object) -> Mapping[str, Any]:
    if not isinstance(content, Mapping):
        raise Unreadable(f"{path} holds no table")
    return content


_READERS: Mapping[str, Callable[[str, str], Locked]] = {
    "pnpm-lock.yaml": _read_pnpm,
    "package-lock.json": _read_npm,
    "npm-shrinkwrap.json": _read_npm,
    "yarn.lock": _read_yarn,
}
