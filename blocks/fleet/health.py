"""Asks a server itself how it is, past the balancer and past SSH."""

from datetime import timedelta

import httpx

from blocks.errors import Unreachable
from blocks.fleet.server import Server
from blocks.one_request import send_once
from policy.health import NOBODY_LISTENS, HealthAnswer


def ask_health(server: Server, *, host_header: str | None, patience: timedelta) -> HealthAnswer:
    """Return what it answers; status 0 if its host is there and nothing listens.

    A redirect is its answer: what another address says is no evidence of this server.
    """
    headers = {"Host": host_header} if host_header else {}
    try:
        answer = send_once("GET", server.health, patience=patience, headers=headers, redirected=False)
    except httpx.ConnectError as error:
        if _was_refused(error):
            return HealthAnswer(server.name, NOBODY_LISTENS, "nothing listens: connection refused")
        raise Unreachable(f"{server.name}: {server.health}: {error}") from error
    except httpx.HTTPError as error:
        raise Unreachable(f"{server.name}: {server.health}: {type(error).__name__} {error}") from error
    return HealthAnswer(server.name, answer.status_code, answer.text)


def _was_refused(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ConnectionRefusedError):
            return True
        error = error.__cause__ or error.__context__
    return False
