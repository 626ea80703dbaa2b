"""The world as it is now, for whoever plans a way home or says who is where."""

from policy.plans import World
from tasks.database_rollback import read_taking_back
from tasks.migrating import read_migrating
from tasks.run import Run
from tasks.world import read_servers


def read_world(run: Run) -> World:
    """Look at every server of the release, and at the database, now."""
    return World(
        servers=read_servers(run.company, run.release.servers),
        balanced=run.company.balancer is not None,
        migrating=read_taking_back(run) if run.release.takes_back else read_migrating(run),
    )
