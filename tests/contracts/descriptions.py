"""Where the vendors' own descriptions of their interfaces lie, and how one is read."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from graphql import GraphQLSchema, build_schema

VARIABLE = "COUNTERSIGN_API_DESCRIPTIONS"
BESIDE_THE_PROJECT = Path("../shared/api")
ROOT = Path(__file__).parents[2]
HOW_TO_GET_THEM = (
    f"needs the vendors' descriptions: docs/contracts-sources.md says where each comes from; put them into one "
    f"folder and name it in {VARIABLE}"
)


def folder() -> Path | None:
    """The folder with the descriptions, or None where there is none; one that is named and absent is an error."""
    if named := os.environ.get(VARIABLE):
        if not Path(named).is_dir():
            raise NotADirectoryError(f"{VARIABLE} names {named}, which is no folder")
        return Path(named)
    usual = (ROOT / BESIDE_THE_PROJECT).resolve()
    return usual if usual.is_dir() else None


@cache
def read_openapi(name: str) -> dict[str, Any]:
    """An OpenAPI description as it was published."""
    described: dict[str, Any] = json.loads(_path(name).read_text(encoding="utf-8"))
    return described


@cache
def read_schema(name: str) -> GraphQLSchema:
    """A GraphQL schema as it was published."""
    return build_schema(
        _path(name).read_text(encoding="utf-8"), assume_valid=True, assume_valid_sdl=True, no_location=True
    )


def _path(name: str) -> Path:
    found = folder()
    if found is None:
        raise FileNotFoundError(HOW_TO_GET_THEM)
    return found / name
