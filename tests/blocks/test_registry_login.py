"""Registries that want a token, as GitHub's and Docker's do, and keep their blobs elsewhere."""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from blocks.errors import Refused, Unreachable
from blocks.registry import Registry
from tests.serving import served

MANIFEST = json.dumps({"config": {"digest": "sha256:" + "a" * 64}, "layers": []}).encode()
DIGEST = "sha256:" + hashlib.sha256(MANIFEST).hexdigest()
SCOPE = "repository:holilabs/web:pull"
RIGHT = "Basic " + base64.b64encode(b"ci:right").decode()


@dataclass
class TokenRegistry:
    """A registry whose tokens come from a server of their own, and whose blobs lie on a third."""

    realm: str = "TOKENS"
    token: str = "first"
    given_out: int = 0
    answer: Response | None = None
    seen_elsewhere: list[str | None] = field(default_factory=list)
    elsewhere: str = ""
    tokens: str = ""

    def registry_app(self) -> Starlette:
        """The registry itself."""
        return Starlette(routes=[Route("/v2/holilabs/web/{kind}/{reference}", self._serve, methods=["GET", "HEAD"])])

    def tokens_app(self) -> Starlette:
        """The server that gives tokens out."""
        return Starlette(routes=[Route("/token", self._give_token)])

    def blobs_app(self) -> Starlette:
        """Where blobs lie."""
        return Starlette(routes=[Route("/blob", self._serve_blob, methods=["GET", "HEAD"])])

    def _serve(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            realm = self.realm.replace("TOKENS", f"{self.tokens}/token")
            challenge = f'Bearer realm="{realm}",service="ghcr.io",scope="{SCOPE}"'
            return PlainTextResponse("", 401, {"WWW-Authenticate": challenge})
        if request.path_params["kind"] == "blobs":
            return RedirectResponse(f"{self.elsewhere}/blob", 307)
        return Response(MANIFEST) if request.path_params["reference"] in ("c3", DIGEST) else Response(status_code=404)

    def _give_token(self, request: Request) -> Response:
        if self.answer is not None:
            return self.answer
        wanted = (request.headers.get("authorization"), request.query_params.get("scope"))
        if wanted != (RIGHT, SCOPE) or request.query_params.get("service") != "ghcr.io":
            return JSONResponse({"details": "no"}, 403)
        self.given_out += 1
        return JSONResponse({"token": self.token})

    def _serve_blob(self, request: Request) -> Response:
        self.seen_elsewhere.append(request.headers.get("authorization"))
        return Response(b"{}")


@pytest.fixture
def vendor() -> TokenRegistry:
    return TokenRegistry()


@pytest.fixture
def registry(vendor: TokenRegistry, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    monkeypatch.setenv("REGISTRY_PASSWORD", "right")
    with (
        served(vendor.registry_app()) as url,
        served(vendor.tokens_app()) as vendor.tokens,
        served(vendor.blobs_app()) as vendor.elsewhere,
    ):
        yield Registry(url=url, name="ghcr.io/holilabs/web", user="ci", password="REGISTRY_PASSWORD")


def test_a_token_is_fetched_once_and_again_when_it_is_no_longer_taken(
    vendor: TokenRegistry, registry: Registry
) -> None:
    assert registry.find_digest("c3") == DIGEST
    assert registry.find_digest("c3") == DIGEST
    assert vendor.given_out == 1

    vendor.token = "second"

    assert registry.find_digest("absent") is None
    assert vendor.given_out == 2


def test_where_the_blobs_lie_nobody_is_shown_a_token(vendor: TokenRegistry, registry: Registry) -> None:
    assert registry.can_pull(DIGEST)
    assert vendor.seen_elsewhere == [None]


def test_a_wrong_password_is_no_missing_image(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTRY_PASSWORD", "wrong")

    with pytest.raises(Refused, match=r"token server 127\.0\.0\.1 refused ci with 403"):
        registry.find_digest("c3")


@pytest.mark.parametrize(
    ("answer", "raised", "said"),
    [
        (Response(status_code=404), Refused, "refused ci with 404"),
        (Response(status_code=503), Unreachable, "answered with 503"),
        (Response(status_code=429), Unreachable, "answered with 429"),
        (Response(b"<html>"), Unreachable, "gave no token"),
        (JSONResponse({}), Unreachable, "gave no token"),
        (JSONResponse([]), Unreachable, "gave no token"),
    ],
    ids=["404", "503", "429", "html", "empty", "list"],
)
def test_without_a_token_nothing_is_known_of_the_image(
    vendor: TokenRegistry, registry: Registry, answer: Response, raised: type[Exception], said: str
) -> None:
    vendor.answer = answer

    with pytest.raises(raised, match=said):
        registry.find_digest("c3")


@pytest.mark.parametrize("realm", ["", "ftp://127.0.0.1/token"])
def test_a_password_goes_only_where_a_registry_may_send_it(
    vendor: TokenRegistry, registry: Registry, realm: str
) -> None:
    vendor.realm = realm

    with pytest.raises(Refused, match="expected https"):
        registry.find_digest("c3")
