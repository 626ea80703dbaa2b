"""What a company may lack: an item that needs it is not applicable there, and a step that needs it is left out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from blocks.backup_store import BackupStore
from blocks.company import Company, Staging
from blocks.confluence import Confluence
from blocks.doppler import Doppler
from blocks.errors import Misconfigured
from blocks.grafana import Grafana
from blocks.jira import Jira
from blocks.linear import Linear
from blocks.load_balancer import LoadBalancer
from blocks.mail import Mail
from blocks.notion import Notion
from blocks.pagerduty import PagerDuty
from blocks.pagerduty_rest import PagerDutyRest
from blocks.postgres import Postgres
from blocks.prisma import Prisma
from blocks.prometheus import Prometheus
from blocks.scratch_host import ScratchHost
from blocks.sentry import Sentry
from blocks.status_pages import StatusPages
from blocks.statuspage import Statuspage
from blocks.test_bench import TestBench
from policy.evidence_rules import SecuritySource

Kind = TypeVar("Kind")


@dataclass(frozen=True)
class System(Generic[Kind]):
    """A section of the settings that may be left out, and where the company keeps what it describes."""

    section: str
    of: Callable[[Company], Kind | None]

    def required(self, company: Company) -> Kind:
        """Return the system; raises Misconfigured where the company has none."""
        found = self.of(company)
        if found is None:
            raise Misconfigured(f"there is no [{self.section}] in the settings, which this needs")
        return found


STAGING: System[Staging] = System("staging", lambda company: company.staging)
STAGING_METRICS: System[Prometheus] = System(
    "staging_metrics", lambda company: company.staging.metrics if company.staging else None
)
BALANCER: System[LoadBalancer] = System("balancer", lambda company: company.balancer)
PROMETHEUS: System[Prometheus] = System("prometheus", lambda company: company.prometheus)
SCRATCH: System[ScratchHost] = System("scratch_database", lambda company: company.scratch)
STAGING_DATABASE: System[Postgres] = System(
    "staging_database", lambda company: company.staging.database if company.staging else None
)
PRISMA: System[Prisma] = System("prisma", lambda company: company.prisma)
DATABASE: System[Postgres] = System("database", lambda company: company.database)
PAGERDUTY: System[PagerDuty] = System("pagerduty", lambda company: company.pagerduty)
BACKUPS: System[BackupStore] = System("backups", lambda company: company.backups)
ON_CALL: System[PagerDutyRest] = System("on_call", lambda company: company.on_call)
STATUSPAGE: System[Statuspage] = System("statuspage", lambda company: company.statuspage)
STATUS_PAGES: System[StatusPages] = System("status_pages", lambda company: company.status_pages)
SENTRY: System[Sentry] = System("sentry", lambda company: company.sentry)
DOPPLER: System[Doppler] = System("doppler", lambda company: company.doppler)
TICKETS: System[Jira | Linear] = System("jira] or [linear", lambda company: company.tickets)
LOG: System[Notion | Confluence] = System("notion] or [confluence", lambda company: company.log)
TEST_BENCH: System[TestBench] = System("hotfix_test", lambda company: company.test_bench)
MAIL: System[Mail] = System("mail", lambda company: company.mail)
GRAFANA: System[Grafana] = System("grafana", lambda company: company.grafana)
SECURITY: System[SecuritySource] = System("security", lambda company: company.evidence.security)
