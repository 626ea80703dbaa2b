"""Which paths two leads look after: security-critical code and infrastructure (section 8)."""

from collections.abc import Iterable

from pydantic import Field

from policy.path_pattern import matches_any
from policy.risk_rules import RiskRules
from policy.table import Table

_RISKY = RiskRules()


class SensitivePaths(Table):
    """The paths that ask for a lead's own review, and for more coverage."""

    security_critical: tuple[str, ...] = Field(
        default=(
            *_RISKY.authentication,
            *_RISKY.payment,
            "**/security/**",
            "**/security.*",
            "**/*crypt*",
            "**/*crypt*/**",
            "**/permission*",
            "**/permission*/**",
            "**/rbac*",
            "**/rbac*/**",
            "**/*audit-log*",
            "**/*audit_log*",
        ),
        description="1.1.2, 1.1.3: the security lead reviews them, and they are covered by tests to 90 %.",
    )
    infrastructure: tuple[str, ...] = Field(
        default=_RISKY.infrastructure, description="1.1.2: the DevOps lead reviews them."
    )

    def list_security_critical(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Return the security-critical ones of the paths, in order."""
        return tuple(sorted({path for path in paths if matches_any(path, self.security_critical)}))

    def list_infrastructure(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Return those of the paths that say how the application is built and run, in order."""
        return tuple(sorted({path for path in paths if matches_any(path, self.infrastructure)}))
