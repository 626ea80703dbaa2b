"""GitHub: pull requests as 1.1 looks at them: what they say, who reviewed them, what is still discussed."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from blocks import github_pull_answers as answers
from blocks.errors import Misconfigured, Refused, Unreachable
from blocks.github_answers import File, changed_files
from blocks.github_repository import Repository
from policy.pull_requests import PullRequest
from policy.review_facts import PullCommit, Review, Thread

_PARALLEL = 6
_THREADS = """query ReviewThreads($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      reviewThreads(first: 100, after: $after) {
        totalCount
        pageInfo { hasNextPage endCursor }
        nodes { isResolved path comments(first: 1) { nodes { url } } }
      }
    }
  }
}"""


class PullRequests(Repository):
    """The pull requests of one repository."""

    def list_pulls_of(self, commits: list[str]) -> Mapping[str, tuple[int, ...]]:
        """The numbers of every pull request that each of the commits belongs to."""
        with ThreadPoolExecutor(_PARALLEL) as pool:
            return dict(zip(commits, pool.map(self._numbers_of, commits), strict=True))

    def read_described_pull(self, number: int) -> PullRequest:
        """A pull request with its words and files."""
        answer = self._vendor.ask("GET", self._at(f"pulls/{number}"), understood=(404,))
        if answer.status == 404:
            raise Refused(f"{self.repository} has no pull request {number}")
        whole = answer.read(answers.WholePull)
        files, files_total = self.list_pull_files(number)
        source = whole.head.repo.full_name.lower() if whole.head.repo else None
        return PullRequest(
            number=whole.number,
            title=whole.title,
            body=whole.body or "",
            branch=whole.head.ref,
            base=whole.base.ref,
            state="merged" if whole.merged_at is not None else whole.state,
            draft=whole.draft,
            mergeable=whole.mergeable,
            from_fork=source != self.repository.lower(),
            files=files,
            files_complete=files_total == whole.changed_files,
            url=whole.html_url,
            head=whole.head.sha,
            opened_by=whole.user.login if whole.user else None,
            commits_total=whole.commits,
            labels=tuple(sorted(label.name for label in whole.labels)),
            asked=tuple(one.login for one in (*whole.assignees, *whole.requested_reviewers)),
        )

    def list_pull_files(self, number: int) -> tuple[tuple[str, ...], int]:
        """The paths that a pull request changes, the old name of a moved file too, and of how many files they are."""
        pages = self._pages(self._at(f"pulls/{number}/files"), list[File])
        files = [file for page in pages for file in page]
        names, _ = changed_files(files)
        return names, len(files)

    def list_pull_commits(self, number: int) -> tuple[PullCommit, ...]:
        """The commits of a pull request with everybody who wrote them, as far as GitHub lists them."""
        pages = self._pages(self._at(f"pulls/{number}/commits"), list[answers.PullCommitAnswer])
        return tuple(answers.pull_commit(one) for page in pages for one in page)

    def list_reviews(self, number: int) -> tuple[Review, ...]:
        """Every review of a pull request, in the order in which they were begun."""
        pages = self._pages(self._at(f"pulls/{number}/reviews"), list[answers.ReviewAnswer])
        return tuple(answers.review(one) for page in pages for one in page)

    def list_threads(self, number: int) -> tuple[tuple[Thread, ...], int]:
        """The conversations on a pull request's lines, and how many GitHub says there are."""
        owner, _, name = self.repository.partition("/")
        found: list[Thread] = []
        after: str | None = None
        while True:
            page = self._threads({"owner": owner, "name": name, "number": number, "after": after})
            found += [answers.thread(one) for one in page.nodes]
            after = page.page_info.end_cursor
            if not page.page_info.has_next_page or after is None:
                return tuple(found), page.total_count

    def _numbers_of(self, commit: str) -> tuple[int, ...]:
        pages = self._pages(self._at(f"commits/{commit}/pulls"), list[answers.Numbered])
        return tuple(sorted(one.number for page in pages for one in page))

    def _threads(self, variables: Mapping[str, str | int | None]) -> answers.ThreadPage:
        body = {"query": _THREADS, "variables": dict(variables)}
        answer = self._vendor.ask("POST", "/graphql", body=body).read(answers.ThreadsAnswer)
        for error in answer.errors:
            if error.type == "RATE_LIMITED":
                raise Unreachable(f"GitHub: too many questions about review threads: {error.message}")
            if error.type in ("FORBIDDEN", "INSUFFICIENT_SCOPES"):
                needed = "it needs the permission pull_requests=read"
                raise Misconfigured(f"GitHub: the secret {self.token} may not read review threads; {needed}")
            raise Refused(f"GitHub refused to list the threads of #{variables['number']}: {error.message}")
        pull = answer.data.repository.pull_request if answer.data and answer.data.repository else None
        if pull is None:
            raise Refused(f"{self.repository} has no pull request {variables['number']}")
        return pull.review_threads
