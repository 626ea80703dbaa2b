"""1.4.5: before the first change every server keeps what it runs, and holds what it is to run."""

import shlex

from blocks.company import Company
from blocks.fleet import Server, commands
from blocks.fleet.commands import kept_folder
from tasks.run import Run
from tasks.step import Seen, Step


def kept(server: Server, run: Run) -> Step:
    """The image, the Compose file and the environment of now are kept on the server, with a script to go back."""
    key = run.release.kept_under

    def look(company: Company) -> Seen:
        found = company.fleet.read_kept(server, key)
        if found is None:
            return Seen(done=False, sentence="nothing is kept yet")
        return Seen(done=True, sentence=f"{found.image}, files {found.files_hash[:12]}")

    def act(company: Company, number: int) -> None:
        company.fleet.keep_files(server, number, key, with_source=run.release.is_built_on_servers)

    return Step(
        number="1.4.5",
        subject=server.name,
        name="way back kept",
        look=look,
        act=act,
        does=f"on {server.name}: copy Compose file, .env and image name to {kept_folder(server.service, key)}",
        undo="nothing to undo: a copy was made",
        within=run.limits.boot,
    )


def pulled(server: Server, run: Run) -> Step:
    """The new image is on the server before the server leaves the rotation."""
    reference = run.built.reference_on(server.name)

    def look(company: Company) -> Seen:
        there = company.fleet.has_image(server, reference)
        return Seen(there, f"{reference} {'is' if there else 'is not'} on {server.name}")

    return Step(
        number="1.4.5",
        subject=server.name,
        name="new image pulled",
        look=look,
        act=lambda company, number: company.fleet.pull(server, number, reference),
        does=f"on {server.name}: {shlex.join(commands.pull(reference))}",
        undo="nothing to undo: an image was added",
        within=run.limits.boot,
    )
