"""PagerDuty: whoever is on call is woken, one incident a key, and the incident ends when its cause did.

Follows PagerDuty's Events API v2. An event is taken (202) before it is worked on, and none can be read back; its
dedup key makes a repeated event harmless.
"""

import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, HttpUrl, PrivateAttr

from blocks.company_block import CompanyBlock
from blocks.credentials import read_secret
from blocks.errors import Refused, Unreachable
from blocks.vendor import Vendor

Severity = Literal["critical", "error", "warning", "info"]
LONGEST_SUMMARY = 1024
_ACCEPTED = 202
_AGAIN_SECONDS = 1.0


class _Taken(BaseModel):
    status: str
    message: str = ""


class PagerDuty(CompanyBlock):
    """One service on PagerDuty, as its integration for events sees it."""

    _block_type_name = "Countersign PagerDuty"
    _block_type_slug = "countersign-pagerduty"
    _description = "Incidents that wake whoever is on call."
    _documentation_url = HttpUrl("https://developer.pagerduty.com/docs/events-api-v2-overview")
    _code_example = """
    ```python
    from blocks.pagerduty import PagerDuty

    pagerduty = PagerDuty.load("BLOCK_NAME")
    pagerduty.trigger("web-server-2 needs hands", source="production", severity="critical", key="release-7", details={})
    ```"""

    url: str = Field(default="https://events.pagerduty.com", description="Address of PagerDuty's Events API.")
    routing_key: str = Field(
        default="PAGERDUTY_ROUTING_KEY", description="Name of the secret that holds the integration's key."
    )
    secrets_folder: str | None = Field(default=None, description="Folder of the files that hold secrets.")
    connect_timeout: timedelta = Field(
        default=timedelta(seconds=5), description="How long a connection may take, in seconds."
    )
    read_timeout: timedelta = Field(
        default=timedelta(seconds=10), description="How long an answer may take, in seconds."
    )
    patience: timedelta = Field(
        default=timedelta(seconds=15), description="How long an event is sent again until it is taken, in seconds."
    )
    _vendor: Vendor = PrivateAttr()

    def block_initialization(self) -> None:
        """Keep one client; nothing is asked before a verb is called."""
        self._vendor = Vendor(
            "PagerDuty",
            self.url,
            headers=dict,
            connect_seconds=self.connect_timeout.total_seconds(),
            read_seconds=self.read_timeout.total_seconds(),
            patience_seconds=self.patience.total_seconds(),
        )

    def close(self) -> None:
        """Let go of the kept connections."""
        self._vendor.close()

    def trigger(
        self, summary: str, *, source: str, severity: Severity, key: str, details: Mapping[str, str] | None = None
    ) -> None:
        """There is an incident under this key, however often this is called while it is open."""
        if not summary.strip():
            raise Refused(f"the incident {key} has no summary")
        payload = {"summary": summary[:LONGEST_SUMMARY], "source": source, "severity": severity}
        self._enqueue({"event_action": "trigger", "payload": {**payload, "custom_details": dict(details or {})}}, key)

    def resolve(self, key: str) -> None:
        """The incident under this key, if one is open, is over."""
        self._enqueue({"event_action": "resolve"}, key)

    def _enqueue(self, event: Mapping[str, Any], key: str) -> None:
        until = time.monotonic() + self.patience.total_seconds()
        while True:
            try:
                self._send({**event, "dedup_key": key})
            except Unreachable:
                if time.monotonic() + _AGAIN_SECONDS > until:
                    raise
                time.sleep(_AGAIN_SECONDS)
            else:
                return

    def _send(self, event: Mapping[str, Any]) -> None:
        folder = Path(self.secrets_folder) if self.secrets_folder else None
        key = read_secret(self.routing_key, folder).get_secret_value()
        answer = self._vendor.ask("POST", "/v2/enqueue", body={**event, "routing_key": key})
        taken = answer.read(_Taken)
        if answer.status != _ACCEPTED or taken.status != "success":
            raise Unreachable(
                f"PagerDuty: the event was answered with {answer.status} {taken.status}, expected {_ACCEPTED} success"
            )
