"""Secrets by name: the value comes from the environment or from a file that only its user may read."""

import os
import stat
from pathlib import Path

from pydantic import SecretStr

from blocks.errors import Misconfigured
from policy.next_step import Cause, Kind
from policy.secret_name import EXPECTED, is_secret_name, say_unshown

_MODE = 0o600


def read_secret(name: str, folder: Path | None) -> SecretStr:
    """The value of the secret `name`; the environment goes before the file."""
    if not is_secret_name(name):
        raise Misconfigured(
            f"the name of a secret: expected {EXPECTED}, {say_unshown(name)}", cause=Cause(Kind.SECRET_MISNAMED, "")
        )
    if value := os.environ.get(name):
        return SecretStr(value)
    if folder is None:
        raise _ill(Kind.SECRET_WITHOUT_FOLDER, name, None, "not in the environment, and no secrets folder is set")
    path = folder / name
    try:
        found = path.stat()
        mode = stat.S_IMODE(found.st_mode)
        if not stat.S_ISREG(found.st_mode):
            raise _ill(Kind.SECRET_NO_FILE, name, path, f"{path} is not a file")
        if mode != _MODE:
            raise _ill(Kind.SECRET_MODE, name, path, f"{path} has mode {mode:04o}, expected {_MODE:04o}")
        value = path.read_text(encoding="utf-8").strip("\r\n")
    except FileNotFoundError:
        said = f"neither in the environment nor in the file {path}"
        raise _ill(Kind.SECRET_ABSENT, name, path, said) from None
    except (OSError, UnicodeDecodeError) as error:
        said = f"{path} cannot be read ({type(error).__name__})"
        raise _ill(Kind.SECRET_UNREADABLE, name, path, said) from None
    if not value:
        raise _ill(Kind.SECRET_EMPTY, name, path, f"{path} is empty")
    return SecretStr(value)


def _ill(kind: Kind, name: str, path: Path | None, said: str) -> Misconfigured:
    return Misconfigured(f"secret {name}: {said}", cause=Cause(kind, name, str(path or "")))
