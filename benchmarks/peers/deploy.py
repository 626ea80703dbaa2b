"""The same roll-out as a pyinfra deploy, to be run with `--serial`: all operations on one server, then the next.

What happens on the balancer is a call in between: operations of two hosts keep no order among each other.
"""

from pyinfra import host, inventory
from pyinfra.operations import python, server

FACTS = host.data.roll_out
SAY = f'say() {{ echo "$1" | {FACTS["socket"]}; }};'
ROW = f"say 'show stat web 4 -1' | awk -F, -v s={host.name}"


def on_balancer(line: str) -> None:
    """Run a command on the balancer's host; raises RuntimeError with what it printed if it fails."""
    succeeded, output = inventory.get_host("balancer").run_shell_command(SAY + line)
    if not succeeded:
        raise RuntimeError(output.output)


def until(true: str) -> str:
    """A command that ends when `true` does, or fails."""
    return f"for _ in $(seq 600); do {true} && exit; sleep 0.02; done; exit 1"


if host.name in FACTS["servers"]:
    service, folder, health = FACTS["servers"][host.name]
    override = f'services: {{{service}: {{image: \\"{FACTS["image"]}\\"}}}}'
    compose = "docker compose -f docker-compose.prod.yml -f .pyinfra/image.yml"
    drain = f'[ -z "$(say "set server web/{host.name} state drain")" ]'
    ready = f'[ -z "$(say "set server web/{host.name} state ready")" ]'
    empty = until(f"{ROW} '$2 == s && $5 == 0 {{ yes = 1 }} END {{ exit !yes }}'")
    up = until(f"{ROW} '$2 == s && $18 == \"UP\" {{ yes = 1 }} END {{ exit !yes }}'")

    python.call(name="out of rotation and empty", function=on_balancer, line=f"{drain} || exit 1; {empty}")
    server.shell(
        name="updated",
        commands=[
            f'cd {folder} && mkdir -p .pyinfra && echo "{override}" >.pyinfra/image.yml'
            f" && {compose} up -d --no-deps {service}"
        ],
    )
    server.shell(name="healthy", commands=[until(f"curl -fsS -m 2 -o /dev/null {health} 2>/dev/null")])
    python.call(name="back in rotation", function=on_balancer, line=f"{ready} || exit 1; {up}")
