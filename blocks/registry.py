"""The registry of images, spoken to in the distribution protocol (version 2).

Follows https://distribution.github.io/distribution/spec/api/. An image is found by the commit as its tag.
"""

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from pydantic import Field, PrivateAttr

from blocks.company_block import CompanyBlock
from blocks.credentials import read_secret
from blocks.errors import Refused, Unreachable
from blocks.one_request import send_once
from blocks.registry_login import RegistryLogin

_ACCEPT = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)


class Registry(CompanyBlock):
    """One repository of images."""

    _block_type_name = "Countersign registry"
    _block_type_slug = "countersign-registry"

    url: str = Field(description="The address of the registry, such as https://registry.example.com.")
    name: str = Field(description="The repository as Docker spells it, such as registry.example.com/web.")
    user: str = Field(description="The user to log in as.")
    password: str = Field(description="The name of the secret that holds the user's password.")
    secrets_folder: str | None = Field(default=None, description="The folder of secret files on the worker.")
    platform: str = Field(default="linux/amd64", description="The platform of the servers, as Docker spells it.")
    patience: timedelta = Field(default=timedelta(seconds=10), description="How long one answer may take.")

    _login: RegistryLogin = PrivateAttr(default_factory=RegistryLogin)

    def find_digest(self, tag: str) -> str | None:
        """Return the digest that `tag` names now, if there is such a tag."""
        answer = self._ask("GET", f"manifests/{tag}")
        return None if answer is None else _digest(answer.content)

    def can_pull(self, digest: str) -> bool:
        """Return whether the manifest, the configuration and every layer are there."""
        manifest = self._read_manifest(digest)
        if manifest is None:
            return False
        parts = [manifest["config"]["digest"], *(layer["digest"] for layer in manifest["layers"])]
        return all(self._ask("HEAD", f"blobs/{part}") is not None for part in parts)

    def _read_manifest(self, digest: str) -> dict[str, Any] | None:
        """The manifest of one platform; behind an index stands one for each."""
        answer = self._ask("GET", f"manifests/{digest}")
        if answer is None:
            return None
        manifest = self._json(answer)
        if "manifests" not in manifest:
            return self._checked(manifest)
        for entry in manifest["manifests"]:
            of = entry.get("platform", {})
            if f"{of.get('os')}/{of.get('architecture')}" == self.platform:
                return self._read_manifest(entry["digest"])
        return None

    def _checked(self, manifest: dict[str, Any]) -> dict[str, Any]:
        if "config" not in manifest or "layers" not in manifest:
            raise Unreachable(f"registry: a manifest of {self.name} lacks its configuration or its layers")
        return manifest

    def _json(self, answer: httpx.Response) -> dict[str, Any]:
        try:
            body = answer.json()
        except ValueError as error:
            raise Unreachable(f"registry: {answer.request.url.path} was answered with no JSON") from error
        if not isinstance(body, dict):
            raise Unreachable(f"registry: {answer.request.url.path} was answered with no JSON object")
        return body

    def _ask(self, method: str, path: str) -> httpx.Response | None:
        """The answer; None if there is no such thing."""
        folder = Path(self.secrets_folder) if self.secrets_folder else None
        self._login.user, self._login.password = self.user, read_secret(self.password, folder).get_secret_value()
        try:
            answer = send_once(
                method,
                f"{self.url.rstrip('/')}/v2/{self.name.partition('/')[2]}/{path}",
                patience=self.patience,
                headers={"Accept": _ACCEPT},
                auth=self._login,
            )
        except httpx.HTTPError as error:
            raise Unreachable(f"registry {self.url}: {type(error).__name__}: {error}") from error
        if answer.status_code == 404:
            return None
        if answer.status_code >= 500 or answer.status_code == 429:
            raise Unreachable(f"registry {self.url}: {path} was answered with {answer.status_code}")
        if answer.status_code != 200:
            raise Refused(f"registry {self.url}: {path} was refused with {answer.status_code} for {self.user}")
        return answer


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
