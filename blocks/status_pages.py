"""The public status pages of the vendors in use: GitHub, Slack, a cloud, as each tells of itself.

Follows the summary that every page made with Statuspage publishes at /api/v2/summary.json, without any secret. A page
says what its vendor knows: our own failure to reach the vendor outweighs it.
"""

from datetime import timedelta
from typing import Literal

from pydantic import BaseModel, Field, HttpUrl

from blocks.company_block import CompanyBlock
from blocks.errors import Misconfigured
from blocks.vendor import Vendor
from policy.conflicts import Component, StatusPage

OwnSystem = Literal["github", "slack", "store", "backups"]
Indicator = Literal["none", "minor", "major", "critical", "maintenance"]


class _Page(BaseModel):
    url: str


class _Status(BaseModel):
    indicator: Indicator
    description: str


class _Component(BaseModel):
    id: str = ""
    name: str
    status: str
    group_id: str | None = None


class _Summary(BaseModel):
    page: _Page
    status: _Status
    components: list[_Component]


class StatusPages(CompanyBlock):
    """The status pages of the vendors that production lives on."""

    _block_type_name = "Countersign status pages"
    _block_type_slug = "countersign-status-pages"
    _description = "What the vendors in use say of themselves."
    _documentation_url = HttpUrl("https://metastatuspage.com/api")
    _code_example = """
    ```python
    from blocks.status_pages import StatusPages

    pages = StatusPages.load("BLOCK_NAME")
    pages.read_status("GitHub")
    ```"""

    pages: dict[str, str] = Field(
        description="Address of each vendor's page by its name, such as https://www.githubstatus.com."
    )
    uses: dict[str, list[str]] = Field(
        default_factory=dict, description="Components in use by the name of the vendor; the whole page where none is."
    )
    carries: dict[str, list[OwnSystem]] = Field(
        default_factory=dict, description="Systems of ours that live at the vendor, by its name; each is asked too."
    )
    timeout: timedelta = Field(default=timedelta(seconds=10), description="How long an answer may take, in seconds.")

    def read_status(self, vendor: str) -> StatusPage:
        """What the vendor says of itself now."""
        if vendor not in self.pages:
            raise Misconfigured(f"no status page of {vendor} is set; there are {', '.join(sorted(self.pages))}")
        seconds = self.timeout.total_seconds()
        page = Vendor(
            f"the status page of {vendor}",
            self.pages[vendor],
            headers=dict,
            connect_seconds=seconds,
            read_seconds=seconds,
            patience_seconds=seconds,
        )
        try:
            found = page.ask("GET", "/api/v2/summary.json").read(_Summary)
        finally:
            page.close()
        names = {one.id: one.name for one in found.components}
        components = tuple(
            Component(one.name, one.status, names.get(one.group_id) if one.group_id else None)
            for one in found.components
        )
        return StatusPage(found.status.indicator, found.status.description, components, found.page.url)
