"""Where something is: an address of the web, a path on a machine; nothing else is taken for one."""

from pathlib import PurePosixPath
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import BeforeValidator

from policy.typed import refusal

_URL = "an address that begins with http:// or https:// and names a host"
_PATH = "an absolute path, which begins with /"
_PROGRAM = "the name of a program, or its absolute path"


def _read_url(value: object) -> object:
    """A password in an address would be saved in Prefect with it, so neither is taken nor repeated."""
    if not isinstance(value, str):
        return value
    parts = _split(value)
    if "@" in value.partition("://")[2].partition("/")[0]:
        raise refusal(f"expected {_URL}, without user and password, found one with both, which is not shown")
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or value.split() != [value]:
        raise refusal(f"expected {_URL}, found {value!r}")
    return value


def _read_url_if_any(value: object) -> object:
    return value if value == "" else _read_url(value)


def _split(value: str) -> SplitResult | None:
    """Return the parts of the address; None where its port or its host cannot be one."""
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return None
    return None if port == 0 else parts


def _read_path(value: object) -> object:
    if isinstance(value, str) and not PurePosixPath(value).is_absolute():
        raise refusal(f"expected {_PATH}, found {value!r}")
    return value


def _read_program(value: object) -> object:
    if isinstance(value, str) and "/" in value and not PurePosixPath(value).is_absolute():
        raise refusal(f"expected {_PROGRAM}, found {value!r}")
    return value


Url = Annotated[str, BeforeValidator(_read_url)]
UrlOrNothing = Annotated[str, BeforeValidator(_read_url_if_any)]
AbsolutePath = Annotated[str, BeforeValidator(_read_path)]
Program = Annotated[str, BeforeValidator(_read_program)]
