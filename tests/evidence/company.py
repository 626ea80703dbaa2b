"""The company around the wire: real blocks, each before its stand-in, and a release that they know."""

import json
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from blocks.confluence import Confluence
from blocks.doppler import Doppler
from blocks.github import GitHub
from blocks.jira import Jira
from blocks.linear import Linear
from blocks.notion import Notion
from blocks.pagerduty_rest import PagerDutyRest
from blocks.record import Record
from blocks.sentry import Sentry
from blocks.slack import Slack
from blocks.snyk import Snyk
from blocks.status_pages import StatusPages
from blocks.statuspage import Statuspage
from blocks.store import FolderStore
from lab.history import DEV, History
from lab.vendors.confluence import Confluence as ConfluenceStandIn
from lab.vendors.core import Vendor
from lab.vendors.doppler import Doppler as DopplerStandIn
from lab.vendors.github import GitHub as GitHubStandIn
from lab.vendors.jira import Jira as JiraStandIn
from lab.vendors.linear import Linear as LinearStandIn
from lab.vendors.notion import Notion as NotionStandIn
from lab.vendors.pagerduty_rest import PagerDutyRest as OnCallStandIn
from lab.vendors.sentry import Sentry as SentryStandIn
from lab.vendors.slack import Slack as SlackStandIn
from lab.vendors.snyk import Snyk as SnykStandIn
from lab.vendors.status_page import StatusPage as StatusPageStandIn
from lab.vendors.statuspage import Statuspage as StatuspageStandIn
from policy.evidence_rules import CoverageSource, EvidenceRules, SecuritySource
from policy.limits import Limits, Risk
from policy.release import Build
from policy.roles import Person, Role, Roster
from tasks.run import Run
from tests.core.company import a_company
from tests.core.world import World
from tests.policy import releases
from tests.serving import served

ORGANIZATION = "4a18d42f-0706-4ad0-b127-24078731fbed"
MAIL = "ci@holilabs.xyz"
SECRETS = (
    "GITHUB_TOKEN",
    "SLACK_TOKEN",
    "PAGERDUTY_TOKEN",
    "STATUSPAGE_TOKEN",
    "SENTRY_TOKEN",
    "DOPPLER_TOKEN",
    "SNYK_TOKEN",
    "JIRA_TOKEN",
    "LINEAR_TOKEN",
    "NOTION_TOKEN",
    "CONFLUENCE_TOKEN",
)
CHECKS = ("unit", "integration", "build", "types", "lint", "image")
BODY = "Patients see the next appointment first, as the nurses of two wards asked for. HOLI-7"
ROSTER = Roster(
    people=(
        Person(
            name="Omar Reyes", roles=tuple(Role), emails=("omar@holilabs.xyz",), slack="U0OMAR", phone="+1 555 0104"
        ),
        Person(name="Tomas Lima", roles=(Role.TECH_LEAD,), github=("tlima",)),
        Person(name="Carla Ortiz", roles=(Role.CTO,), github=("cortiz",)),
    )
)
EVIDENCE = EvidenceRules(
    coverage=CoverageSource(), security=SecuritySource(scanners=("pnpm audit", "gitleaks", "Snyk"))
)
AUDIT = {
    "advisories": {},
    "metadata": {"vulnerabilities": {"high": 0, "critical": 0}, "totalDependencies": 7},
}
LINES = {"lines": {"total": 10, "covered": 9, "skipped": 0, "pct": 90}}


@dataclass
class Scene:
    """The release under way, and every stand-in by name."""

    run: Run
    vendors: dict[str, Vendor]
    others: dict[str, Any]
    first: dict[str, Any]

    def mend(self) -> None:
        """Let every vendor behave, and the company have what it had at first."""
        for vendor in self.vendors.values():
            vendor.mend()
            vendor.allowed = True
        cast("Any", self.vendors["github"]).forbidden = None
        cast("Any", self.vendors["sentry"]).issues.clear()
        self.use(**self.first)

    def use(self, **systems: Any) -> None:
        """Let the company have these systems instead, and forget what was fetched."""
        company = replace(self.run.company, **systems)
        self.run = Run(self.run.release, company, self.run.record, number=1, build=self.run.build)


def a_scene(world: World, folder: Path, stack: ExitStack) -> Scene:
    """Return a release whose evidence is all in order, with every system served."""
    history = History.make(folder / "holi.git")
    known = stand_ins(history)
    at = {name: stack.enter_context(served(vendor.app)) for name, vendor in known.items()}
    systems = blocks_at(at)
    others = others_at(at)
    for block in (*systems.values(), *others.values()):
        if hasattr(block, "close"):
            stack.callback(block.close)
    (folder / "store").mkdir()
    store = FolderStore(folder=str(folder / "store"))
    store.mark()
    company = replace(
        a_company(world, folder / "spool"),
        roster=ROSTER,
        store=store,
        evidence=EVIDENCE,
        limits=Limits(on_call_patience=timedelta(seconds=1)),
        **systems,
    )
    head = ship(known["github"], history)
    change = company.github.read_change_set("production", head)
    release = releases.release(
        commit=head,
        previous_commit=history.resolve("production"),
        commits=change.commits,
        files=change.files,
        complete=change.complete,
        risk=Risk.HIGH,
        request=releases.request(commit=head, flags={"FEATURE_ROTA": "true"}),
        limits=company.limits,
    )
    built = Build(commit=head, image="holi-web", digest="sha256:" + "b" * 64, merged_at=None, run_url=None)
    run = Run(release, company, Record(store, release.key, holder=1, spool=folder / "spool"), number=1, build=built)
    return Scene(run, known, others, systems)


def stand_ins(history: History) -> dict[str, Vendor]:
    """Return every vendor on a quiet day."""
    on_call = OnCallStandIn("pagerduty_token")
    on_call.put_on_call("PPROD", "Omar Reyes", "omar@holilabs.xyz")
    slack = SlackStandIn(
        "slack_token",
        channels={"C0DEPLOYMENTS": "deployments", "C0ALERTS": "alerts"},
        people={"omar@holilabs.xyz": "U0OMAR"},
    )
    slack.agreeing = frozenset({"U0OMAR"})
    jira, linear = JiraStandIn("jira_token", user=MAIL), LinearStandIn("linear_token")
    jira.open("HOLI-7", "Show the next appointment", "Done")
    linear.open("HOLI-7", "Show the next appointment", "Done")
    return {
        "github": GitHubStandIn(history, "github_token"),
        "slack": slack,
        "on_call": on_call,
        "statuspage": StatuspageStandIn("statuspage_token", page="kctbh9vrtdwd"),
        "status_page": StatusPageStandIn(),
        "sentry": SentryStandIn("sentry_token", organization="holilabs", project="web"),
        "doppler": DopplerStandIn("doppler_token", project="holi", config="prd", secrets={"FEATURE_ROTA": "true"}),
        "snyk": SnykStandIn("snyk_token", organization=ORGANIZATION),
        "jira": jira,
        "linear": linear,
        "notion": NotionStandIn("notion_token", data_source="log"),
        "confluence": ConfluenceStandIn("confluence_token", user=MAIL, space="42"),
    }


def blocks_at(at: dict[str, str]) -> dict[str, Any]:
    """Return the company's systems, each before its stand-in and with little patience."""
    short: dict[str, Any] = {"patience": 1, "read_timeout": 2}
    return {
        "github": GitHub(url=at["github"], repository="holilabs/holilabsv2", **short),
        "slack": Slack(
            url=f"{at['slack']}/api/", deployments="C0DEPLOYMENTS", alerts="C0ALERTS", timeout=3, patience=1
        ),
        "on_call": PagerDutyRest(url=at["on_call"], policy="PPROD", services=["PWEB"], **short),
        "statuspage": Statuspage(url=f"{at['statuspage']}/v1", page="kctbh9vrtdwd", **short),
        "status_pages": StatusPages(pages={"the cloud": at["status_page"]}, timeout=3),
        "sentry": Sentry(url=at["sentry"], organization="holilabs", project="web", **short),
        "doppler": Doppler(url=at["doppler"], project="holi", config="prd", **short),
        "snyk": Snyk(url=f"{at['snyk']}/rest", organization=ORGANIZATION, **short),
        "tickets": Jira(url=at["jira"], user=MAIL, **short),
        "log": Notion(url=at["notion"], data_source="log", **short),
    }


def others_at(at: dict[str, str]) -> dict[str, Any]:
    """Return the systems that serve a purpose instead of others."""
    short: dict[str, Any] = {"patience": 1, "read_timeout": 2}
    return {
        "tickets": Linear(url=at["linear"], **short),
        "log": Confluence(url=f"{at['confluence']}/wiki", user=MAIL, space="42", **short),
    }


def ship(github: Any, history: History) -> str:
    """Commit a change of main and report on it as CI and reviewers do; return its hash."""
    head = history.commit({"apps/api/src/rota.ts": "export const rota = 1\n"}, "Show the next appointment first", DEV)
    number = github.state.record_merged(head, "Show the next appointment first", body=BODY)
    github.state.approve(number)
    run = github.state.report_run(head)
    for name in CHECKS:
        github.state.report_check(head, name)
    github.state.keep_artifact(run, "coverage", {"coverage-summary.json": json.dumps({"total": LINES, "a.ts": LINES})})
    covered = {"base": "", "head": head, "commits": 11}
    scans = {"pnpm-audit.json": AUDIT, "gitleaks.json": [], "gitleaks-range.json": covered}
    github.state.keep_artifact(run, "security", {name: json.dumps(report) for name, report in scans.items()})
    return head
