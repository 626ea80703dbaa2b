"""The lowest layer of the images for a real engine: this machine's own Python, so that nothing has to be pulled."""

import gzip
import hashlib
import importlib.util
import io
import json
import re
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("psycopg", "psycopg_binary", "psycopg_binary.libs", "typing_extensions.py")
# What no server of ours needs, by the beginning of its name; it is most of the library's size.
LEFT_OUT = (
    "_ctypes_test", "_curses", "_sqlite3", "_test", "_tkinter", "_xxtest", "config-", "curses", "dist-packages",
    "distutils", "ensurepip", "idlelib", "lib2to3", "pydoc_data", "site-packages", "sqlite3", "test", "tkinter",
    "turtledemo", "unittest",
)  # fmt: skip
PACKAGES_FOLDER = Path("/packages")
LIBRARY = re.compile(r"(?:=> )?(/\S+) \(0x")


@dataclass(frozen=True, slots=True)
class Layer:
    """A packed layer, and the digest of what it unpacks to."""

    packed: bytes
    diff_id: str


@dataclass(frozen=True, slots=True)
class Base:
    """What an image stands on: its layers from the lowest up, and the environment that they need."""

    layers: tuple[Layer, ...] = ()
    environment: tuple[str, ...] = ()


NOTHING = Base()


def pack(files: Iterator[tuple[Path, Path]] | list[tuple[Path, Path]]) -> Layer:
    """Return a layer of plain files, each given as where it is here and where it shall be."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", dereference=True) as archive:
        for source, target in files:
            archive.add(source, arcname=str(target).lstrip("/"), recursive=False)
    return packed(buffer.getvalue())


def packed(archive: bytes) -> Layer:
    """Return an archive as a layer."""
    return Layer(gzip.compress(archive, compresslevel=1, mtime=0), "sha256:" + hashlib.sha256(archive).hexdigest())


def kept_base(folder: Path) -> Base:
    """Return this Python as it was packed into the folder before, or pack it now."""
    archive, facts = folder / "base.tar.gz", folder / "base.json"
    if not facts.exists():
        base = python_base()
        archive.write_bytes(base.layers[0].packed)
        facts.write_text(json.dumps({"diff_id": base.layers[0].diff_id, "environment": base.environment}))
        return base
    known = json.loads(facts.read_text())
    return Base((Layer(archive.read_bytes(), known["diff_id"]),), tuple(known["environment"]))


def python_base() -> Base:
    """Return this Python with its library and the driver of the database, each file at the place it has here."""
    program = Path(sys.executable).resolve()
    library = Path(sysconfig.get_path("stdlib"))
    files = {source: source for source in _plain_files(library)}
    files |= dict(_packages())
    for source in _libraries([program, *(path for path in files if ".so" in path.suffixes)]):
        files.setdefault(source, source)
    pairs = [(program, program.with_name("python")), *files.items()]
    environment = (
        f"PATH={program.parent}:/usr/bin:/bin",
        f"PYTHONPATH={PACKAGES_FOLDER}",
        "PYTHONUNBUFFERED=1",
        "ADDRESS=0.0.0.0",
    )
    return Base((pack(pairs),), environment)


def _plain_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(LEFT_OUT) or ".opt-" in path.name:
            continue
        if path.is_dir():
            yield from _plain_files(path)
        else:
            yield path


def _packages() -> Iterator[tuple[Path, Path]]:
    found = importlib.util.find_spec("psycopg")
    if found is None or found.origin is None:
        raise FileNotFoundError("the package psycopg is not installed; install the group `lab`")
    folder = Path(found.origin).parent.parent
    for name in PACKAGES:
        path = folder / name
        for source in _plain_files(path) if path.is_dir() else [path]:
            yield source, PACKAGES_FOLDER / source.relative_to(folder)


def _libraries(programs: list[Path]) -> Iterator[Path]:
    """The shared libraries that the programs load; those of a package travel with the package."""
    said = subprocess.run(["ldd", *map(str, programs)], capture_output=True, text=True, timeout=60, check=False)
    for name in sorted(set(LIBRARY.findall(said.stdout))):
        if not any(part.endswith(".libs") for part in Path(name).parts):
            yield Path(name)
