"""What the blocks of vendors have in common: an address, the name of one secret, and how long they wait."""

from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import httpx
from pydantic import Field, PrivateAttr

from blocks.company_block import CompanyBlock
from blocks.credentials import read_secret
from blocks.vendor import Vendor, limit_of_429


class VendorBlock(CompanyBlock):
    """One vendor that is asked over HTTPS with one secret; the kinds say how the secret is shown."""

    called: ClassVar[str]

    url: str = Field(description="Address of the vendor's interface.")
    token: str = Field(description="Name of the secret that the vendor knows us by.")
    secrets_folder: str | None = Field(default=None, description="Folder of the files that hold secrets.")
    connect_timeout: timedelta = Field(
        default=timedelta(seconds=5), description="How long a connection may take, in seconds."
    )
    read_timeout: timedelta = Field(
        default=timedelta(seconds=15), description="How long an answer may take, in seconds."
    )
    patience: timedelta = Field(
        default=timedelta(seconds=30), description="How long a rate limit is waited for, in seconds."
    )
    _vendor: Vendor = PrivateAttr()

    def block_initialization(self) -> None:
        """Keep one client; nothing is asked before a verb is called."""
        self._vendor = Vendor(
            self.called,
            self.url,
            headers=lambda: self.shown(self._secret()),
            connect_seconds=self.connect_timeout.total_seconds(),
            read_seconds=self.read_timeout.total_seconds(),
            patience_seconds=self.patience.total_seconds(),
            limit_of=self.limit_of,
            secret=self.token,
        )

    def close(self) -> None:
        """Let go of the kept connections."""
        self._vendor.close()

    def shown(self, secret: str) -> dict[str, str]:
        """Return the headers that hold the secret."""
        return {"Authorization": f"Bearer {secret}"}

    @staticmethod
    def limit_of(response: httpx.Response) -> float | None:
        """Return the seconds that a limited answer asks to wait, or None where there is no limit in the way."""
        return limit_of_429(response)

    def _secret(self) -> str:
        folder = Path(self.secrets_folder) if self.secrets_folder else None
        return read_secret(self.token, folder).get_secret_value()
