"""The application's git repository: a bare one, with a believable past, that the GitHub stand-in serves."""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lab.application_database import project_files


class GitError(Exception):
    """git said no; the message is its own."""


class ConflictError(GitError):
    """The two sides cannot be merged."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes a commit, in git and on GitHub."""

    name: str
    email: str
    login: str


DEV = Author("Dev Anand", "dev@holilabs.xyz", "devanand")
ANA = Author("Ana Souza", "ana@holilabs.xyz", "anasouza")
TOMAS = Author("Tomas Lima", "tomas@holilabs.xyz", "tlima")
CARLA = Author("Carla Ortiz", "carla@holilabs.xyz", "cortiz")
DORA = Author("Dora Levin", "dora@holilabs.xyz", "dlevin")
OMAR = Author("Omar Reyes", "omar@holilabs.xyz", "oreyes")
SOFIA = Author("Sofia Brandt", "sofia@holilabs.xyz", "sbrandt")
GITHUB = Author("GitHub", "noreply@github.com", "web-flow")
BOT = Author("Countersign", "countersign@holilabs.xyz", "countersign-bot")
AUTHORS = (DEV, ANA, TOMAS, CARLA, DORA, OMAR, SOFIA, GITHUB, BOT)


@dataclass(frozen=True, slots=True)
class MergedPull:
    """A pull request of the past, squashed into one commit of main."""

    number: int
    title: str
    author: Author
    commit: str
    labels: tuple[str, ...]


class History:
    """A bare repository with the few verbs that the lab and the GitHub stand-in need."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(folder),
            "GIT_DIR": str(folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "LC_ALL": "C.UTF-8",
        }
        self._fixed: dict[tuple[str, ...], bytes] = {}

    @classmethod
    def make(cls, folder: Path, *, now: datetime | None = None) -> "History":
        """Make the repository with ten commits; main, staging and production stand on the newest."""
        folder.mkdir(parents=True, exist_ok=True)
        history = cls(folder)
        history.git("init", "--quiet", "--bare", "--template=", "--initial-branch=main", str(folder))
        began = (now or datetime.now(UTC)) - timedelta(days=12)
        stream = b""
        for number, (author, message, files, _) in enumerate(_PAST):
            at = began + timedelta(hours=26 * number)
            stream += _entry("refs/heads/main", None, files, f"{message} (#{number + 1})\n", author=author, at=at)
        history.git("fast-import", "--quiet", given=stream)
        for branch in ("staging", "production"):
            history.move(f"refs/heads/{branch}", history.resolve("main"))
        return history

    @classmethod
    def clone(cls, owned: Path, folder: Path) -> "History":
        """Make the repository from somebody's own; main, staging and production stand where its main stands."""
        folder.mkdir(parents=True, exist_ok=True)
        history = cls(folder)
        history.git("init", "--quiet", "--bare", "--template=", "--initial-branch=main", str(folder))
        history.git("fetch", "--quiet", str(owned), "refs/heads/main:refs/heads/main")
        for branch in ("staging", "production"):
            history.move(f"refs/heads/{branch}", history.resolve("main"))
        (folder / _OWN).touch()
        return history

    def fetch_new(self, owned: Path) -> list[MergedPull]:
        """Return what somebody's own main has beyond ours, oldest first; no branch of ours moves."""
        self.git("fetch", "--quiet", str(owned), "+refs/heads/main:refs/lab/incoming")
        if not self.is_ancestor("main", "refs/lab/incoming"):
            raise GitError(f"{owned}: its main does not contain what was merged before; merge or rebase it first")
        return self._pulls("main..refs/lab/incoming")

    def _pulls(self, span: str) -> list[MergedPull]:
        """One pull request for each commit, by whoever wrote it; an address that nobody of the company has is Dev's."""
        by_mail = {author.email: author for author in AUTHORS}
        lines = self.git("log", "--reverse", "--first-parent", "--format=%H%x09%ae%x09%s", span).splitlines()
        rows = [line.split("\t", 2) for line in lines]
        return [
            MergedPull(number, title, by_mail.get(email, DEV), commit, ())
            for number, (commit, email, title) in enumerate(rows, start=1)
        ]

    def past_pulls(self) -> tuple[MergedPull, ...]:
        """The pull requests that the first commits of main came from."""
        if (self.folder / _OWN).exists():
            return tuple(self._pulls("main"))
        commits = self.git("rev-list", "--reverse", "--first-parent", "main").split()
        return tuple(
            MergedPull(number + 1, message.partition("\n")[0], author, commits[number], labels)
            for number, (author, message, _, labels) in enumerate(_PAST)
        )

    def git(self, *words: str, given: bytes | None = None) -> str:
        """Run git in the repository and return what it printed."""
        return self.git_bytes(*words, given=given).decode(errors="replace").strip()

    def git_bytes(self, *words: str, given: bytes | None = None) -> bytes:
        """The same, untouched; what no commit can change any more is asked once."""
        if words in self._fixed:
            return self._fixed[words]
        done = subprocess.run(
            ["git", *words], input=given, capture_output=True, env=self.environment, timeout=30, check=False
        )
        if done.returncode:
            raise GitError(f"git {words[0]}: {done.stderr.decode(errors='replace').strip()}")
        if words[0] in _READING and all(map(_WHOLE_HASH.fullmatch, words[1:])):
            self._fixed[words] = done.stdout
        return done.stdout

    def commit(
        self,
        files: Mapping[str, str | None],
        message: str,
        author: Author = DEV,
        *,
        branch: str = "main",
        start: str | None = None,
        at: datetime | None = None,
    ) -> str:
        """Add a commit to `branch` (made from `start`, else from main) and return its hash; None deletes."""
        ref = f"refs/heads/{branch}"
        parent = self.find(ref) or self.find(start or "main")
        stream = _entry(ref, parent, files, message, author=author, at=at or datetime.now(UTC))
        self.git("fast-import", "--quiet", "--force", given=stream)
        return self.resolve(ref)

    def resolve(self, name: str) -> str:
        """The commit that a branch, tag or (short) hash stands for."""
        return self.git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")

    def find(self, name: str) -> str | None:
        """The same, or None where there is none."""
        if name.startswith("-"):
            return None
        try:
            return self.resolve(name)
        except GitError:
            return None

    def is_tree(self, sha: str) -> bool:
        """Whether there are files under this hash."""
        try:
            return self.git("cat-file", "-t", sha) == "tree"
        except GitError:
            return False

    def move(self, ref: str, commit: str) -> None:
        """Let a full ref name stand for `commit`; it is made when it is not there."""
        self.git("update-ref", ref, commit)

    def refs(self) -> dict[str, str]:
        """Every ref and its commit, to come back to later with `restore`."""
        lines = self.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        return dict(line.split(" ", 1) for line in lines)

    def restore(self, refs: Mapping[str, str]) -> None:
        """Bring every ref back to where it was, and drop the ones made since."""
        changes = [f"update {name} {commit}" for name, commit in refs.items()]
        changes += [f"delete {name}" for name in self.refs() if name not in refs]
        self.git("update-ref", "--stdin", given=("\n".join(changes) + "\n").encode())

    def is_ancestor(self, commit: str, of: str) -> bool:
        """Whether `of` contains `commit`."""
        try:
            self.git("merge-base", "--is-ancestor", commit, of)
        except GitError:
            return False
        return True

    def related(self, one: str, other: str) -> bool:
        """Whether the two have any commit in common."""
        try:
            return bool(self.git("merge-base", one, other))
        except GitError:
            return False

    def merge(self, onto: str, head: str, message: str, author: Author, *, squash: bool = False) -> str:
        """Make the commit that merges `head` into the commit `onto` and return it; no ref moves."""
        try:
            tree = self.git("merge-tree", "--write-tree", onto, head).splitlines()[0]
        except GitError as refused:
            raise ConflictError(f"{head} does not merge into {onto}") from refused
        return self.commit_tree(tree, (onto,) if squash else (onto, head), message, author)

    def commit_tree(self, tree: str, parents: Sequence[str], message: str, author: Author) -> str:
        """Make a commit of these files after these parents and return it; no ref moves."""
        stamp = f"{int(datetime.now(UTC).timestamp())} +0000"
        signer = GITHUB
        environment = self.environment | {
            "GIT_AUTHOR_NAME": author.name,
            "GIT_AUTHOR_EMAIL": author.email,
            "GIT_AUTHOR_DATE": stamp,
            "GIT_COMMITTER_NAME": signer.name,
            "GIT_COMMITTER_EMAIL": signer.email,
            "GIT_COMMITTER_DATE": stamp,
        }
        words = ["git", "commit-tree", tree, *(word for parent in parents for word in ("-p", parent)), "-F", "-"]
        done = subprocess.run(
            words, input=message.encode(), capture_output=True, env=environment, timeout=30, check=True
        )
        return done.stdout.decode().strip()


def _entry(
    ref: str,
    parent: str | None,
    files: Mapping[str, str | None],
    message: str,
    *,
    author: Author,
    at: datetime,
) -> bytes:
    """One commit in the language of git fast-import; without a parent it follows the ref's last."""
    text, person = message.encode(), f"{author.name} <{author.email}> {int(at.timestamp())} +0000"
    entry = f"commit {ref}\nauthor {person}\ncommitter {person}\ndata {len(text)}\n".encode() + text + b"\n"
    if parent:
        entry += f"from {parent}\n".encode()
    for path, content in files.items():
        if content is None:
            entry += f"D {path}\n".encode()
        else:
            data = content.encode()
            entry += f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n"
    return entry


# What these say of whole hashes is true for ever; of a ref it is true until that moves.
_READING = ("rev-parse", "rev-list", "merge-base", "show", "diff", "cat-file")
_WHOLE_HASH = re.compile(r"--?[\w-]+(=.*)?|[0-9a-f]{40}([\^:].*|\.\.[0-9a-f]{40})?", re.DOTALL)
# In the folder of a repository that was made from somebody's own.
_OWN = "made-from-somebody-s-own"
CI_FILE = ".github/workflows/ci.yml"
CI = """\
name: CI
on:
  push:
    branches: [main, staging]
  pull_request:
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: pnpm install && pnpm test
  image:
    needs: test
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: docker build -t "$IMAGE:$GITHUB_SHA" . && docker push "$IMAGE:$GITHUB_SHA"
"""
DEPLOY_JOB = """\
  deploy:
    needs: image
    if: github.ref == 'refs/heads/main'
    runs-on: ubuntu-latest
    environment: production
    steps:
      - run: ssh deploy@web-server-1 'cd /opt/holi && docker compose up -d'
"""
# The servers' own Compose files say what the image stands on; the commit comes as an argument.
_DOCKERFILE = """\
ARG BASE
FROM ${BASE}
ARG GIT_COMMIT
ENV VERSION=${GIT_COMMIT} FAULT= BOOT_SECONDS=0
"""
_PAST: tuple[tuple[Author, str, dict[str, str | None], tuple[str, ...]], ...] = (
    (
        TOMAS,
        "Start the patient portal",
        {"README.md": "# Holi\n", "Dockerfile": _DOCKERFILE, CI_FILE: CI, **project_files()},
        (),
    ),
    (ANA, "Add the patient search", {"apps/api/src/patients.ts": "export const search = 1\n"}, ("feature",)),
    (DEV, "Log in with e-mail and password", {"apps/api/src/auth/login.ts": "export {}\n"}, ("security",)),
    (
        DEV,
        "Add appointments",
        {
            "apps/api/src/appointments.ts": "export {}\n",
        },
        ("feature", "migration"),
    ),
    (DORA, "Answer health checks with the version", {"apps/api/src/health.ts": "export {}\n"}, ()),
    (ANA, "Write prescriptions to the audit log", {"apps/api/src/audit.ts": "export {}\n"}, ("feature",)),
    (DEV, "Update the lock file", {"pnpm-lock.yaml": "lockfileVersion: 9\n"}, ("dependencies",)),
    (OMAR, "Explain the on-call rota", {"docs/on-call.md": "# On call\n"}, ("documentation",)),
    (
        ANA,
        "Show the next appointment first",
        {"apps/api/src/appointments.ts": "export const order = 1\n"},
        (),
    ),
    (DEV, "Round waiting times to minutes", {"apps/api/src/waiting.ts": "export const unit = 60\n"}, ()),
)
