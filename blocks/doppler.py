"""Doppler: which secrets one config has, by name, and what a feature flag says.

Follows Doppler's API description (core v4). It describes 200 only: what a limit or a refusal looks like is not known,
so they are read by their status alone. No value is asked for but that of a name that the settings call a flag.
"""

import re
from collections.abc import Collection
from typing import ClassVar, TypeVar

from pydantic import BaseModel, Field, HttpUrl

from blocks.errors import Misconfigured, Unreachable
from blocks.vendor_block import VendorBlock

_SCOPE = "read access to the config"


class _Names(BaseModel):
    names: list[str]


class _Value(BaseModel):
    computed: str | None = None


class _Secret(BaseModel):
    name: str
    value: _Value


_Shape = TypeVar("_Shape", _Names, _Secret)


class Doppler(VendorBlock):
    """One config of one project in Doppler."""

    _block_type_name = "Countersign Doppler"
    _block_type_slug = "countersign-doppler"
    _description = "Names of secrets and values of feature flags in one config."
    _documentation_url = HttpUrl("https://docs.doppler.com/reference/api")
    _code_example = """
    ```python
    from blocks.doppler import Doppler

    doppler = Doppler.load("BLOCK_NAME")
    doppler.list_names()
    ```"""
    called: ClassVar[str] = "Doppler"

    url: str = Field(default="https://api.doppler.com", description="Address of Doppler's API, without /v3.")
    token: str = Field(default="DOPPLER_TOKEN", description="Name of the secret that holds the token.")
    project: str = Field(description="Name of the project.")
    config: str = Field(description="Name of the config of production, such as prd.")
    flags: str = Field(
        default=r"^(FEATURE|FLAG)_", description="Pattern of the names that are flags; only their values are read."
    )

    def list_names(self) -> tuple[str, ...]:
        """The name of every secret in the config; no value is asked for."""
        return tuple(sorted(self._ask("secrets/names", _Names).names))

    def read_flags(self, wanted: Collection[str]) -> dict[str, str | None]:
        """Every name in the config; with its value where it is wanted and is a flag, else with None."""
        return {
            name: self._value(name) if name in wanted and re.search(self.flags, name) else None
            for name in self.list_names()
        }

    def _value(self, name: str) -> str | None:
        found = self._ask("secret", _Secret, name=name)
        if found.name != name:
            raise Unreachable(f"Doppler was asked for {name} and answered with another name")
        return found.value.computed

    def _ask(self, path: str, shape: type[_Shape], **more: str) -> _Shape:
        query = {"project": self.project, "config": self.config, **more}
        answer = self._vendor.ask("GET", f"/v3/configs/config/{path}", query=query, scope=_SCOPE, understood=(404,))
        if answer.status == 404:
            raise Misconfigured(
                f"Doppler has no config {self.config} in a project {self.project} that the secret {self.token} may read"
            )
        return answer.read(shape)
