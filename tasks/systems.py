"""What a company may lack: an item that needs it is not applicable there, and a step that needs it is left out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from blocks.backup_store import BackupStore
from blocks.company import Company, Staging
from blocks.errors import Misconfigured
from blocks.load_balancer import LoadBalancer
from blocks.pagerduty import PagerDuty
from blocks.postgres import Postgres
from blocks.prometheus import Prometheus

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
BALANCER: System[LoadBalancer] = System("balancer", lambda company: company.balancer)
PROMETHEUS: System[Prometheus] = System("prometheus", lambda company: company.prometheus)
DATABASE: System[Postgres] = System("database", lambda company: company.database)
PAGERDUTY: System[PagerDuty] = System("pagerduty", lambda company: company.pagerduty)
BACKUPS: System[BackupStore] = System("backups", lambda company: company.backups)
