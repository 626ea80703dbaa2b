"""Whose key signed which bytes (Ed25519), and how keys are written."""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KEY_BYTES = 32
SIGNATURE_BYTES = 64
NO_KEYS: Mapping[str, bytes] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature and the public key that it is said to be of."""

    key: bytes
    value: bytes

    def fits(self, message: bytes) -> bool:
        """Whether the holder of the private key signed exactly these bytes."""
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(self.value, message)
        except InvalidSignature:
            return False
        return True


def name_of(key: bytes, known: Mapping[str, bytes]) -> str | None:
    """Return under which name the key is known, None for an unknown one."""
    return next((name for name, one in known.items() if one == key), None)


def say_who_signed(signature: Signature | None, known: Mapping[str, bytes]) -> str:
    """Say who signed, as far as the known keys tell."""
    if signature is None:
        return "not signed"
    return f"signed by {name_of(signature.key, known) or f'an unknown key ({fingerprint(signature.key)})'}"


def fingerprint(key: bytes) -> str:
    """Return a public key as people compare it."""
    return f"SHA256:{spelled(hashlib.sha256(key).digest()).rstrip('=')}"


def spelled(content: bytes) -> str:
    """Return a key or a signature as text."""
    return base64.b64encode(content).decode()


def read_spelled(text: str, size: int) -> bytes:
    """Return the key or the signature in `text`; raises ValueError unless it has `size` bytes."""
    try:
        content = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError(f"expected {size} bytes in base64") from None
    if len(content) != size:
        raise ValueError(f"expected {size} bytes in base64, found {len(content)}")
    return content
