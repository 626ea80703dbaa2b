"""Images on one host: pulled over the registry protocol, each digest checked, unpacked into a folder."""

import base64
import hashlib
import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

from lab.engine.refusal import RefusedError

REFERENCE = re.compile(r"^([\w.-]+:\d+)/([a-z0-9][\w./-]*?)(?::([\w][\w.-]{0,127})|@(sha256:[0-9a-f]{64}))$")
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


class Images:
    """What `docker image` shows of one host."""

    def __init__(self, host: Path) -> None:
        self._host = host
        self._folder = host / "engine" / "images"
        self._index = host / "engine" / "references.json"

    def references(self) -> dict[str, str]:
        """Return each known reference with the identity of its image."""
        return dict(json.loads(self._index.read_text())) if self._index.exists() else {}

    def find(self, reference: str) -> str | None:
        """Return the identity of an image that is on this host."""
        if (self._folder / reference.removeprefix("sha256:")).is_dir():
            return "sha256:" + reference.removeprefix("sha256:")
        return self.references().get(reference)

    def config(self, identity: str) -> dict[str, Any]:
        """Return the configuration that the image was built with."""
        path = self._folder / identity.removeprefix("sha256:") / "config.json"
        return dict(json.loads(path.read_text())["config"])

    def files(self, identity: str) -> Path:
        """Return the folder that holds the unpacked image."""
        return self._folder / identity.removeprefix("sha256:") / "files"

    def inspect(self, reference: str) -> dict[str, Any]:
        """Return what `docker image inspect` says."""
        identity = self.find(reference)
        if identity is None:
            raise RefusedError(f"Error: No such image: {reference}")
        known = [name for name, image in self.references().items() if image == identity]
        return {
            "Id": identity,
            "RepoTags": [name for name in known if "@" not in name],
            "RepoDigests": [name for name in known if "@" in name],
            "Config": self.config(identity),
        }

    def pull(self, reference: str) -> str:
        """Fetch manifest, configuration and layers; return the digest."""
        match = REFERENCE.match(reference)
        if match is None:
            raise RefusedError("invalid reference format")
        registry, name, tag, digest = match.groups()
        body = self._get(registry, f"/v2/{name}/manifests/{digest or tag}")
        found = "sha256:" + hashlib.sha256(body).hexdigest()
        if digest and found != digest:
            raise RefusedError(f"manifest verification failed for digest {digest}")
        manifest = json.loads(body)
        if (self._host / "disk-full").exists():
            raise RefusedError("failed to register layer: write /app/app.py: no space left on device")
        identity = str(manifest["config"]["digest"])
        self._unpack(registry, name, manifest, self._folder / identity.removeprefix("sha256:"))
        self._remember({reference: identity, f"{registry}/{name}@{found}": identity})
        return found

    def add_built(self, base: str, config: dict[str, Any], files: list[tuple[Path, bytes]], name: str) -> str:
        """Keep an image that was built here over another, under a name; return its identity."""
        builder = import_module("lab.engine.builder")
        identity = str(builder.identity_of(base, config, files))
        if (self._host / "disk-full").exists():
            raise RefusedError("failed to solve: write /app/app.py: no space left on device")
        folder = self._folder / identity.removeprefix("sha256:")
        if not (folder / "config.json").exists():
            builder.lay_out(folder, self.files(base), config, files)
        self._remember({name: identity})
        return identity

    def _unpack(self, registry: str, name: str, manifest: dict[str, Any], folder: Path) -> None:
        if (folder / "config.json").exists():
            return
        (folder / "files").mkdir(parents=True, exist_ok=True)
        for layer in manifest["layers"]:
            content = self._blob(registry, name, layer["digest"])
            import_module("lab.engine.registry_client").unpack(content, folder / "files")
        (folder / "config.json").write_bytes(self._blob(registry, name, manifest["config"]["digest"]))

    def _remember(self, new: dict[str, str]) -> None:
        draft = self._index.with_suffix(".draft")
        draft.write_text(json.dumps({**self.references(), **new}, indent=1))
        draft.replace(self._index)

    def _blob(self, registry: str, name: str, digest: str) -> bytes:
        content = self._get(registry, f"/v2/{name}/blobs/{digest}")
        if "sha256:" + hashlib.sha256(content).hexdigest() != digest:
            raise RefusedError(f"filesystem layer verification failed for digest {digest}")
        return content

    def _get(self, registry: str, path: str) -> bytes:
        # Only a pull needs HTTP, and loading it takes longer than all that the other commands do.
        client = import_module("lab.engine.registry_client")
        return bytes(client.get(registry, path, {"Accept": MANIFEST, **self._credentials(registry)}))

    def _credentials(self, registry: str) -> dict[str, str]:
        path = self._host / ".docker" / "config.json"
        known = json.loads(path.read_text())["auths"] if path.exists() else {}
        auth = known.get(registry, {}).get("auth")
        return {"Authorization": f"Basic {auth}"} if auth else {}


def write_credentials(host: Path, registry: str, user: str, password: str) -> None:
    """Leave what `docker login` leaves in a home folder."""
    path = host / ".docker" / "config.json"
    path.parent.mkdir(exist_ok=True)
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    path.touch(mode=0o600)
    path.write_text(json.dumps({"auths": {registry: {"auth": auth}}}))
