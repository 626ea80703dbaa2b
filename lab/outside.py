"""The vendors beside GitHub, Slack and PagerDuty's pager: one stand-in each, seeded as on a quiet day."""

import asyncio
from typing import Any

from lab.home import Home
from lab.mail import USER as MAIL_USER
from lab.mail import MailServer
from lab.vendors.confluence import Confluence
from lab.vendors.core import Vendor
from lab.vendors.doppler import Doppler
from lab.vendors.grafana import Grafana
from lab.vendors.jira import Jira
from lab.vendors.linear import Linear
from lab.vendors.notion import Notion
from lab.vendors.pagerduty_rest import PagerDutyRest
from lab.vendors.sentry import Sentry
from lab.vendors.snyk import Snyk
from lab.vendors.status_page import StatusPage
from lab.vendors.statuspage import Statuspage
from lab.web import WebServers

TICKET = "HOLI-7"
POLICY, SERVICE = "PPROD", "PWEB"
ORGANIZATION = "4a18d42f-0706-4ad0-b127-24078731fbed"
SPACE, DATA_SOURCE, PAGE, COMPONENT = "42", "1f2e-log", "kctbh9vrtdwd", "api8"
MAIL = "ci@holilabs.xyz"
STAKEHOLDERS = ("carla@holilabs.xyz", "ceo@holilabs.xyz")
FLAGS = {"FEATURE_ROTA": "true", "DATABASE_URL": "postgres://secret"}


class Outside:
    """Every vendor of the list by the name of its section in the settings."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self.on_call = PagerDutyRest(home.secret("PAGERDUTY_TOKEN"))
        self.statuspage = Statuspage(home.secret("STATUSPAGE_TOKEN"), page=PAGE, components=(COMPONENT,))
        self.status_page = StatusPage()
        self.sentry = Sentry(home.secret("SENTRY_TOKEN"), organization="holilabs", project="web")
        self.doppler = Doppler(home.secret("DOPPLER_TOKEN"), project="holi", config="prd", secrets=FLAGS)
        self.snyk = Snyk(home.secret("SNYK_TOKEN"), organization=ORGANIZATION)
        self.jira = Jira(home.secret("JIRA_TOKEN"), user=MAIL)
        self.linear = Linear(home.secret("LINEAR_TOKEN"))
        self.notion = Notion(home.secret("NOTION_TOKEN"), data_source=DATA_SOURCE)
        self.confluence = Confluence(home.secret("CONFLUENCE_TOKEN"), user=MAIL, space=SPACE)
        self.grafana = Grafana(home.secret("GRAFANA_TOKEN"))
        self.mail = MailServer(home.path / "mail", home.ports["mail"], home.secret("MAIL_PASSWORD"))
        self.reset()

    def vendors(self) -> dict[str, Vendor]:
        """Return every vendor by name."""
        return {
            "on_call": self.on_call,
            "statuspage": self.statuspage,
            "status_page": self.status_page,
            "sentry": self.sentry,
            "doppler": self.doppler,
            "snyk": self.snyk,
            "jira": self.jira,
            "linear": self.linear,
            "notion": self.notion,
            "confluence": self.confluence,
            "grafana": self.grafana,
        }

    async def serve(self, web: WebServers) -> None:
        """Serve every vendor on its port, and mail."""
        for name, vendor in self.vendors().items():
            await web.serve(name, vendor.app)
        await asyncio.to_thread(self.mail.start)

    async def stop(self) -> None:
        """Stop what is not a web server."""
        await asyncio.to_thread(self.mail.stop)

    def reset(self) -> None:
        """A quiet day: somebody on call, one ticket open, every rule of Grafana green, nothing else."""
        for vendor in self.vendors().values():
            vendor.mend()
            vendor.calls.clear()
            vendor.allowed = True
        for one in (self.on_call, self.statuspage, self.sentry, self.mail):
            one.reset()
        for rows in (self.snyk.issues, self.notion.pages, self.confluence.pages, self.grafana.annotations):
            rows.clear()
        self.grafana.rules.clear()
        self.grafana.add_rule("Error rate")
        self.doppler.secrets = dict(FLAGS)
        self.jira.issues.clear()
        self.jira.written.clear()
        self.linear.issues.clear()
        self.jira.open(TICKET, "Bring the new version")
        self.linear.open(TICKET, "Bring the new version")
        self.on_call.put_on_call(POLICY, "Omar Reyes", "omar@holilabs.xyz")
        self.status_page.indicator = "none"
        self.status_page.components = {"API": "operational", "Webhooks": "operational"}
        self.status_page.moved_to = None
        self.status_page.groups.clear()
        self.status_page.incidents.clear()
        self.status_page.maintenances.clear()

    def settings(self) -> dict[str, Any]:
        """Return the sections of the settings: of two systems for one purpose, one."""

        def known(name: str, token: str, **more: Any) -> dict[str, Any]:
            return {"url": self._home.url(name), "token": token, **more}

        return {
            "on_call": known("on_call", "PAGERDUTY_TOKEN", policy=POLICY, services=[SERVICE]),
            "statuspage": known("statuspage", "STATUSPAGE_TOKEN", page=PAGE, components=[COMPONENT])
            | {"url": self._home.url("statuspage") + "/v1"},
            "status_pages": {"GitHub": {"page": self._home.url("status_page"), "uses": ["API"]}},
            "sentry": known("sentry", "SENTRY_TOKEN", organization="holilabs", project="web"),
            "doppler": known("doppler", "DOPPLER_TOKEN", project="holi", config="prd"),
            "snyk": known("snyk", "SNYK_TOKEN", organization=ORGANIZATION) | {"url": self._home.url("snyk") + "/rest"},
            "jira": known("jira", "JIRA_TOKEN", user=MAIL, support="project = SUP"),
            "notion": known("notion", "NOTION_TOKEN", data_source=DATA_SOURCE),
            "grafana": known("grafana", "GRAFANA_TOKEN"),
            "mail": {
                "host": "127.0.0.1",
                "port": self._home.ports["mail"],
                "user": MAIL_USER,
                "password": "MAIL_PASSWORD",
                "sender": MAIL,
                "stakeholders": list(STAKEHOLDERS),
                "certificates": str(self.mail.certificate),
            },
        }
