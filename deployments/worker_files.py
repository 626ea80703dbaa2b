"""What the settings name on the worker and a release cannot do without: looked for before the settings are saved."""

import re
from collections.abc import Iterator
from pathlib import Path

from blocks.errors import Misconfigured
from deployments.settings import Settings

_PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")


def refuse_absent_files(settings: Settings) -> None:
    """Raise Misconfigured naming every folder and file that is not there or is something else; none is shown."""
    if found := tuple(_list_faults(settings)):
        raise Misconfigured("; ".join(found))


def _list_faults(settings: Settings) -> Iterator[str]:
    if not Path(settings.secrets).is_dir():
        yield f"secrets: expected a folder on this machine, found none: {settings.secrets}"
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
