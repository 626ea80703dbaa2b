"""The worker's own key: what is signed with it was written by this worker, and nobody can say it was not."""

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from blocks.credentials import read_secret
from blocks.errors import Misconfigured, Refused
from policy.record import Row, not_signed, signed_bytes, with_signature
from policy.record_signature import KEY_BYTES, Signature, fingerprint, read_spelled, spelled


class KeyExists(Refused):
    """There is a key already."""


@dataclass(frozen=True)
class Signer:
    """Signs with the Ed25519 key that lies under the name of a secret; the key is read anew each time."""

    secret: str
    folder: Path | None

    @property
    def public_key(self) -> bytes:
        """The key by which everybody can check a signature; raises Misconfigured without a private one."""
        return self._read_key().public_key().public_bytes_raw()

    @property
    def fingerprint(self) -> str:
        """The public key as people compare it."""
        return fingerprint(self.public_key)

    def sign_row(self, row: Row) -> Row:
        """Return the row signed; without a readable key it says why it is not, for a record must be able to end."""
        try:
            private = self._read_key()
        except Misconfigured as error:
            return not_signed(row, str(error))
        public = private.public_key().public_bytes_raw()
        return with_signature(row, Signature(public, private.sign(signed_bytes(row, public))))

    def _read_key(self) -> Ed25519PrivateKey:
        value = read_secret(self.secret, self.folder)
        try:
            return Ed25519PrivateKey.from_private_bytes(read_spelled(value.get_secret_value(), KEY_BYTES))
        except ValueError as error:
            raise Misconfigured(f"secret {self.secret}: no Ed25519 private key: {error}") from None


def make_key(secret: str, folder: Path) -> Signer:
    """Make a private key in a file of mode 0600; raises KeyExists rather than replace one."""
    path = folder / secret
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyExists(f"{path} exists; move it away first, what it signed is verified by its public key") from None
    except OSError as error:
        raise Misconfigured(f"{path} cannot be written: {error.strerror}") from None
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{spelled(Ed25519PrivateKey.generate().private_bytes_raw())}\n")
    return Signer(secret, folder)
