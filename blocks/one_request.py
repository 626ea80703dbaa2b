"""One HTTP request on its own connection: a kept one that a stopping server closes looks like a lost one."""

import ssl
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any

import httpx


@cache
def trusted() -> ssl.SSLContext:
    """Reading the certificates takes longer than asking, so it is done once a process."""
    return httpx.create_ssl_context()


def send_once(
    method: str,
    url: str,
    *,
    patience: timedelta,
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | httpx.Auth | None = None,
    body: Mapping[str, Any] | None = None,
    redirected: bool = True,
) -> httpx.Response:
    """Return the answer, read to its end, of whoever it is `redirected` to; the environment's proxies are not used."""
    with httpx.Client(
        verify=trusted(), timeout=patience.total_seconds(), trust_env=False, follow_redirects=redirected
    ) as client:
        return client.request(method, url, headers=headers, auth=auth, json=body)
