"""Secrets by name: the value comes from the environment or from a file that only its user may read."""

import os
import re
import stat
from pathlib import Path

from pydantic import SecretStr

from blocks.errors import Misconfigured

_MODE = 0o600
_NAME = re.compile(r"[A-Za-z0-9_]+")


def read_secret(name: str, folder: Path | None) -> SecretStr:
    """The value of the secret `name`; the environment goes before the file."""
    if not _NAME.fullmatch(name):
        raise Misconfigured(f"secret {name!r}: expected letters, digits and underscores")
    if value := os.environ.get(name):
        return SecretStr(value)
    if folder is None:
        raise Misconfigured(f"secret {name}: not in the environment, and no secrets folder is set")
    path = folder / name
    try:
        found = path.stat()
        mode = stat.S_IMODE(found.st_mode)
        if not stat.S_ISREG(found.st_mode):
            raise Misconfigured(f"secret {name}: {path} is not a file")
        if mode != _MODE:
            raise Misconfigured(f"secret {name}: {path} has mode {mode:04o}, expected {_MODE:04o}")
        value = path.read_text(encoding="utf-8").strip("\r\n")
    except FileNotFoundError:
        raise Misconfigured(f"secret {name}: neither in the environment nor in the file {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"secret {name}: {path} cannot be read ({type(error).__name__})") from None
    if not value:
        raise Misconfigured(f"secret {name}: {path} is empty")
    return SecretStr(value)
