"""How a block asks a vendor over HTTP: time-outs, one kept client, and what each failure means."""

import re
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from blocks.errors import Refused, Unreachable
from blocks.one_request import trusted

Shape = TypeVar("Shape")
Headers = Callable[[], Mapping[str, str]]
_NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')
_LONGEST_TEXT = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """What the vendor answered, not yet read."""

    vendor: str
    asked: str
    status: int
    content: bytes
    next_url: str | None

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
    ) -> None:
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
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        form: Mapping[str, str] | None = None,
        accept: str = "application/json",
        understood: Collection[int] = (),
    ) -> Answer:
        """The answer; a status of 300 and more is raised unless the caller says that it understands it."""
        asked = f"{method} {path.removeprefix(self.base_url)}"
        until = time.monotonic() + self._patience
        url = path if path.startswith(f"{self.base_url}/") else f"{self.base_url}{path}"
        headers = {"Accept": accept, "User-Agent": "countersign", **self._headers()}
        request = self._client().build_request(method, url, params=query, json=body, data=form, headers=headers)
        while True:
            response = self._send(asked, request)
            wait = self._limit_of(response)
            if wait is None:
                break
            if time.monotonic() + wait > until:
                raise Unreachable(
                    f"{self.name}: too many calls at {asked}; asked to wait {wait:.0f} s, "
                    f"the limit is {self._patience:.0f} s"
                )
            time.sleep(wait)
        return self._judge(asked, response, understood)

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
            raise Unreachable(f"{self.name}: no answer in time to {asked} ({type(error).__name__})") from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise Unreachable(f"{self.name}: no answer to {asked} ({error or type(error).__name__})") from None

    def _judge(self, asked: str, response: httpx.Response, understood: Collection[int]) -> Answer:
        status = response.status_code
        if status >= 500:
            raise Unreachable(f"{self.name}: {asked} was answered with {status}")
        if status >= 300 and status not in understood:
            raise Refused(f"{self.name} refused {asked}: {status} {said(response)}")
        following = _NEXT.search(response.headers.get("link", ""))
        next_url = following.group(1) if following else None
        return Answer(self.name, asked, status, response.content, next_url)


def limit_of_429(response: httpx.Response) -> float | None:
    """The seconds that a 429 asks to wait, or None where there is no limit in the way."""
    return seconds_to_wait(response, default=1.0) if response.status_code == 429 else None


def seconds_to_wait(response: httpx.Response, *, default: float) -> float:
    """What Retry-After says, in either of its two forms, else `default`."""
    text = response.headers.get("retry-after", "")
    if text.isdecimal():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
        now = parsedate_to_datetime(response.headers.get("date", ""))
    except ValueError:
        return default
    return max((until - now).total_seconds(), 0.0)


def said(response: httpx.Response) -> str:
    """The vendor's own words, cut to a sentence."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if isinstance(body, dict):
        words = [str(body[key]) for key in ("message", "errorType", "error", "detail") if body.get(key)]
        errors = body.get("errors")
        details = errors if isinstance(errors, list) else []
        words += [_said_detail(detail) for detail in details]
        if words:
            return "; ".join(words)[:_LONGEST_TEXT]
    return f"({len(response.content)} bytes of {response.headers.get('content-type', 'no type')})"


def _said_detail(detail: object) -> str:
    if isinstance(detail, dict):
        return str(detail.get("message") or f"{detail.get('field', '?')}: {detail.get('code', '?')}")
    return str(detail)
