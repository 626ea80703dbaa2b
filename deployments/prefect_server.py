"""Prefect's server as whoever gives a command here has named it."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from prefect.exceptions import PrefectException
from prefect.settings import get_current_settings

from blocks.errors import Misconfigured
from policy.wording import say_error

NAME_IT = "start it, and set PREFECT_API_URL and PREFECT_API_AUTH_STRING for this user"


def is_named() -> bool:
    """Whether a server is named; without one Prefect starts its own, which knows of no release and soon ends."""
    return bool(get_current_settings().api.url)


@contextmanager
def server_takes_it() -> Iterator[None]:
    """Raises Misconfigured where no server is named, or where the one that is does not take what is sent meanwhile."""
    if not is_named():
        raise Misconfigured("PREFECT_API_URL: expected the address of Prefect's server, found none for this user")
    try:
        yield
    except (httpx.HTTPError, PrefectException) as error:
        url = get_current_settings().api.url
        raise Misconfigured(f"Prefect's server {url} did not take it ({say_error(error)}): {NAME_IT}") from error
