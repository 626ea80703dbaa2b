"""A stand-in for GitHub's REST API over a real bare git repository.

Follows GitHub's REST API description (npm @octokit/openapi 23.0.2) for shapes, and its pages "Rate limits for
the REST API" and "Troubleshooting the REST API" for what is refused and how.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from lab.history import History
from lab.vendors.core import Answer, Call, Handler, Operation, RefusalError, Vendor
from lab.vendors.github_code import CodeOperations
from lab.vendors.github_issues import IssueOperations
from lab.vendors.github_links import SITE, move_pages
from lab.vendors.github_pulls import PullOperations
from lab.vendors.github_reports import STORAGE, ReportOperations
from lab.vendors.github_reviews import ReviewOperations
from lab.vendors.github_runs import RunOperations
from lab.vendors.github_shapes import invalid, refusal
from lab.vendors.github_site import SiteOperations
from lab.vendors.github_state import GitHubState, PushHook

_LIMIT = 5000
_NO_USER_AGENT = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header"


class GitHub(Vendor):
    """One repository; `on_push(branch, commit)` is awaited in the background after a branch moved.

    `site` is where its answers say that the pages for people are.
    """

    def __init__(
        self,
        history: History,
        token: str,
        *,
        repository: str = "holilabs/holilabsv2",
        workflow: str = "ci.yml",
        site: str = SITE,
        on_push: PushHook | None = None,
    ) -> None:
        self.state = GitHubState(history, repository, workflow)
        self.state.pushed = self._pushed
        self.on_push = on_push
        self.site = site
        self.forbidden: str | None = None
        self.needed = ""
        self._used = 0
        super().__init__(token)

    def reset(self) -> None:
        """Back to the first state, with no fault and no memory of calls."""
        self.state.reset()
        self.mend()
        self.calls.clear()
        self._used = 0
        self.forbidden = None

    def operations(self) -> tuple[Operation, ...]:
        """The part of GitHub that a release needs."""
        tables = (
            ReportOperations(self.state),
            ReviewOperations(self.state),
            CodeOperations(self.state),
            PullOperations(self.state),
            RunOperations(self.state),
            IssueOperations(self.state),
            SiteOperations(self.state),
        )
        return tuple(
            replace(operation, handler=partial(self._answer, operation.handler))
            for table in tables
            for operation in table.operations()
        )

    def _answer(self, handler: Handler, call: Call) -> Answer:
        answer = handler(call)
        return replace(answer, body=move_pages(answer.body, self.site))

    def check_caller(self, call: Call) -> None:
        """Refuse as GitHub does: no User-Agent, a wrong token, no calls left, a strange repository."""
        if not call.headers.get("user-agent"):
            raise refusal(403, _NO_USER_AGENT)
        if call.method == "GET" and call.path.lower().startswith(f"/{self.state.repository.lower()}/"):
            return  # a page, for people
        if call.path.startswith(STORAGE):
            if "authorization" in call.headers:
                raise refusal(400, "the storage takes no token: the address itself holds the right to read")
            return
        kind, _, token = call.headers.get("authorization", "").partition(" ")
        if kind.lower() not in ("bearer", "token") or token != self.token:
            raise refusal(401, "Bad credentials")
        if self._used >= _LIMIT:
            raise refusal(403, "API rate limit exceeded for user ID 1.")
        self._used += 1
        if "owner" in call.parameters:
            asked = f"{call.parameters['owner']}/{call.parameters['repo']}"
            if asked.lower() != self.state.repository.lower():
                raise refusal(404, "Not Found")
        if self.forbidden and self.forbidden in call.path:
            answer = refusal(403, "Resource not accessible by personal access token").answer
            raise RefusalError(replace(answer, headers={"X-Accepted-GitHub-Permissions": self.needed}))
        if not self.state.may_push and call.method != "GET" and not call.path.endswith("/graphql"):
            raise refusal(403, "Must have push access to repository")
        if "" in call.body:
            raise refusal(400, "Problems parsing JSON")

    def unknown(self, call: Call) -> Answer:
        """404, also for a trailing slash."""
        del call
        return refusal(404, "Not Found").answer

    def refuse_fields(self, call: Call, names: list[str]) -> Answer:
        """GitHub itself is silent here; the stand-in is not, so that a slip of the pen is found."""
        del call
        return invalid(*({"resource": "Request", "field": name, "code": "unknown"} for name in names)).answer

    def use_up(self) -> None:
        """Leave no call of this hour's limit."""
        self._used = _LIMIT

    def forbid(self, path: str, needed: str = "contents=write") -> None:
        """The token may no longer do what has `path` in its address, for want of the permission `needed`."""
        self.forbidden, self.needed = path, needed

    def standing_headers(self) -> Mapping[str, str]:
        """The primary limit as it stands."""
        reset = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
        return {
            "X-RateLimit-Limit": str(_LIMIT),
            "X-RateLimit-Remaining": str(max(_LIMIT - self._used, 0)),
            "X-RateLimit-Used": str(self._used),
            "X-RateLimit-Reset": str(reset),
            "X-RateLimit-Resource": "core",
        }

    def limited(self, seconds: float) -> Answer:
        """The secondary limit; with no seconds to wait no Retry-After comes with it."""
        answer = refusal(403, "You have exceeded a secondary rate limit. Please wait a few minutes.").answer
        return replace(answer, headers={"Retry-After": f"{seconds:.0f}"} if seconds else {})

    def _pushed(self, branch: str, commit: str) -> None:
        if (hook := self.on_push) is not None:
            self.later(lambda: hook(branch, commit))
