"""The checkout on a server and what is built from it: the real scripts and the real git, without the way by SSH."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from blocks.errors import Misconfigured, Refused
from blocks.fleet import Fleet, Server, commands
from blocks.fleet.fenced import FencedFolder
from blocks.fleet.source import BuildFailed, SourceFolder
from blocks.fleet.ssh import Connection, Ran
from lab.history import DEV, History

LIMIT = timedelta(seconds=20)
KEY = "20261127-025000-1f2e3d4c"
DOCKER = """\
#!/bin/sh
printf '%s\n' "$*" >>docker.log
case "$*" in
*" build "*) if [ -e broken ]; then echo "line 1"; echo "error TS2304: cannot find name" >&2; exit 17; fi ;;
"image inspect "*)
    grep -q " build " docker.log && [ ! -e nothing ] && echo '[{"Id": "sha256:'$(printf '%064d' 7)'"}]' ;;
esac
"""


class ThisMachine(Connection):
    """A host that needs no SSH: this one."""

    def run(self, words: commands.Words, *, stdin: bytes = b"", limit: timedelta | None = None) -> Ran:
        """Run the words here, a `docker` of the test's own first on the path."""
        del limit
        environment = {**os.environ, "PATH": f"{self.key_file}:{os.environ['PATH']}"}
        done = subprocess.run(words, input=stdin, env=environment, capture_output=True, timeout=30, check=False)
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


class Host:
    """A server's folder, and the repository that it is a checkout of."""

    def __init__(self, folder: Path) -> None:
        self.history = History.make(folder / "repository.git")
        self.first = self.history.resolve("main")
        self.folder = folder / "holi"
        self.git(folder, "clone", "--quiet", str(self.history.folder), str(self.folder))
        self.git(self.folder, "checkout", "--quiet", "--detach", self.first)
        programs = folder / "bin"
        programs.mkdir()
        (programs / "docker").write_text(DOCKER)
        (programs / "docker").chmod(0o755)
        connection = ThisMachine("web-server-1", "here", 22, "deploy", str(programs), "", LIMIT)
        fenced = FencedFolder(connection, str(self.folder))
        fenced.raise_fence(1)
        server = Server.model_validate(
            {
                "name": "web-server-1",
                "host": "here",
                "service": "web-1",
                "directory": str(self.folder),
                "health": "http://here/api/health",
            }
        )
        self.source = SourceFolder(server, fenced, "docker-compose.prod.yml", "GIT_COMMIT", LIMIT, LIMIT)

    @staticmethod
    def git(folder: Path, *words: str) -> str:
        """Run git in a folder."""
        done = subprocess.run(("git", "-C", str(folder), *words), capture_output=True, check=True)
        return done.stdout.decode().strip()

    def commit(self, files: dict[str, str | None], branch: str = "main") -> str:
        """Commit in the repository, which the checkout does not know yet."""
        return self.history.commit(files, "Fix the login\n", DEV, branch=branch, start="main")


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.mark.parametrize("branch", ["main", "hotfix/login"])
def test_a_commit_is_laid_out_beside_the_checkout_in_use_which_stays(host: Host, branch: str) -> None:
    commit = host.commit({"apps/api/src/auth/login.ts": "export const fixed = 1\n"}, branch)
    before = host.source.read()

    host.source.fetch(1, commit)
    host.source.fetch(1, commit)

    after = host.source.read()
    assert (before.commit, before.laid_out, before.changed) == (host.first, "nothing", ())
    assert (after.commit, after.laid_out, after.changed) == (host.first, commit, ())
    assert "fixed" in (host.folder / commands.SOURCE / "apps/api/src/auth/login.ts").read_text()
    assert "fixed" not in (host.folder / "apps/api/src/auth/login.ts").read_text()


def test_what_was_changed_by_hand_is_named(host: Host) -> None:
    (host.folder / "README.md").write_text("changed\n")
    (host.folder / "notes.txt").write_text("untracked\n")

    assert host.source.read().changed == ("README.md",)


def test_a_commit_that_would_write_over_a_file_of_nobodys_is_refused_beforehand(host: Host) -> None:
    commit = host.commit({"docker-compose.override.yml": "services: {}\n"})
    (host.folder / "docker-compose.override.yml").write_text("# made by hand\n")

    with pytest.raises(Refused, match=r"web-server-1: git cannot lay out .*docker-compose\.override\.yml"):
        host.source.fetch(1, commit)


def test_a_commit_that_is_nowhere_is_refused(host: Host) -> None:
    with pytest.raises(Refused, match="git cannot lay out ccccccc"):
        host.source.fetch(1, "c" * 40)


def test_a_folder_that_is_no_checkout_is_named(host: Host) -> None:
    (host.folder / ".git").rename(host.folder / "was-git")

    with pytest.raises(Misconfigured, match=r"is no checkout that git can use there: .*not a git repository"):
        host.source.read()


def test_what_is_laid_out_is_built_under_the_name_of_the_release_with_its_commit(host: Host) -> None:
    commit = host.commit({"README.md": "new\n"})
    (host.folder / ".env").write_text("A=1\n")
    host.source.fetch(1, commit)
    assert host.source.find_built(KEY) is None

    host.source.build(1, KEY, commit)

    assert host.source.find_built(KEY) == "sha256:" + "7".zfill(64)
    said = (host.folder / "docker.log").read_text().splitlines()
    assert (
        f"compose --env-file {host.folder}/.env --project-directory .countersign/source -f docker-compose.prod.yml"
        " -f .countersign/web-1.build.yml build web-1"
    ) in said
    override = (host.folder / ".countersign" / "web-1.build.yml").read_text()
    assert override == (
        f'services: {{web-1: {{image: "countersign/web-1:{KEY}", build: {{args: {{GIT_COMMIT: "{commit}"}}}}}}}}\n'
    )


def test_the_compose_file_of_the_commit_is_built_by_where_it_has_one(host: Host) -> None:
    commit = host.commit({"docker-compose.prod.yml": "services: {web-1: {build: .}}\n"})
    host.source.fetch(1, commit)

    host.source.build(1, KEY, commit)

    assert "-f .countersign/source/docker-compose.prod.yml -f" in (host.folder / "docker.log").read_text()


def test_a_build_that_fails_says_its_last_lines(host: Host) -> None:
    (host.folder / "broken").touch()

    with pytest.raises(BuildFailed, match="web-server-1: the build ended with 17") as failed:
        host.source.build(1, KEY, host.first)

    assert failed.value.log == "error TS2304: cannot find name"


def test_a_build_that_built_nothing_is_no_build(host: Host) -> None:
    (host.folder / "nothing").touch()

    with pytest.raises(Refused, match=r"nothing was built: docker-compose.prod.yml has no `build` for web-1"):
        host.source.build(1, KEY, host.first)


def test_the_way_back_brings_the_checkout_along(host: Host) -> None:
    commit = host.commit({"docker-compose.prod.yml": "services: {web-1: {image: new}}\n"})
    (host.folder / "docker-compose.prod.yml").write_text("services: {web-1: {image: old}}\n")
    host.git(host.folder, "add", "-A", "docker-compose.prod.yml")
    host.git(host.folder, "-c", "user.name=x", "-c", "user.email=x", "commit", "--quiet", "-m", "old")
    before = host.git(host.folder, "rev-parse", "HEAD")
    fleet = Path(commands.__file__).parent
    kept = commands.kept_folder("web-1", KEY)
    words = commands.keep(
        (fleet / "keep.sh").read_text(), kept, "web-1", "docker-compose.prod.yml", "x@sha256:1", with_source=True
    )
    folder = host.source.folder
    assert folder.change(1, words, stdin=(fleet / "roll-back.sh").read_bytes(), limit=LIMIT).status == 0
    host.source.fetch(1, commit)
    script = (fleet / "update.sh").read_text()
    words = commands.update(script, "docker-compose.prod.yml", "web-1", "x@sha256:2", timedelta(0), commit=commit)
    assert folder.change(1, words, stdin=b"services: {}\n", limit=LIMIT).status == 0
    assert (host.source.read().commit, host.source.read().changed) == (commit, ())

    assert folder.change(1, commands.roll_back(kept), limit=LIMIT).status == 0

    assert (host.source.read().commit, host.source.read().changed) == (before, ())
    assert "image: old" in (host.folder / "docker-compose.prod.yml").read_text()


@pytest.mark.parametrize("left", ["cut short", "changed by hand"])
def test_what_lies_there_otherwise_than_in_the_commit_is_laid_out_anew(host: Host, left: str) -> None:
    """A host that goes down in the middle leaves some of the files, which would be built without the others."""
    commit = host.history.commit({"one.ts": "1\n", "two.ts": "2\n"}, "Two files\n", DEV)
    host.source.fetch(1, commit)
    laid_out = host.folder / commands.SOURCE
    if left == "cut short":
        (laid_out / "two.ts").unlink()
    else:
        (laid_out / "three.ts").write_text("3\n")

    assert host.source.read().laid_out != commit
    host.source.fetch(1, commit)

    assert host.source.read().laid_out == commit
    assert (laid_out / "two.ts").exists()
    assert not (laid_out / "three.ts").exists()


class Watched(ThisMachine):
    """Remembers how many commands ran at once."""

    def __init__(self, *words: Any) -> None:
        super().__init__(*words)
        self.running: list[str] = []
        self.most = 0

    def run(self, words: commands.Words, *, stdin: bytes = b"", limit: timedelta | None = None) -> Ran:
        """Count it while it runs."""
        self.running.append(words[-1])
        self.most = max(self.most, len(self.running))
        try:
            return super().run(words, stdin=stdin, limit=limit)
        finally:
            self.running.remove(words[-1])


def test_two_servers_of_one_folder_change_it_in_turns_however_long_one_takes(tmp_path: Path) -> None:
    """The fence itself would give up after 20 s, and a server whose change was never begun is waited for in vain."""
    here = Watched("web-server-1", "here", 22, "deploy", "", "", LIMIT)
    folder = FencedFolder(here, str(tmp_path))
    folder.raise_fence(1)

    with ThreadPoolExecutor(2) as pool:
        ran = list(pool.map(lambda name: folder.change(1, ("sleep", name), limit=LIMIT), ("0.2", "0.3")))

    assert [one.status for one in ran] == [0, 0]
    assert here.most == 1


def test_the_servers_of_one_host_and_directory_share_their_turn() -> None:
    names = ("web-1", "web-2", "web-3")
    servers = [
        {
            "name": name,
            "host": "here",
            "service": name,
            "directory": "/opt/other" if name == "web-3" else "/opt/holi",
            "health": "http://here/api/health",
        }
        for name in names
    ]
    fleet = Fleet.model_validate({"user": "deploy", "key_file": "", "known_hosts": "", "servers": servers})

    one, two, three = (fleet.source(fleet.find(name)).folder.turn for name in names)

    assert one is two
    assert one is not three
