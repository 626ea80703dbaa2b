"""One-time codes: the secret of each person lies with the worker, and each code is good once (2.1.4)."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyotp

from blocks.credentials import read_secret
from blocks.errors import Refused
from blocks.store import Exists, Store
from policy.one_time_code import matching_step
from policy.roles import Person

_ISSUER = "Countersign"


class Enrolled(Refused):
    """The person has a secret already."""


@dataclass(frozen=True)
class OneTimeCodes:
    """The codes of everybody in the roster; what was used is kept in the store."""

    store: Store
    secrets_folder: Path | None

    def find_step(self, person: Person, code: str, *, at: datetime) -> int | None:
        """Return the time step of the person's code, None for a wrong one; raises Misconfigured if not enrolled."""
        secret = read_secret(person.code_secret, self.secrets_folder)
        return matching_step(code, secret=secret.get_secret_value(), at=at)

    def use(self, person: Person, step: int) -> bool:
        """Return whether the code of this step was unused until now; it is used from now on."""
        try:
            # A store that lost its answer finds its own body there; that of another use is another one.
            self.store.create(f"codes/{person.code_secret}/{step}", secrets.token_hex(16).encode())
        except Exists:
            return False
        return True


def enrol(person: Person, folder: Path, *, again: bool = False) -> str:
    """Make the person a secret in a file of mode 0600 and return the address for an authenticator app.

    Raises Enrolled if there is one, unless `again`: then the old one is worth nothing any more.
    """
    path = folder / person.code_secret
    if path.exists() and not again:
        raise Enrolled(f"{person.name} is enrolled already ({path}); with --again the old codes stop to count")
    secret = pyotp.random_base32()
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600, exist_ok=False)
    draft.write_text(secret + "\n")
    draft.replace(path)
    return pyotp.TOTP(secret).provisioning_uri(name=person.name, issuer_name=_ISSUER)
