"""Building: a Dockerfile of the few words that the lab's own uses, over an image that is there or can be pulled."""

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

from lab.engine.images import Images
from lab.engine.refusal import RefusedError

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


def build(images: Images, context: Path, arguments: dict[str, str], name: str) -> str:
    """Build the image of a context under a name; return its identity, the same for the same content."""
    file = context / "Dockerfile"
    if not file.exists():
        raise RefusedError("failed to solve: failed to read dockerfile: open Dockerfile: no such file or directory")
    known: dict[str, str] = {}
    config: dict[str, Any] | None = None
    copied: list[tuple[Path, Path]] = []
    base = ""
    for line in file.read_text().splitlines():
        word, _, rest = line.strip().partition(" ")
        if not word or word.startswith("#"):
            continue
        match word:
            case "ARG":
                known[rest.strip()] = arguments.get(rest.strip(), "")
            case "FROM":
                base = _based_on(images, _filled_in(rest, known))
                config = images.config(base)
            case "ENV" if config is not None:
                config["Env"] = _with(config.get("Env", []), _filled_in(rest, known).split())
            case "COPY" if config is not None:
                source, target = rest.split()
                copied.append((_inside(context, source), Path(target)))
            case _:
                raise RefusedError(f"the stand-in does not know in a Dockerfile: {line.strip()}", code=125)
    if config is None:
        raise RefusedError("failed to solve: no build stage in current context")
    content = [source.read_bytes() for source, _ in copied]
    return images.add_built(base, config, list(zip([target for _, target in copied], content, strict=True)), name)


def _based_on(images: Images, reference: str) -> str:
    if images.find(reference) is None:
        images.pull(reference)
    return str(images.find(reference))


def _filled_in(text: str, known: dict[str, str]) -> str:
    return _VARIABLE.sub(lambda match: known.get(match[1] or match[2], ""), text).strip()


def _with(entries: list[str], more: list[str]) -> list[str]:
    named = {entry.partition("=")[0]: entry for entry in (*entries, *more)}
    return list(named.values())


def _inside(context: Path, source: str) -> Path:
    path = (context / source).resolve()
    if context.resolve() not in path.parents or not path.is_file():
        raise RefusedError(f'failed to solve: failed to compute cache key: "/{source}": not found')
    return path


def identity_of(base: str, config: dict[str, Any], files: list[tuple[Path, bytes]]) -> str:
    """Return the identity of what is built: it follows from what it stands on and what was laid over it."""
    laid_over = [[str(path), hashlib.sha256(content).hexdigest()] for path, content in files]
    text = json.dumps([base, config, laid_over], sort_keys=True)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def lay_out(folder: Path, base: Path, config: dict[str, Any], files: list[tuple[Path, bytes]]) -> None:
    """Write the files of an image and its configuration."""
    shutil.copytree(base, folder / "files", dirs_exist_ok=True)
    for path, content in files:
        place = folder / "files" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    (folder / "config.json").write_text(json.dumps({"config": config}))
