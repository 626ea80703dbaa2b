"""Builds images of the application: manifest, configuration and layers, in a registry."""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from lab.base_image import NOTHING, Base, packed
from lab.dockerfile import UnbuildableError, read_dockerfile
from lab.history import History
from lab.home import REPOSITORY

SOURCE = Path(__file__).with_name("application")
FAULTS = (
    "unhealthy",
    "slow",
    "errors",
    "crash",
    "wrong-version",
    "leak",
    "no-audit",
    "slow-query",
    "stubborn",
    "names-a-room",
)
ONLY = " in production"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


class UnknownFaultError(ValueError):
    """There is no such fault; the message lists those that exist."""


@dataclass(frozen=True, slots=True)
class Image:
    """What a build left in the registry."""

    commit: str
    digest: str


class Storage(Protocol):
    """Where images lie."""

    @property
    def base(self) -> Base:
        """What every image stands on."""

    def add_blob(self, content: bytes) -> str:
        """Keep content under its digest."""

    def add_manifest(self, content: bytes, tags: tuple[str, ...]) -> str:
        """Keep a manifest and let the tags name it."""

    def digest(self, tag: str) -> str | None:
        """Return the digest that a tag names."""

    def remove(self, tag: str) -> str | None:
        """Remove a manifest and every tag that names it; return its digest."""


class Shelf:
    """The registry's folder: blobs by digest, manifests by digest, tags. The stand-in needs no base."""

    base = NOTHING

    def __init__(self, folder: Path) -> None:
        self._blobs = folder / "blobs"
        self._manifests = folder / "manifests"
        self._tags = folder / "tags"
        for part in (self._blobs, self._manifests, self._tags):
            part.mkdir(parents=True, exist_ok=True)

    def add_blob(self, content: bytes) -> str:
        """Keep content under its digest."""
        return _keep(self._blobs, content)

    def blob(self, digest: str) -> bytes | None:
        """Return a blob, if it is here."""
        return _read(self._blobs / digest.removeprefix("sha256:"))

    def manifest(self, reference: str) -> bytes | None:
        """Return the manifest that a tag or a digest names, if it is here."""
        if reference.startswith("sha256:"):
            return _read(self._manifests / reference.removeprefix("sha256:"))
        digest = _read(self._tags / reference)
        return digest and self.manifest(digest.decode())

    def add_manifest(self, content: bytes, tags: tuple[str, ...]) -> str:
        """Keep a manifest and let the tags name it."""
        digest = _keep(self._manifests, content)
        for tag in tags:
            (self._tags / tag).write_text(digest)
        return digest

    def digest(self, tag: str) -> str | None:
        """Return the digest that a tag names."""
        found = _read(self._tags / tag)
        return found.decode() if found else None

    def tags(self) -> list[str]:
        """Return all tags."""
        return sorted(path.name for path in self._tags.iterdir())

    def remove(self, tag: str) -> str | None:
        """Remove a manifest and every tag that names it; return its digest."""
        digest = _read(self._tags / tag)
        if digest is None:
            return None
        (self._manifests / digest.decode().removeprefix("sha256:")).unlink(missing_ok=True)
        for path in self._tags.iterdir():
            if path.read_bytes() == digest:
                path.unlink()
        return digest.decode()


def _keep(folder: Path, content: bytes) -> str:
    name = hashlib.sha256(content).hexdigest()
    (folder / name).write_bytes(content)
    return "sha256:" + name


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def build(
    storage: Storage,
    commit: str,
    *,
    tags: tuple[str, ...] = (),
    fault: str | None = None,
    boot_seconds: float = 0,
) -> Image:
    """Build the image of a commit; a fault is baked into it, and `crash in production` does not show on staging."""
    if fault is not None and fault.removesuffix(ONLY) not in FAULTS:
        raise UnknownFaultError(f"fault {fault!r} is not one of {', '.join(FAULTS)}")
    settings = {"VERSION": commit, "FAULT": fault or "", "BOOT_SECONDS": str(boot_seconds)}
    files = {f"application/{path.name}": path.read_bytes() for path in sorted(SOURCE.glob("*.py"))}
    digest = assemble(storage, commit, ["python", "-m", "application"], settings, files, tags=(commit, *tags))
    return Image(commit, digest)


def build_own(storage: Storage, history: History, commit: str, source: str) -> Image:
    """Build the image of a commit of somebody's own application, as its Dockerfile says."""
    names = history.git("ls-tree", "-r", "--name-only", commit).splitlines()
    if "Dockerfile" not in names:
        raise UnbuildableError(f"{commit[:7]} has no Dockerfile")
    files = {name: history.git_bytes("cat-file", "blob", f"{commit}:{name}") for name in names}
    built = read_dockerfile(files["Dockerfile"].decode(), {"VERSION": commit})
    digest = assemble(storage, commit, built.command, built.environment, files, tags=(commit,), source=source)
    return Image(commit, digest)


def assemble(
    storage: Storage,
    commit: str,
    command: list[str],
    settings: Mapping[str, str],
    files: Mapping[str, bytes],
    *,
    tags: tuple[str, ...],
    source: str = f"holilabs/{REPOSITORY}",
) -> str:
    """Lay files over the base, store the image that runs the command there, and return its digest."""
    layers = [*storage.base.layers, packed(_archive(files))]
    config: dict[str, Any] = {
        "architecture": "amd64",
        "os": "linux",
        "config": {
            "Env": [*storage.base.environment, *(f"{name}={value}" for name, value in settings.items())],
            "Cmd": command,
            "ExposedPorts": {"3000/tcp": {}},
            "Labels": {
                "org.opencontainers.image.revision": commit,
                "org.opencontainers.image.source": f"https://github.com/{source}",
            },
        },
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
    }
    content = json.dumps(config, sort_keys=True).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, "size": len(content), "digest": storage.add_blob(content)},
        "layers": [
            {"mediaType": LAYER, "size": len(layer.packed), "digest": storage.add_blob(layer.packed)}
            for layer in layers
        ],
    }
    return storage.add_manifest(json.dumps(manifest, indent=3).encode(), tags)


def _archive(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
