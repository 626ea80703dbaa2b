"""An environment that nobody saved is refused by the names of those that are."""

from collections.abc import Iterator

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from blocks.company import CompanyRules
from blocks.errors import Misconfigured
from blocks.saved import load_saved
from tests.core.prefect_server import SETTINGS
from tests.serving import served

NOT_THERE = "^environment: no countersign-company-rules called 'prod' is saved in Prefect; "


def prefects_server(names: list[str] | None) -> Starlette:
    """Prefect's server with block documents of these names; without any, it does not answer for them."""

    def answer(request: Request) -> JSONResponse:
        path = request.url.path
        if path.endswith("/block_documents") and names is not None:
            kind = {"name": "Countersign company rules", "slug": "countersign-company-rules"}
            return JSONResponse(
                [{"name": name, "block_type_id": TYPE, "block_schema_id": TYPE, "block_type": kind} for name in names]
            )
        return JSONResponse({"detail": "Not Found"}, status_code=404)

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])


TYPE = "5e1cbf3e-7b2c-4f0e-9a63-0b8f3d1c2a11"


@pytest.fixture(
    params=[
        (
            ["production", "shop"],
            "expected production, shop; another one's settings are saved by: python -m deployments.save_blocks$",
        ),
        ([], "save them: python -m deployments.save_blocks$"),
        (None, "save them: python -m deployments.save_blocks$"),
    ],
    ids=["two", "none", "not known"],
)
def expected(request: pytest.FixtureRequest) -> Iterator[str]:
    names, sentence = request.param
    with served(prefects_server(names)) as url, temporary_settings({**SETTINGS, PREFECT_API_URL: f"{url}/api"}):
        yield sentence


def test_an_environment_that_nobody_saved_is_refused_by_those_that_are(expected: str) -> None:
    with pytest.raises(Misconfigured, match=NOT_THERE + expected):
        load_saved(CompanyRules, "prod")
