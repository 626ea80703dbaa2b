"""What the settings name on the worker and a release cannot do without: looked for before the settings are saved."""

import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from blocks.credentials import read_secret
from blocks.errors import Misconfigured
from deployments.settings import Settings
from policy.next_step import Kind
from policy.secret_name import names_a_secret

UNSHOWN = "the name is not shown, for it may be the secret itself"
_PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")


def refuse_absent_files(settings: Settings) -> None:
    """Raise Misconfigured naming each folder, file and secret that is absent or something else; none is shown."""
    if found := tuple(_list_faults(settings)):
        raise Misconfigured("; ".join(found))


def _list_faults(settings: Settings) -> Iterator[str]:
    yield from _list_absent_secrets(settings)
    load_test, mail = settings.load_test, settings.mail
    files = {
        "fleet.known_hosts": settings.fleet.known_hosts,
        "load_test.script": load_test.script if load_test else None,
        "mail.certificates": mail.certificates if mail else None,
    }
    for field, file in files.items():
        if file and (why := _say_unreadable(Path(file))):
            yield f"{field}: expected a file on this machine, found {why}: {file}"
    key = Path(settings.fleet.key_file)
    if why := _say_unreadable(key) or _say_no_key(key):
        yield f"fleet.key_file: expected a private key on this machine, found {why}: {key}"


def _list_absent_secrets(settings: Settings) -> Iterator[str]:
    """What is not found under its name may be the secret itself, so no such name is said."""
    folder = Path(settings.secrets)
    faults = {field: why for field, name in _list_secrets(settings) if (why := _say_absent(name, folder))}
    if faults and not folder.is_dir():
        yield f"secrets: expected a folder on this machine, found none: {folder}"
        return
    for field, why in faults.items():
        yield f"{field}: expected the name of a secret that can be read here, {why}"


def _list_secrets(table: BaseModel, above: str = "") -> Iterator[tuple[str, str]]:
    """Each setting that names a secret, and the name."""
    for name, field in type(table).model_fields.items():
        value = getattr(table, name)
        if isinstance(value, BaseModel):
            yield from _list_secrets(value, f"{above}{name}.")
        elif isinstance(value, str) and names_a_secret(field.rebuild_annotation()):
            yield f"{above}{name}", value


def _say_absent(name: str, folder: Path) -> str:
    try:
        read_secret(name, folder)
    except Misconfigured as error:
        if error.cause is not None and error.cause.kind is Kind.SECRET_ABSENT:
            return f"found none of that name in the environment or in {folder}; {UNSHOWN}"
        return f"found that {error}"
    return ""


def _say_unreadable(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            opened.read(1)
    except FileNotFoundError:
        return "none"
    except OSError as error:
        return f"what cannot be read ({error.strerror})"
    return ""


def _say_no_key(file: Path) -> str:
    with file.open("rb") as opened:
        return "" if _PRIVATE_KEY.match(opened.readline(200)) else "another file"
