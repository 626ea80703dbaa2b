"""Gives a person of the roster one-time codes: makes the secret on the worker and shows it once, as a QR code.

`python -m deployments.enrol "Tomas Lima"` reads the roster from the settings file; `--again` replaces a lost phone.
"""

import argparse
import sys
from pathlib import Path

import segno

from blocks.errors import BlockError, Misconfigured
from blocks.one_time_codes import enrol
from deployments.settings import Settings, read_settings
from policy.roles import Person


def find_person(settings: Settings, name: str) -> Person:
    """Return the person of that name; raises Misconfigured naming those there are."""
    for person in settings.people:
        if person.is_named(name):
            return person
    raise Misconfigured(f"{name!r} is not in the roster; expected one of {', '.join(p.name for p in settings.people)}")


def main() -> int:
    """Enrol one person, or say why not."""
    parser = argparse.ArgumentParser(prog="python -m deployments.enrol", description=__doc__)
    parser.add_argument("name", help="the person's name, as in the roster")
    parser.add_argument("--again", action="store_true", help="make a new secret; the old one stops to count")
    words = parser.parse_args()
    try:
        settings = read_settings()
        person = find_person(settings, words.name)
        address = enrol(person, Path(settings.secrets), again=words.again)
    except BlockError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"Scan this with the authenticator app of {person.name}. It is shown once.\n\n")
    segno.make(address, micro=False).terminal(compact=True)
    sys.stdout.write("\nThen approve with the six digits that the app shows.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
