"""GitHub's operations on refs, comparisons and files (REST API: Commits, Git database, Repositories)."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

from lab.history import BOT, TOMAS, ConflictError, GitError, History
from lab.vendors import github_shapes as shapes
from lab.vendors.core import Answer, Call, Operation
from lab.vendors.github_links import repository
from lab.vendors.github_pages import cut_page
from lab.vendors.github_shapes import invalid, refusal, spoken_now
from lab.vendors.github_state import GitHubState

_AT = "/repos/{owner}/{repo}"
_MOST_FILES = 300
_HASH = 40


class CodeOperations:
    """The rows of the table that look at or change the git repository."""

    def __init__(self, state: GitHubState) -> None:
        self.state, self.history = state, state.history

    def operations(self) -> tuple[Operation, ...]:
        """Paths that end in a name with slashes stand after longer ones."""
        return (
            Operation("GET", _AT, self._get_repository),
            Operation("GET", f"{_AT}/compare/{{basehead:path}}", self._compare),
            Operation("GET", f"{_AT}/git/ref/{{ref:path}}", self._get_ref),
            Operation("PATCH", f"{_AT}/git/refs/{{ref:path}}", self._move_ref, frozenset({"sha", "force"})),
            Operation("POST", f"{_AT}/git/refs", self._create_ref, frozenset({"ref", "sha"})),
            Operation("POST", f"{_AT}/git/commits", self._create_commit, frozenset({"message", "tree", "parents"})),
            Operation("POST", f"{_AT}/git/tags", self._create_tag, frozenset({"tag", "message", "object", "type"})),
            Operation("POST", f"{_AT}/merges", self._merge, frozenset({"base", "head", "commit_message"})),
            Operation("GET", f"{_AT}/contents/{{path:path}}", self._get_contents),
        )

    def _get_repository(self, call: Call) -> Answer:
        del call
        allowed = dict.fromkeys(("admin", "maintain"), False) | dict.fromkeys(("triage", "pull"), True)
        permissions = allowed | {"push": self.state.may_push}
        return Answer(body=repository(self.state.repository) | {"permissions": permissions})

    def _commits(self, *shas: str) -> list[dict[str, Any]]:
        return shapes.commits(self.history, shas, f"/repos/{self.state.repository}")

    def _compare(self, call: Call) -> Answer:
        base_name, dots, head_name = call.parameters["basehead"].partition("...")
        base, head = self.history.find(base_name), self.history.find(head_name)
        if not dots or not base or not head:
            raise refusal(404, "Not Found")
        if not self.history.related(base, head):
            raise refusal(404, f"No common ancestor between {base_name} and {head_name}.")
        fork = self.history.git("merge-base", base, head)
        ahead = self.history.git("rev-list", "--reverse", f"{base}..{head}").split()
        behind = int(self.history.git("rev-list", "--count", f"{head}..{base}"))
        page, headers = cut_page(call, ahead)
        page_url = f"https://github.com/{self.state.repository}/compare/{base_name}...{head_name}"
        body = {
            "url": call.path,
            "html_url": page_url,
            "permalink_url": page_url,
            "diff_url": f"{page_url}.diff",
            "patch_url": f"{page_url}.patch",
            "status": _spoken_status(len(ahead), behind),
            "ahead_by": len(ahead),
            "behind_by": behind,
            "total_commits": len(ahead),
            "base_commit": self._commits(base)[0],
            "merge_base_commit": self._commits(fork)[0],
            "commits": self._commits(*page),
        }
        if call.query.get("page", "1") == "1":
            body["files"] = shapes.files(self.history, fork, head)[:_MOST_FILES]
        return Answer(body=body, headers=headers)

    def _ref(self, name: str, sha: str) -> dict[str, Any]:
        return {"ref": name, "node_id": "", "url": name, "object": {"type": "commit", "sha": sha, "url": sha}}

    def _get_ref(self, call: Call) -> Answer:
        name = f"refs/{call.parameters['ref']}"
        refs = self.history.refs()
        if name not in refs:
            raise refusal(404, "Not Found")
        return Answer(body=self._ref(name, refs[name]))

    def _set_ref(self, name: str, sha: str) -> dict[str, Any]:
        self.history.move(name, sha)
        if name.startswith("refs/heads/"):
            self.state.pushed(name.removeprefix("refs/heads/"), sha)
        return self._ref(name, sha)

    def _stored(self, body_sha: Any) -> str:
        sha = str(body_sha or "")
        if len(sha) != _HASH or not self.history.find(sha):
            raise refusal(422, "Object does not exist")
        return sha

    def _move_ref(self, call: Call) -> Answer:
        name, refs = f"refs/{call.parameters['ref']}", self.history.refs()
        if name not in refs:
            raise refusal(422, "Reference does not exist")
        sha = self._stored(call.body.get("sha"))
        if not call.body.get("force", False) and not self.history.is_ancestor(refs[name], sha):
            raise refusal(422, "Update is not a fast forward")
        return Answer(body=self._set_ref(name, sha))

    def _create_ref(self, call: Call) -> Answer:
        name = str(call.body.get("ref", ""))
        if not name.startswith("refs/") or name.count("/") < 2:
            raise refusal(422, "Reference name must start with 'refs/' and have at least two slashes.")
        sha = self._stored(call.body.get("sha"))
        if name in self.history.refs():
            raise refusal(422, "Reference already exists")
        return Answer(201, self._set_ref(name, sha))

    def _create_commit(self, call: Call) -> Answer:
        """The commit is an object alone until a ref is made for it."""
        for name in ("message", "tree"):
            if not call.body.get(name):
                raise invalid({"resource": "Commit", "field": name, "code": "missing_field"})
        tree, parents = str(call.body["tree"]), [str(one) for one in call.body.get("parents") or ()]
        if not self.history.is_tree(tree):
            raise refusal(422, "Tree SHA does not exist")
        if any(len(parent) != _HASH or self.history.find(parent) != parent for parent in parents):
            raise refusal(422, "Parent SHA does not exist or is not a commit object")
        sha = self.history.commit_tree(tree, parents, f"{call.body['message']}\n", BOT)
        return Answer(201, _git_commit(self.history, sha, f"/repos/{self.state.repository}"))

    def _create_tag(self, call: Call) -> Answer:
        """The tag is an object alone until a ref is made for it."""
        sha = self._stored(call.body.get("object"))
        for name in ("tag", "message", "type"):
            if not call.body.get(name):
                raise invalid({"resource": "Tag", "field": name, "code": "missing_field"})
        name, message = str(call.body["tag"]), str(call.body["message"])
        now = spoken_now()
        stamp = f"{TOMAS.name} <{TOMAS.email}> {int(datetime.now(UTC).timestamp())} +0000"
        content = f"object {sha}\ntype commit\ntag {name}\ntagger {stamp}\n\n{message}\n"
        made = self.history.git("mktag", given=content.encode())
        body = {
            "sha": made,
            "url": made,
            "node_id": f"TA_{made}",
            "tagger": {"name": TOMAS.name, "email": TOMAS.email, "date": now},
            "object": {"sha": sha, "type": "commit", "url": sha},
            "tag": name,
            "message": message,
        }
        return Answer(201, body)

    def _merge(self, call: Call) -> Answer:
        for name in ("base", "head"):
            if not call.body.get(name):
                raise invalid({"resource": "Merge", "field": name, "code": "missing_field"})
        branch, head_name = str(call.body["base"]), str(call.body["head"])
        base, head = self.history.find(f"refs/heads/{branch}"), self.history.find(head_name)
        if not base:
            raise refusal(404, "Base does not exist")
        if not head:
            raise refusal(404, "Head does not exist")
        if self.history.is_ancestor(head, base):
            return Answer(204)
        message = str(call.body.get("commit_message") or f"Merge {head_name} into {branch}")
        try:
            sha = self.history.merge(base, head, message, TOMAS)
        except ConflictError:
            raise refusal(409, "Merge conflict") from None
        self._set_ref(f"refs/heads/{branch}", sha)
        return Answer(201, self._commits(sha)[0])

    def _get_contents(self, call: Call) -> Answer:
        ref, path = call.query.get("ref", "main"), call.parameters["path"]
        commit = self.history.find(ref)
        if not commit:
            raise refusal(404, f"No commit found for the ref {ref}")
        try:
            kind = self.history.git("cat-file", "-t", f"{commit}:{path}")
            if kind == "tree":
                return self._folder(commit, path, whole="object" in call.headers.get("accept", ""))
            content = self.history.git_bytes("cat-file", "blob", f"{commit}:{path}")
        except GitError:
            raise refusal(404, "Not Found") from None
        if "raw" in call.headers.get("accept", ""):
            return Answer(headers={"Content-Type": "application/vnd.github.raw+json"}, raw=content)
        encoded = base64.encodebytes(content).decode()
        body = {"type": "file", "encoding": "base64", "size": len(content), "path": path, "content": encoded}
        return Answer(body=body)

    def _folder(self, commit: str, path: str, *, whole: bool) -> Answer:
        """The entries alone, or the folder with its entries where the media type asks for an object."""
        lines = self.history.git("ls-tree", "--long", f"{commit}:{path}").splitlines()
        entries = [shapes.folder_entry(self.state.repository, commit, path, line) for line in lines]
        if not whole:
            return Answer(body=entries)
        tree = self.history.git("rev-parse", f"{commit}:{path}")
        parent, _, name = path.rpartition("/")
        folder = shapes.folder_entry(self.state.repository, commit, parent, f"040000 tree {tree} -\t{name}")
        kind = {"Content-Type": "application/vnd.github.object+json"}
        return Answer(headers=kind, raw=json.dumps({**folder, "entries": entries}).encode())


def _git_commit(history: History, sha: str, base_url: str) -> dict[str, Any]:
    """A commit as the git database tells it."""
    [whole] = shapes.commits(history, [sha], base_url)
    inner = whole["commit"]
    unsigned = {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}
    pages = whole["html_url"].removesuffix(sha)
    return {
        **{name: inner[name] for name in ("author", "committer", "message", "tree", "url")},
        **{name: whole[name] for name in ("sha", "node_id", "html_url")},
        "parents": [{**one, "html_url": f"{pages}{one['sha']}"} for one in whole["parents"]],
        "verification": unsigned,
    }


def _spoken_status(ahead: int, behind: int) -> str:
    if ahead:
        return "diverged" if behind else "ahead"
    return "behind" if behind else "identical"
