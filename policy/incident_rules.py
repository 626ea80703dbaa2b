"""Where the report of an incident is opened (4.2.5)."""

from collections.abc import Collection
from typing import Literal

from pydantic import Field

from policy.table import Table


class IncidentRules(Table):
    """4.2.5: where a report is opened when a release was rolled back, or needs hands."""

    where: Literal["github", "notion"] = Field(
        description="github: an issue of the repository. notion: a page, with the token of [notion]."
    )
    labels: tuple[str, ...] = Field(default=("incident",), description="github: the labels that the issue gets.")
    data_source: str = Field(
        default="",
        description="notion: the number of the data source of the reports' database. Empty: that of the log.",
    )


def find_missing(rules: IncidentRules | None, *, systems: Collection[str]) -> tuple[str, ...]:
    """Return what the settings lack for it, a sentence each."""
    if rules is not None and rules.where == "notion" and "notion" not in systems:
        return ("incidents.where: reports are to be pages of Notion, and there is no [notion]",)
    return ()
