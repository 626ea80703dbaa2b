"""What the lab's company makes: the portal that comes with the lab, or an application of somebody's own."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from lab.engine.compose_file import read_services
from lab.engine.refusal import RefusedError

COMPOSE_FILES = ("docker-compose.prod.yml", "docker-compose.yml", "compose.yaml", "compose.yml")
GIT_SECONDS = 30
_NAME = re.compile(r"[a-z][a-z0-9-]*")


class NoProductError(ValueError):
    """A folder holds no application that the lab could run; the message says what was looked for."""


@dataclass(frozen=True, slots=True)
class Product:
    """How the product is called in each system; `folder` is the owner's own clone, `service` that of each server."""

    repository: str
    image: str
    project: str
    compose_file: str
    service: str | None = None
    folder: Path | None = None

    def service_of(self, number: int) -> str:
        """Return the service of the server of this number in its Compose file; the portal's are counted, from 1."""
        return self.service or f"web-{number}"

    @property
    def staging_service(self) -> str:
        """The service of the staging server."""
        return self.service or "web"


PORTAL = Product("holilabs/holilabsv2", "holi-web", "opt/holi/holilabsv2", "docker-compose.prod.yml")


def product_facts(product: Product) -> dict[str, str | None]:
    """Return a product as it is written down, so that a lab is stopped also when the owner's folder is gone."""
    return {**asdict(product), "folder": str(product.folder) if product.folder else None}


def product_from(facts: Mapping[str, str | None]) -> Product:
    """Return the product that was written down."""
    known = {name: text for name, text in facts.items() if name != "folder"}
    return Product(**known, folder=Path(facts["folder"]) if facts.get("folder") else None)  # type: ignore[arg-type]


def read_product(folder: Path) -> Product:
    """Return the application in a folder; raises NoProductError naming what is missing there."""
    folder = folder.resolve()
    if not (folder / ".git").exists():
        raise NoProductError(f"{folder} is no git repository; expected one with a commit on its branch main")
    words = ["git", "-C", str(folder), "rev-parse", "--verify", "--quiet", "refs/heads/main^{commit}"]
    if subprocess.run(words, capture_output=True, timeout=GIT_SECONDS, check=False).returncode:
        raise NoProductError(f"{folder} has no commit on a branch main; expected at least one")
    if not _NAME.fullmatch(folder.name):
        raise NoProductError(f"{folder.name!r}: expected a folder called by small letters, digits and hyphens")
    found = [name for name in COMPOSE_FILES if (folder / name).is_file()]
    if len(found) != 1:
        raise NoProductError(f"{folder}: found {len(found)} Compose files, expected one of {', '.join(COMPOSE_FILES)}")
    try:
        services = read_services([folder / found[0]], {"IMAGE": "image"})
    except RefusedError as refusal:
        raise NoProductError(f"{folder / found[0]}: {refusal}") from None
    if len(services) != 1:
        raise NoProductError(f"{folder / found[0]}: found {len(services)} services, expected one: {sorted(services)}")
    name = folder.name
    return Product(f"{name}-team/{name}", name, f"opt/{name}", found[0], next(iter(services)), folder)
