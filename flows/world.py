"""The world as it is now, for whoever plans a way home or says who is where."""

import time
from collections.abc import Collection
from datetime import timedelta

from policy.plans import World
from tasks.database_rollback import read_taking_back
from tasks.migrating import read_migrating
from tasks.run import Run, pause_after
from tasks.world import read_servers

# Longer than an SSH server takes to start again, and than a switch is away; people would be told so much later.
A_MOMENT = timedelta(seconds=15)


def read_world(run: Run) -> World:
    """Look at every server of the release, and at the database, now."""
    return World(
        servers=read_servers(run.company, run.release.servers),
        balanced=run.company.balancer is not None,
        migrating=read_taking_back(run) if run.release.takes_back else read_migrating(run),
    )


def await_answers(run: Run, names: Collection[str]) -> World:
    """Look until each of these servers answers, for a moment at most and no longer than a server may take to boot."""
    began = time.monotonic()
    patience = min(run.limits.boot, A_MOMENT).total_seconds()
    while True:
        world = read_world(run)
        waited = time.monotonic() - began
        if waited > patience or not any(one.name in names and not one.reachable for one in world.servers):
            return world
        run.pause(pause_after(waited))
