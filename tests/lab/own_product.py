"""The tutorial's application in a repository of its own, as a newcomer makes it."""

import shutil
import subprocess
from pathlib import Path

GREETER = Path(__file__).parents[2] / "docs" / "tutorial" / "greeter"


def git(folder: Path, *words: str) -> str:
    """Give a git command as Ana."""
    who = ("-c", "user.name=Ana Souza", "-c", "user.email=ana@holilabs.xyz")
    done = subprocess.run(["git", *who, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def make_greeter(folder: Path) -> Path:
    """Copy the application there and commit it."""
    shutil.copytree(GREETER, folder)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "Greet whoever comes")
    return folder
