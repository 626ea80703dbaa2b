"""What cannot be mended today: a finding that somebody answers for until a day (1.1.4)."""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Annotated

from pydantic import Field

from policy.table import NAME, REASON, Table
from policy.typed import line


class DatedException(Table):
    """One finding, who answers for it, and the last day on which it is accepted."""

    finding: Annotated[str, line(3, 500)] = Field(
        description="The finding's name, such as GHSA-xxxx-xxxx-xxxx or a gitleaks fingerprint."
    )
    owner: Annotated[str, NAME] = Field(description="Who answers for it, as in the roster.")
    until: date = Field(description="The last day on which it is accepted.")
    reason: Annotated[str, REASON] = Field(description="Why it is accepted, in one line.")

    def __str__(self) -> str:
        return f"{self.finding} until {self.until} ({self.owner}: {self.reason})"


def find_exception(exceptions: Iterable[DatedException], names: Collection[str]) -> DatedException | None:
    """Return the exception for a finding with one of these names, the one that lasts longest."""
    spelt = {name.casefold() for name in names}
    fitting = [exception for exception in exceptions if exception.finding.strip().casefold() in spelt]
    return max(fitting, key=lambda exception: exception.until, default=None)
