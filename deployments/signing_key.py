"""Makes the key with which this worker signs sealed records, and prints what belongs in the settings.

`python -m deployments.signing_key [WORKER]` writes the private key into the secrets folder, in a file of mode 0600;
`--show` prints the lines again for a key that is there.
"""

import argparse
import sys
from pathlib import Path

from blocks.errors import BlockError, Misconfigured
from blocks.signing import Signer, make_key
from deployments.settings import Settings, read_settings
from policy.record_signature import spelled

KEY_NAME = "SIGNING_KEY"


def lines_for(settings: Settings, signer: Signer, worker: str) -> str:
    """Return the section of the settings, this worker's public key beside those that are known."""
    known = dict(settings.signing.public_keys) if settings.signing else {}
    keys = known | {worker: spelled(signer.public_key)}
    written = "".join(f'"{name}" = "{key}"\n' for name, key in keys.items())
    return f'[signing]\nkey = "{signer.secret}"\n\n[signing.public_keys]\n{written}'


def refuse_known(settings: Settings, worker: str) -> None:
    """Raise Misconfigured if the name is another key's: without it what that one signed would be by an unknown key."""
    if settings.signing and worker in settings.signing.public_keys:
        raise Misconfigured(f"{worker} names a key in the settings already; give the new one another name")


def main(words: list[str]) -> int:
    """Make the key, or say why not."""
    parser = argparse.ArgumentParser(prog="python -m deployments.signing_key", description=__doc__)
    parser.add_argument("worker", nargs="?", default="worker-1", help="the name by which the key will be known")
    parser.add_argument("--show", action="store_true", help="make nothing; print the lines for the key that is there")
    asked = parser.parse_args(words)
    try:
        settings = read_settings()
        secret, folder = settings.signing.key if settings.signing else KEY_NAME, Path(settings.secrets)
        if not asked.show:
            refuse_known(settings, asked.worker)
        signer = Signer(secret, folder) if asked.show else make_key(secret, folder)
        lines = lines_for(settings, signer, asked.worker)
        where = f"The private key {signer.fingerprint} is the secret {secret} in {folder}; nobody else needs it."
    except BlockError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{where}\nThe settings say:\n\n{lines}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
