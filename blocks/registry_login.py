"""How a registry is shown who asks: by password at once, or by a token that its own server gives out for the password.

Follows https://distribution.github.io/distribution/spec/auth/token.
"""

import re
from collections.abc import Generator
from urllib.parse import urlsplit

import httpx

from blocks.errors import Refused, Unreachable

_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


class RegistryLogin(httpx.Auth):
    """Logs in with a password; where the registry wants a token, one is fetched and kept until it is refused."""

    requires_response_body = True

    def __init__(self) -> None:
        self.user, self.password = "", ""
        self._token: str | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Ask, and once more with a fresh token if the answer says where there is one."""
        by_password = httpx.BasicAuth(self.user, self.password)
        if self._token is None:
            request = next(by_password.auth_flow(request))
        else:
            request.headers["Authorization"] = f"Bearer {self._token}"
        answer = yield request
        challenge = answer.headers.get("WWW-Authenticate", "")
        if answer.status_code != httpx.codes.UNAUTHORIZED or not challenge.lower().startswith("bearer "):
            return
        asking = _token_request(challenge, request.url.scheme)
        self._token = _read_token((yield next(by_password.auth_flow(asking))), self.user)
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def _token_request(challenge: str, scheme: str) -> httpx.Request:
    """The request that the challenge asks for; a password that came encrypted does not go on in the clear."""
    said = dict(_PARAMETER.findall(challenge))
    realm = said.pop("realm", "")
    if urlsplit(realm).scheme not in {"https", scheme}:
        raise Refused(f"registry: its tokens would be asked for at {realm or 'no address'}, expected https")
    return httpx.Request("GET", realm, params={name: said[name] for name in ("service", "scope") if name in said})


def _read_token(answer: httpx.Response, user: str) -> str:
    where = f"the registry's token server {answer.request.url.host}"
    if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise Unreachable(f"{where} answered with {answer.status_code}")
    if answer.status_code != httpx.codes.OK:
        raise Refused(f"{where} refused {user} with {answer.status_code}")
    try:
        found = answer.json()
        # Older servers call it `access_token`, for OAuth's sake.
        return str(found.get("token") or found["access_token"])
    except (ValueError, LookupError, AttributeError):
        raise Unreachable(f"{where} gave no token") from None
