"""Writes what one more environment needs in Prefect: its own recovery, backup, rehearsal and report.

The forms of releases, roll-backs and the rest ask which environment is meant, so every environment shares those.

  python -m deployments.environment_file shop > shop.yaml
  prefect --no-prompt deploy --all --prefect-file shop.yaml
"""

import argparse
import re
import sys
from pathlib import Path
from typing import Any

import yaml

from blocks.errors import Misconfigured

OFFERED = Path(__file__).parent.parent / "prefect.yaml"
KNOWN = "production"
_NAME = re.compile(r"[a-z][a-z0-9-]*")


def deployments_of(environment: str) -> dict[str, Any]:
    """Return the content of a file for `prefect deploy`; raises Misconfigured for what is no environment of its own."""
    if not _NAME.fullmatch(environment) or environment == KNOWN:
        raise Misconfigured(
            f"environment: found {environment!r}, expected small letters, digits and hyphens, and not {KNOWN!r},"
            " which prefect.yaml has already"
        )
    offered = yaml.safe_load(OFFERED.read_text(encoding="utf-8"))
    own = [
        {**one, "name": f"{one['name']}-{environment}", "parameters": _moved(one.get("parameters", {}), environment)}
        for one in offered["deployments"]
        if "schedules" in one or "environment" in one.get("parameters", {})
    ]
    return {"name": offered["name"], "prefect-version": offered["prefect-version"], "deployments": own}


def _moved(parameters: dict[str, Any], environment: str) -> dict[str, Any]:
    """A flow that takes a request finds its environment in there."""
    if "environment" in parameters:
        return {**parameters, "environment": environment}
    return {**parameters, "request": {**parameters.get("request", {}), "environment": environment}}


def main(words: list[str]) -> int:
    """Print the file, or say why there is none."""
    parser = argparse.ArgumentParser(
        prog="python -m deployments.environment_file",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("environment", help="the name that the settings file of the environment gives it")
    try:
        content = deployments_of(parser.parse_args(words).environment)
    except Misconfigured as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(yaml.safe_dump(content, sort_keys=False))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
