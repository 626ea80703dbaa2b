"""What GitHub's JSON holds beside what is read: addresses, counts and empty places, as its description requires."""

from typing import Any

API = "https://api.github.com"
SITE = "https://github.com"
# Whatever begins with this address is a page under one of these names; what people wrote has other names.
_PAGES = frozenset({"html_url", "permalink_url", "details_url", "target_url", "href", "url"})
_THEN = "2024-01-01T00:00:00Z"
_ACCOUNT = "events followers following gists organizations received_events repos starred subscriptions"
_REPOSITORY = (
    "archive assignees blobs branches collaborators comments commits compare contents contributors deployments "
    "downloads events forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels "
    "languages merges milestones notifications pulls releases stargazers statuses subscribers subscription tags "
    "teams trees"
)
_PULL = "commits review_comments review_comment comments statuses"


def account(login: str) -> dict[str, Any]:
    """The short form of an account."""
    url = f"{API}/users/{login}"
    addresses = {f"{name}_url": f"{url}/{name}" for name in _ACCOUNT.split()}
    return addresses | {
        "login": login,
        "id": 1000 + len(login),
        "node_id": f"U_{login}",
        "avatar_url": f"{SITE}/{login}.png",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{SITE}/{login}",
        "type": "User",
        "site_admin": False,
    }


def repository(full_name: str, *, fork: bool = False) -> dict[str, Any]:
    """The whole form of a repository; the short one is a part of it."""
    owner, _, name = full_name.partition("/")
    url = f"{API}/repos/{full_name}"
    counts = (
        "forks forks_count network_count open_issues open_issues_count size stargazers_count subscribers_count "
        "watchers watchers_count"
    )
    switches = {
        "has_issues": True,
        "has_discussions": False,
        "has_projects": True,
        "has_wiki": False,
        "has_pages": False,
        "has_downloads": True,
    }
    addresses = {f"{part}_url": f"{url}/{part}" for part in _REPOSITORY.split()}
    return (
        addresses
        | dict.fromkeys(counts.split(), 0)
        | switches
        | {
            "id": 1,
            "node_id": "R_1",
            "name": name,
            "full_name": full_name,
            "owner": account(owner),
            "private": True,
            "fork": fork,
            "description": None,
            "homepage": None,
            "language": "TypeScript",
            "license": None,
            "mirror_url": None,
            "default_branch": "main",
            "archived": False,
            "disabled": False,
            "url": url,
            "html_url": f"{SITE}/{full_name}",
            "clone_url": f"{SITE}/{full_name}.git",
            "git_url": f"git://github.com/{full_name}.git",
            "ssh_url": f"git@github.com:{full_name}.git",
            "svn_url": f"{SITE}/{full_name}",
            "created_at": _THEN,
            "updated_at": _THEN,
            "pushed_at": _THEN,
        }
    )


def move_pages(body: Any, site: str) -> Any:
    """Return what is answered with every address of a page on `site` instead of GitHub's own."""
    if isinstance(body, list):
        return [move_pages(one, site) for one in body]
    if not isinstance(body, dict):
        return body
    return {
        name: f"{site}{value.removeprefix(SITE)}"
        if name in _PAGES and isinstance(value, str) and value.startswith(f"{SITE}/")
        else move_pages(value, site)
        for name, value in body.items()
    }


def label(name: str) -> dict[str, Any]:
    """A label."""
    url = f"{API}/labels/{name}"
    described = {"id": 100 + len(name), "node_id": f"LA_{name}", "url": url, "description": None, "default": False}
    return described | {"name": name, "color": "ededed"}


def pull_links(full_name: str, number: int) -> dict[str, Any]:
    """The addresses around a pull request."""
    url, page = f"{API}/repos/{full_name}/pulls/{number}", f"{SITE}/{full_name}/pull/{number}"
    around = {f"{name}_url": f"{url}/{name}" for name in _PULL.split()}
    links = {name.removesuffix("_url"): {"href": address} for name, address in around.items()}
    issue = f"{API}/repos/{full_name}/issues/{number}"
    return around | {
        "url": url,
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": issue,
        "_links": links | {"self": {"href": url}, "html": {"href": page}, "issue": {"href": issue}},
    }


def run_links(full_name: str, number: int) -> dict[str, Any]:
    """The addresses around a workflow run."""
    url = f"{API}/repos/{full_name}/actions/runs/{number}"
    parts = ("jobs", "logs", "cancel", "rerun", "artifacts")
    return {f"{part}_url": f"{url}/{part}" for part in parts} | {
        "url": url,
        "html_url": f"{SITE}/{full_name}/actions/runs/{number}",
        "check_suite_url": f"{API}/repos/{full_name}/check-suites/{number}",
        "workflow_url": f"{API}/repos/{full_name}/actions/workflows/1",
    }


def app(slug: str) -> dict[str, Any]:
    """A GitHub app that reports checks."""
    return {
        "id": 15368,
        "slug": slug,
        "node_id": "A_15368",
        "owner": account("github"),
        "name": slug,
        "description": None,
        "external_url": f"{SITE}/features/actions",
        "html_url": f"{SITE}/apps/{slug}",
        "created_at": _THEN,
        "updated_at": _THEN,
        "permissions": {"checks": "write"},
        "events": ["push"],
    }


def deployment(one: Any, full_name: str) -> dict[str, Any]:
    """A deployment."""
    url = f"{API}/repos/{full_name}/deployments/{one.number}"
    return {
        "id": one.number,
        "node_id": f"DE_{one.number}",
        "sha": one.commit,
        "ref": "main",
        "task": "deploy",
        "environment": one.environment,
        "creator": account("dlevin"),
        "payload": dict(one.payload),
        "description": None,
        "statuses_url": f"{url}/statuses",
        "repository_url": f"{API}/repos/{full_name}",
        "url": url,
        "created_at": one.at,
        "updated_at": one.at,
    }


def deployment_status(one: Any, full_name: str) -> dict[str, Any]:
    """The newest status of a deployment."""
    url = f"{API}/repos/{full_name}/deployments/{one.number}"
    return {
        "id": one.number,
        "node_id": f"DES_{one.number}",
        "state": one.state,
        "creator": account("dlevin"),
        "description": "",
        "target_url": one.link,
        "log_url": one.link,
        "deployment_url": url,
        "repository_url": f"{API}/repos/{full_name}",
        "url": f"{url}/statuses/1",
        "created_at": one.at,
        "updated_at": one.at,
    }
