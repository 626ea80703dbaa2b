"""How a release of the lab is asked for: by Ana Souza, so that Tomas Lima may approve it."""

import json
import shlex

from lab.client import Lab, Shipped
from lab.processes import program

DEPLOYMENT = "Production deployment/production"


def ask_for(shipped: Shipped, summary: str) -> dict[str, str | bool]:
    """Return what is typed into the form."""
    return {
        "commit": shipped.commit,
        "summary": summary,
        "requested_by": "Ana Souza",
        "way_back_understood": True,
    }


def command_for(lab: Lab, shipped: Shipped) -> str:
    """Return the command that asks for it in any shell of this machine."""
    request = json.dumps(ask_for(shipped, shipped.title), ensure_ascii=False)
    words = [program("prefect"), "deployment", "run", DEPLOYMENT, "--param", f"request={request}"]
    return f"PREFECT_API_URL={lab.environment()['PREFECT_API_URL']} {shlex.join(words)}"
