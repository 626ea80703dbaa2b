"""How a block asks a vendor over HTTP: time-outs, one kept client, and what each failure means."""

import re
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from blocks.errors import Misconfigured, NotDone, Refused, Unreachable
from blocks.one_request import trusted
from policy.next_step import Cause, Kind
from policy.wording import counted, say_error

Shape = TypeVar("Shape")
Headers = Callable[[], Mapping[str, str]]
Query = Mapping[str, str | int | Sequence[str]]
_LINK = re.compile(r"<([^>]+)>([^<]*)")
_LONGEST_TEXT = 300
# A vendor that asks for no wait at all, or until a moment that has passed, is still not asked without a pause.
_SHORTEST_WAIT = 1.0
_SAID = ("message", "errorType", "error", "detail", "title", "errorMessages")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the vendor answered, not yet read."""

    vendor: str
    asked: str
    status: int
    content: bytes
    next_url: str | None
    moved_to: str | None = None

    def read(self, shape: type[Shape]) -> Shape:
        """The body in the given shape; anything else is nonsense, and asking again may help."""
        try:
            return TypeAdapter(shape).validate_json(self.content)
        except ValidationError as error:
            wrong = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in wrong["loc"]) or "the body"
            raise Unreachable(
                f"{self.vendor}: the answer to {self.asked} is not as expected ({where}: {wrong['msg']})"
            ) from None


class Vendor:
    """One vendor's address, and how to ask it; the secret headers are read for each call and never shown."""

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        headers: Headers,
        connect_seconds: float,
        read_seconds: float,
        patience_seconds: float,
        limit_of: Callable[[httpx.Response], float | None] | None = None,
        basic: Callable[[], tuple[str, str] | None] = lambda: None,
        secret: str | None = None,
        lacking: Callable[[httpx.Response], str | None] = lambda _response: None,
    ) -> None:
        self._secret, self._lacking = secret, lacking
        self.name, self.base_url = name, base_url.rstrip("/")
        self._headers, self._patience, self._basic = headers, patience_seconds, basic
        self._limit_of = limit_of or limit_of_429
        self._timeout = httpx.Timeout(read_seconds, connect=connect_seconds)
        self._kept: httpx.Client | None = None
        self._lock = threading.Lock()

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Mapping[str, Any] | None = None,
        form: Mapping[str, str] | None = None,
        accept: str = "application/json",
        understood: Collection[int] = (),
        scope: str | None = None,
    ) -> Answer:
        """The answer; a status of 300 and more is raised unless the caller says that it understands it.

        Where the vendor was made with the name of its secret, a secret that is refused or lacks `scope` is named.
        """
        asked = f"{method} {path.removeprefix(self.base_url)}"
        until = time.monotonic() + self._patience
        url = path if path.startswith(f"{self.base_url}/") else f"{self.base_url}{path}"
        headers = {"Accept": accept, "User-Agent": "countersign", **self._headers()}
        request = self._client().build_request(method, url, params=query, json=body, data=form, headers=headers)
        while True:
            response = self._send(asked, request)
            asked_wait = self._limit_of(response)
            if asked_wait is None:
                break
            wait = max(asked_wait, _SHORTEST_WAIT)
            if time.monotonic() + wait > until:
                raise Unreachable(
                    f"{self.name}: too many calls at {asked}; asked to wait {wait:.0f} s, "
                    f"the limit is {self._patience:.0f} s"
                )
            time.sleep(wait)
        if self._secret and response.status_code not in understood:
            self._judge_secret(self._secret, asked, response, scope)
        return self._judge(asked, response, understood)

    def fetch_without_secret(self, url: str) -> bytes:
        """What lies at an address that the vendor named; it is another's, so no secret goes there."""
        asked = f"GET {httpx.URL(url).host}"
        response = self._send(asked, self._client().build_request("GET", url, headers={"User-Agent": "countersign"}))
        return self._judge(asked, response, ()).content

    def close(self) -> None:
        """Let go of the kept connections."""
        with self._lock:
            if self._kept is not None:
                self._kept.close()
                self._kept = None

    def _client(self) -> httpx.Client:
        with self._lock:
            if self._kept is None:
                self._kept = httpx.Client(verify=trusted(), timeout=self._timeout, follow_redirects=False)
            return self._kept

    def _send(self, asked: str, request: httpx.Request) -> httpx.Response:
        try:
            return self._client().send(request, auth=self._basic())
        except httpx.TimeoutException as error:
            raise self._silence(f"no answer in time to {asked} ({type(error).__name__})", error) from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise self._silence(f"no answer to {asked} ({say_error(error)})", error) from None

    def _silence(self, said: str, error: httpx.HTTPError) -> Unreachable:
        """What was sent may have been done; without a connection nothing was sent."""
        silent = NotDone if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout) else Unreachable
        return silent(f"{self.name}: {said}", cause=Cause(Kind.NO_ANSWER, self.name))

    def _judge_secret(self, secret: str, asked: str, response: httpx.Response, scope: str | None) -> None:
        if response.status_code == 401:
            raise Misconfigured(
                f"{self.name} does not accept the secret {secret}: {said(response)}",
                cause=Cause(Kind.TOKEN_REFUSED, self.name),
            )
        if response.status_code == 403:
            needed = f"; it needs {scope}" if scope else ""
            raise Misconfigured(f"{self.name}: the secret {secret} may not {asked}{needed}: {said(response)}")

    def _judge(self, asked: str, response: httpx.Response, understood: Collection[int]) -> Answer:
        status = response.status_code
        if status >= 500:
            raise Unreachable(f"{self.name}: {asked} was answered with {status}")
        if status >= 300 and status not in understood:
            lacking = self._lacking(response)
            needed = f" (it needs the permission {lacking})" if lacking else ""
            refused = Cause(Kind.TOKEN_REFUSED, self.name) if status == 401 else None
            raise Refused(f"{self.name} refused {asked}: {status} {said(response)}{needed}", cause=refused)
        following = next_page(response.headers.get("link", ""))
        return Answer(self.name, asked, status, response.content, following, response.headers.get("location"))


def seconds_until(response: httpx.Response, moment: float) -> float:
    """The seconds from the answer's own date until a Unix time; one minute where the answer has no date."""
    try:
        now = parsedate_to_datetime(response.headers.get("date", "")).timestamp()
    except ValueError:
        return 60.0
    return max(moment - now, 0.0)


def next_page(link: str) -> str | None:
    """The address of the next page by a Link header; Sentry names one also where nothing follows."""
    for address, words in _LINK.findall(link):
        if 'rel="next"' in words and 'results="false"' not in words:
            return str(address)
    return None


def limit_of_429(response: httpx.Response) -> float | None:
    """The seconds that a 429 asks to wait, or None where there is no limit in the way."""
    return seconds_to_wait(response, default=1.0) if response.status_code == 429 else None


def seconds_to_wait(response: httpx.Response, *, default: float) -> float:
    """What Retry-After says, in either of its two forms, else `default`."""
    text = response.headers.get("retry-after", "")
    if text.replace(".", "", 1).isdecimal():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
        now = parsedate_to_datetime(response.headers.get("date", ""))
        return max((until - now).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return default


def said(response: httpx.Response) -> str:
    """The vendor's own words, cut to a sentence."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if words := list(_words(body)):
        return "; ".join(words)[:_LONGEST_TEXT]
    return f"({counted(len(response.content), 'byte')} of {response.headers.get('content-type', 'no type')})"


def _words(body: object) -> Iterator[str]:
    """What a body says; the vendors put it under many names, one inside another."""
    if isinstance(body, str):
        yield body
    elif isinstance(body, list):
        for part in body:
            yield from _words(part)
    elif isinstance(body, dict):
        found = [word for key in _SAID if body.get(key) for word in _words(body[key])]
        if not found and body.get("code"):
            found = [f"{body.get('field', '?')}: {body['code']}"]
        if not found:
            found = [
                f"{name}: {text}"
                for name, texts in body.items()
                if isinstance(texts, list)
                for text in texts
                if isinstance(text, str) and name != "errors"
            ]
        yield from dict.fromkeys(found)
        errors = body.get("errors")
        if isinstance(errors, dict):
            yield from (f"{field}: {text}" for field, text in errors.items())
        else:
            yield from _words(errors)
