"""How long a vendor asks to wait, and that no vendor is asked without a pause."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from blocks.errors import Unreachable
from blocks.github_repository import limit_of
from blocks.vendor import Vendor, limit_of_429
from tests.serving import served

NOON, IN_A_MINUTE = "Tue, 24 Nov 2026 12:00:00 GMT", "Tue, 24 Nov 2026 12:01:00 GMT"
RESET = str(1_795_521_600 + 90)
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
NOT_ALLOWED = "Resource not accessible by personal access token"


def answer(status: int, text: str = "", **headers: str) -> httpx.Response:
    spelt = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, text=text, headers={"Date": NOON, **spelt})


@pytest.mark.parametrize(
    ("response", "seconds"),
    [
        pytest.param(answer(429, retry_after="7"), 7, id="E2"),
        pytest.param(answer(429, retry_after=IN_A_MINUTE), 60, id="E2 a date"),
        pytest.param(answer(429, retry_after=NOON.replace("GMT", "-0000")), 1, id="E2 a date without a zone"),
        pytest.param(answer(429, retry_after="1.5"), 1.5, id="E2 a fraction"),
        pytest.param(answer(429), 1, id="E2 no header"),
        pytest.param(answer(429, retry_after="soon"), 1, id="E2 no time"),
        pytest.param(answer(429, retry_after="-3"), 1, id="E2 a negative time"),
        pytest.param(answer(403, retry_after="7"), None, id="E2 another refusal"),
        pytest.param(answer(200), None, id="E2 an answer"),
    ],
)
def test_a_rate_limit_says_how_long_it_lasts(response: httpx.Response, seconds: float | None) -> None:
    assert limit_of_429(response) == seconds


@pytest.mark.parametrize(
    ("response", "seconds"),
    [
        pytest.param(answer(403, SECONDARY), 60, id="E11 the secondary limit, no header"),
        pytest.param(answer(403, SECONDARY, retry_after="30"), 30, id="E11 the secondary limit"),
        pytest.param(answer(429, SECONDARY, retry_after=IN_A_MINUTE), 60, id="E11 429 and a date"),
        pytest.param(answer(429, "slow down"), 60, id="E11 429 and no header"),
        pytest.param(
            answer(403, "You have triggered an abuse detection mechanism."), 60, id="E11 as an older server says it"
        ),
        pytest.param(
            answer(403, "API rate limit exceeded for user ID 1.", x_ratelimit_remaining="0", x_ratelimit_reset=RESET),
            90,
            id="E11 the primary limit",
        ),
        pytest.param(answer(403, SECONDARY, x_ratelimit_remaining="4000"), 60, id="E11 calls are left"),
        pytest.param(answer(403, NOT_ALLOWED), None, id="E11 a missing permission"),
        pytest.param(
            answer(403, NOT_ALLOWED, x_ratelimit_remaining="0", x_ratelimit_reset=RESET),
            None,
            id="E11 a missing permission, at the last call",
        ),
        pytest.param(answer(401, "Bad credentials"), None, id="E11 a wrong token"),
    ],
)
def test_githubs_limits_are_told_from_a_missing_permission(response: httpx.Response, seconds: float | None) -> None:
    assert limit_of(response) == seconds


@pytest.mark.parametrize("wait", [pytest.param("0", id="E2 no wait"), pytest.param(NOON, id="E2 a moment that passed")])
def test_a_vendor_that_asks_for_no_wait_is_still_not_asked_without_a_pause(wait: str) -> None:
    asked: list[Request] = []

    async def refuse(request: Request) -> Response:
        asked.append(request)
        return Response(status_code=429, headers={"Retry-After": wait})

    with served(Starlette(routes=[Route("/", refuse)])) as url:
        vendor = Vendor("Acme", url, headers=dict, connect_seconds=1, read_seconds=1, patience_seconds=1.5)
        with pytest.raises(Unreachable, match="Acme: too many calls at GET /; asked to wait 1 s, the limit is 2 s"):
            vendor.ask("GET", "/")
        vendor.close()

    assert 1 <= len(asked) <= 2
