"""Reads records from the store and names the first altered, missing or misplaced row of each, and who signed it.

`python -m deployments.verify_record [RELEASE …]`; without a name, every record. Prefect is not asked for anything.
`--head HEX` with one release compares its end with what its thread in Slack says.
The exit status is 1 if a record is broken, or has ended without the signature of a key that the settings know.
"""

import argparse
import re
import sys
from collections.abc import Mapping

from blocks.errors import BlockError
from blocks.record import list_records, verify_record
from blocks.store import Store
from deployments.save_blocks import store_of
from deployments.settings import Settings, read_settings
from policy.form import KEY, KEY_PATTERN
from policy.record import HEAD_DIGITS
from policy.record_signature import KEY_BYTES, read_spelled

_HEAD = re.compile(rf"[0-9a-f]{{{HEAD_DIGITS},64}}")


def known_keys(settings: Settings) -> dict[str, bytes]:
    """Return the public keys that the settings know, by name."""
    keys = settings.signing.public_keys if settings.signing else {}
    return {name: read_spelled(key, KEY_BYTES) for name, key in keys.items()}


def report(store: Store, key: str, *, known: Mapping[str, bytes], head: str) -> bool:
    """Print what one record shows; return whether it proves itself."""
    found = verify_record(store, key, known=known, head=head)
    proven = found.proves_itself(known)
    expected = "" if proven or found.fault else f"; expected the signature of {' or '.join(known)}"
    sys.stdout.write(f"{key}: {found.sentence}{expected}\n")
    return proven


def main(words: list[str]) -> int:
    """Verify the named records, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m deployments.verify_record", description=__doc__)
    parser.add_argument("release", nargs="*", type=_release, help="the key of a release; all of them if none is named")
    parser.add_argument("--head", type=_head, help="the hexadecimal digits that stand in Slack")
    asked = parser.parse_args(words)
    if asked.head and len(asked.release) != 1:
        parser.error("--head belongs to exactly one release")
    try:
        settings = read_settings()
        store, known = store_of(settings), known_keys(settings)
        proven = [
            report(store, key, known=known, head=asked.head or "") for key in asked.release or list_records(store)
        ]
    except BlockError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0 if all(proven) else 1


def _release(text: str) -> str:
    if not re.fullmatch(KEY_PATTERN, text):
        raise argparse.ArgumentTypeError(f"expected {KEY}, found {text!r}")
    return text


def _head(text: str) -> str:
    head = text.strip().rstrip("….").lower()
    if not _HEAD.fullmatch(head):
        raise argparse.ArgumentTypeError(f"expected at least {HEAD_DIGITS} hexadecimal digits, found {text!r}")
    return head


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
