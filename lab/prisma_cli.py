"""The genuine Prisma CLI, installed from npm once a checkout; it needs Node."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from lab.processes import LabError

OURS = Path(__file__).with_name("prisma")
FOLDER = Path(__file__).parent.parent / ".tools" / "prisma"
INSTALLED = ("package.json", "package-lock.json", "prisma.config.ts")
# Without an engine of its own Prisma would download one. `resolve` asks it only whether the database can be reached,
# and believes its exit status.
ENVIRONMENT = dict.fromkeys(("PRISMA_QUERY_ENGINE_LIBRARY", "PRISMA_SCHEMA_ENGINE_BINARY"), "/bin/true")
MISSING = "migrations need Node 20 or newer with npm on the PATH: apt-get install nodejs npm, or https://nodejs.org"
INSTALL_SECONDS, COMMAND_SECONDS = 300, 120


def is_possible() -> bool:
    """Return whether Node and npm are there."""
    return bool(shutil.which("node") and shutil.which("npm"))


def can_be_tried() -> bool:
    """Return whether tests of it run here: in CI one that cannot run is a failure."""
    return is_possible() or os.environ.get("CI") == "true"


def install() -> Path:
    """Return the folder with the CLI, installed by the lock file; several labs may ask at once."""
    if not is_possible():
        raise LabError(MISSING)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        fresh = FOLDER / ".installed"
        wanted = b"".join((OURS / name).read_bytes() for name in INSTALLED)
        if not fresh.exists() or fresh.read_bytes() != wanted:
            for name in INSTALLED:
                shutil.copy(OURS / name, FOLDER)
            words = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            try:
                subprocess.run(words, cwd=FOLDER, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=True)
            except subprocess.TimeoutExpired:
                raise LabError(f"npm could not install the Prisma CLI within {INSTALL_SECONDS} s") from None
            except subprocess.CalledProcessError as ended:
                raise LabError(f"npm could not install the Prisma CLI: {ended.stderr.strip()[-500:]}") from None
            fresh.write_bytes(wanted)
    return FOLDER


def try_to_install() -> None:
    """Install the CLI where Node is there, and say why migrations cannot be released where that does not work."""
    if not is_possible():
        print(f"no Prisma CLI: {MISSING}; without it no release with migrations, and everything else works", flush=True)
        return
    if not (FOLDER / ".installed").exists():
        print("fetching the Prisma CLI from npm, for releases with migrations (once)", flush=True)
    try:
        install()
    except LabError as problem:
        print(f"{problem}\nwithout it no release with migrations, and everything else works", flush=True)


def deploy(files: dict[str, bytes], database_url: str) -> None:
    """Apply the migrations among these files of the repository, as a pipeline does."""
    with TemporaryDirectory(prefix="pipeline-", dir=install()) as name:
        folder = Path(name)
        shutil.copy(FOLDER / "prisma.config.ts", folder)
        for path, content in files.items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        environment = {**os.environ, **ENVIRONMENT, "DATABASE_URL": database_url, "CHECKPOINT_DISABLE": "1"}
        done = subprocess.run(
            [str(FOLDER / "node_modules/.bin/prisma"), "migrate", "deploy"],
            cwd=folder, env=environment, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False,
        )  # fmt: skip
        if done.returncode:
            raise LabError(f"prisma migrate deploy: {(done.stderr or done.stdout).strip()[-500:]}")
