"""Reads records from the store and names the first altered or missing row of each.

`python -m deployments.verify_record [RELEASE …]`; without a name, every record. Exit status 1 if one is broken.
"""

import sys

from blocks.company import Company
from blocks.errors import BlockError
from blocks.record import list_records, verify_record
from deployments.settings import read_settings


def main(keys: list[str]) -> int:
    """Verify the named records, or all of them."""
    try:
        store = Company.load(read_settings().environment).store
        broken = 0
        for key in keys or list_records(store):
            verification = verify_record(store, key)
            broken += verification.fault is not None
            sys.stdout.write(f"{key}: {verification.sentence}\n")
    except BlockError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
