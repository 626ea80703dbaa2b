"""The registry for a real engine: Debian's `docker-registry` with a password, filled over its own protocol."""

import hashlib
import subprocess
from functools import cached_property

import bcrypt
import httpx

from lab.base_image import Base, kept_base
from lab.docker_engine import find
from lab.home import REPOSITORY, Home
from lab.image_builder import MANIFEST
from lab.processes import LabError, end, spawn, wait_until

CONFIG = """\
version: 0.1
log: {{level: warn}}
storage:
  filesystem: {{rootdirectory: {folder}}}
  delete: {{enabled: true}}
http: {{addr: "127.0.0.1:{port}"}}
auth:
  htpasswd: {{realm: Registry Realm, path: {passwords}}}
"""
USER = "ci"


class DockerRegistry:
    """One registry of the lab; its images stand on this machine's Python."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._folder = home.folder("docker-registry", mode=0o700)
        self._password = home.secret("REGISTRY_PASSWORD")
        self._client = httpx.Client(
            base_url=home.url("registry"),
            auth=(USER, self._password),
            timeout=30,
            limits=httpx.Limits(max_keepalive_connections=0),
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._here: set[str] = set()

    @cached_property
    def base(self) -> Base:
        """This Python, packed at the first asking and kept."""
        return kept_base(self._folder)

    def start(self) -> None:
        """Start the registry, which only who knows the password enters, and put the base there."""
        # The lowest cost: the lab asks some hundred times a minute, and each answer hashes the password once.
        digest = bcrypt.hashpw(self._password.encode(), bcrypt.gensalt(rounds=4, prefix=b"2a")).decode()
        passwords = self._folder / "passwords"
        passwords.touch(mode=0o600)
        passwords.write_text(f"{USER}:{digest}\n")
        config = self._folder / "config.yml"
        port = self._home.ports["registry"]
        config.write_text(CONFIG.format(folder=self._home.registry, port=port, passwords=passwords))
        self._process = spawn(self._home, "registry", [str(find("docker-registry")), "serve", str(config)])
        wait_until("the registry answers", self._answers, seconds=60, home=self._home)
        for layer in self.base.layers:
            self.add_blob(layer.packed)

    def _answers(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise LabError(f"docker-registry ended at once; see {self._home.logs}")
        try:
            return self._client.get("/v2/").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """Stop the registry."""
        end(self._process, grace=2)
        self._client.close()

    def add_blob(self, content: bytes) -> str:
        """Keep content under its digest."""
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        if digest not in self._here and self._client.head(self._path("blobs", digest)).status_code != httpx.codes.OK:
            begun = self._client.post(self._path("blobs", "uploads/"))
            place = httpx.URL(_accepted(begun).headers["Location"]).copy_merge_params({"digest": digest})
            _accepted(self._client.put(place, content=content))
        self._here.add(digest)
        return digest

    def add_manifest(self, content: bytes, tags: tuple[str, ...]) -> str:
        """Keep a manifest and let the tags name it."""
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        for name in (digest, *tags):
            headers = {"Content-Type": MANIFEST}
            _accepted(self._client.put(self._path("manifests", name), content=content, headers=headers))
        return digest

    def digest(self, tag: str) -> str | None:
        """Return the digest that a tag names."""
        answer = self._client.head(self._path("manifests", tag), headers={"Accept": MANIFEST})
        return answer.headers["Docker-Content-Digest"] if answer.is_success else None

    def remove(self, tag: str) -> str | None:
        """Remove a manifest and every tag that names it; return its digest."""
        digest = self.digest(tag)
        if digest:
            _accepted(self._client.delete(self._path("manifests", digest)))
        return digest

    @staticmethod
    def _path(kind: str, name: str) -> str:
        return f"/v2/{REPOSITORY}/{kind}/{name}"


def _accepted(answer: httpx.Response) -> httpx.Response:
    if not answer.is_success:
        asked = f"{answer.request.method} {answer.request.url.path}"
        raise LabError(f"the registry did not accept {asked}: {answer.status_code} {answer.text[:200]}")
    return answer
