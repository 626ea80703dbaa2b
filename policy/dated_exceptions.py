"""What cannot be mended today: a finding that somebody answers for until a day (1.1.4)."""

from collections.abc import Collection, Iterable
from datetime import date

from pydantic import BaseModel, ConfigDict, Field


class DatedException(BaseModel):
    """One finding, who answers for it, and the last day on which it is accepted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    finding: str = Field(
        min_length=3, description="The finding's name, such as GHSA-xxxx-xxxx-xxxx or a gitleaks fingerprint."
    )
    owner: str = Field(min_length=1, description="Who answers for it, as in the roster.")
    until: date = Field(description="The last day on which it is accepted.")
    reason: str = Field(min_length=8, description="Why it is accepted, in one line.")

    def __str__(self) -> str:
        return f"{self.finding} until {self.until} ({self.owner}: {self.reason})"


def find_exception(exceptions: Iterable[DatedException], names: Collection[str]) -> DatedException | None:
    """Return the exception for a finding with one of these names, the one that lasts longest."""
    spelt = {name.casefold() for name in names}
    fitting = [exception for exception in exceptions if exception.finding.strip().casefold() in spelt]
    return max(fitting, key=lambda exception: exception.until, default=None)
