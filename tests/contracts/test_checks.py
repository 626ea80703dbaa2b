"""What holds the contracts finds what is wrong: a check that passes everything would prove nothing."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.contracts import descriptions
from tests.contracts.descriptions import VARIABLE, folder
from tests.contracts.exchange import Exchange
from tests.contracts.openapi_check import Finding, OpenApiDescription
from tests.contracts.sdl_check import SdlDescription

TICKET = {"type": "object", "required": ["title"], "properties": {"title": {"type": "string"}}}
DESCRIBED: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Tickets", "version": "1"},
    "paths": {
        "/tickets/{key}": {
            "parameters": [{"name": "key", "in": "path", "required": True, "schema": {"type": "string"}}],
            "put": {
                "parameters": [
                    {"name": "version", "in": "query", "required": True, "schema": {"type": "string"}},
                    {"name": "X-Client", "in": "header", "required": True, "schema": {"type": "string"}},
                ],
                "security": [{"token": []}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Ticket"}}}},
                "responses": {
                    "200": {
                        "description": "kept",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Ticket"}}},
                    }
                },
            },
        }
    },
    "components": {
        "schemas": {"Ticket": TICKET},
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
    },
}
SCHEMA = "type Query { ticket(key: String!): Ticket! } type Ticket { title: String! votes: Int! }"
GOOD = Exchange(
    method="PUT",
    path="/v1/tickets/HOLI-1",
    query="version=1",
    headers={"content-type": "application/json", "authorization": "Bearer x", "x-client": "us"},
    body=b'{"title": "Show the rota"}',
    status=200,
    answer_headers={"content-type": "application/json"},
    answer=b'{"title": "Show the rota"}',
)
QUESTION = "query Ticket($key: String!) { ticket(key: $key) { title votes } }"


@pytest.fixture(autouse=True)
def described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "tickets.json").write_text(json.dumps(DESCRIBED))
    (tmp_path / "tickets.graphql").write_text(SCHEMA)
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    yield
    descriptions.read_openapi.cache_clear()
    descriptions.read_schema.cache_clear()


def found(exchange: Exchange) -> Finding:
    """What the check says."""
    return OpenApiDescription("tickets.json", prefix="/v1").check(exchange)


def test_a_good_exchange_is_good() -> None:
    assert found(GOOD) == Finding("PUT /tickets/{key}: 200", (), ())


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param({"query": ""}, "version", id="a parameter is missing"),
        pytest.param({"query": "version=1&verson=2"}, "the query 'verson' is not described", id="a parameter too many"),
        pytest.param({"headers": {"content-type": "application/json", "x-client": "us"}}, "Security", id="no token"),
        pytest.param({"headers": {"content-type": "application/json", "authorization": "Bearer x"}}, "X-Client",
                     id="a header is missing"),
        pytest.param({"body": b'{"title": 7}'}, "7 is not of type 'string'", id="a wrong type is sent"),
        pytest.param({"body": b'{"title": "x", "tilte": "y"}'}, "body.tilte is not described", id="a slip of the pen"),
        pytest.param({"answer": b"{}"}, "'title' is a required property", id="the answer lacks a field"),
        pytest.param({"answer": b'{"title": null}'}, "not nullable", id="the answer has null for a text"),
        pytest.param({"path": "/v1/ticket/HOLI-1"}, "the path is not described", id="a wrong path"),
        pytest.param({"method": "POST"}, "the path is not described", id="a wrong method"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_description_is_found(changed: dict[str, Any], said: str) -> None:
    assert [text for text in found(replace(GOOD, **changed)).wrong if said in text]


def test_a_status_that_is_not_described_is_said_and_not_called_wrong() -> None:
    finding = found(replace(GOOD, status=429))

    assert finding.wrong == ()
    assert finding.not_described == ("`PUT /tickets/{key}: 429`: this status is not described",)


def test_a_known_fault_of_the_description_is_said_with_its_reason_and_hides_no_other() -> None:
    known = {"'title' is a required": "the title came later"}
    description = OpenApiDescription("tickets.json", prefix="/v1", known=known)

    finding = description.check(replace(GOOD, answer=b"{}", query=""))

    assert finding.not_described == ("`PUT /tickets/{key}: 200`: the title came later",)
    assert [text for text in finding.wrong if "version" in text]


@pytest.mark.parametrize(
    ("question", "variables", "data", "said"),
    [
        pytest.param(QUESTION, {"key": "HOLI-1"}, {"title": "x", "votes": 1}, None, id="a good one"),
        pytest.param(QUESTION.replace("votes", "vote"), {"key": "HOLI-1"}, {"title": "x"}, "Cannot query field 'vote'",
                     id="a field that is not there"),
        pytest.param(QUESTION, {"key": None}, {"title": "x", "votes": 1}, "not to be None", id="a variable is missing"),
        pytest.param(QUESTION, {"key": "HOLI-1"}, {"title": "x", "votes": "many"}, "Int cannot represent",
                     id="the answer has a wrong type"),
        pytest.param(QUESTION, {"key": "HOLI-1"}, {"votes": 1}, "Cannot return null", id="the answer lacks a field"),
        pytest.param(QUESTION, {"key": "HOLI-1"}, {"title": "x", "votes": 1, "more": 2}, "is not what the question",
                     id="the answer has a field too many"),
    ],
)  # fmt: skip
def test_a_question_and_its_data_are_held_against_the_schema(
    question: str, variables: dict[str, Any], data: dict[str, Any], said: str | None
) -> None:
    exchange = replace(
        GOOD,
        body=json.dumps({"query": question, "variables": variables}).encode(),
        answer=json.dumps({"data": {"ticket": data}}).encode(),
    )

    wrong = SdlDescription("tickets.graphql").check(exchange).wrong

    assert [text for text in wrong if said in text] if said else not wrong


def test_a_folder_that_is_named_and_absent_is_an_error_and_no_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "/nowhere")
    with pytest.raises(NotADirectoryError, match="COUNTERSIGN_API_DESCRIPTIONS names /nowhere"):
        folder()
