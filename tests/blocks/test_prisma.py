"""What the Prisma CLI is told: the address of the database in its own words, and no secret on its command line."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from blocks.postgres import Postgres
from blocks.prisma import Prisma

MINUTE = timedelta(minutes=1)
# Stands where the CLI would, and says what it was given.
SAYS = ("sh", "-c", 'printf "%s %s %s\\n" "$DATABASE_URL" "$0" "$*"')


@pytest.mark.parametrize(
    ("sslmode", "told"),
    [
        ("verify-full", {"sslmode": "require", "sslaccept": "strict"}),
        ("verify-ca", {"sslmode": "require", "sslaccept": "strict"}),
        ("require", {"sslmode": "require"}),
        ("allow", {"sslmode": "prefer"}),
        ("disable", {"sslmode": "disable"}),
    ],
)
def test_a_certificate_that_is_to_be_verified_is_verified_by_prisma_too(
    tmp_path: Path, sslmode: str, told: dict[str, str]
) -> None:
    secret = tmp_path / "DATABASE_PASSWORD"
    secret.write_text("p@ss word")
    secret.chmod(0o600)
    database = Postgres(
        host="db.example.org", name="holi", user="holi", password="DATABASE_PASSWORD", pool=10,
        sslmode=sslmode, secrets_folder=str(tmp_path),
    )  # fmt: skip
    prisma = Prisma(directory=str(tmp_path), command=SAYS)

    said = prisma.deploy({}, database, lock_timeout=MINUTE, statement_timeout=MINUTE, patience=MINUTE).words

    address, command = said.split(" ", 1)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert {name: value for name, value in asked.items() if name.startswith("ssl")} == told
    assert asked["schema"] == "public"
    assert command == "migrate deploy"


@pytest.mark.parametrize(
    ("prisma", "says"),
    [
        (
            Prisma(directory="/opt/the cli"),
            "on the worker: npm install --prefix '/opt/the cli' prisma@6.19.3 (or your developers' version)",
        ),
        (
            Prisma(directory="/opt/prisma", command=("prisma-6",)),
            "install prisma-6 on the worker, or name what is there in `prisma.command`",
        ),
    ],
)
def test_whoever_has_no_cli_is_told_the_command_that_brings_it(prisma: Prisma, says: str) -> None:
    assert prisma.how_to_install == says
