"""What a changed OpenAPI description breaks (1.2.3)."""

from typing import Any

import pytest

from policy.api_breaks import list_api_breaks
from policy.breaks import Changed, Unreadable
from tests.policy.api_texts import PATIENT, TEXT, WHOLE, an_object, api, names, operation, sent


def parameter(name: str, where: str = "query", **more: Any) -> dict[str, Any]:
    return {"name": name, "in": where, "schema": TEXT} | more


def with_parameters(*parameters: dict[str, Any], path: str = "/p") -> str:
    return api({path: {"get": {"parameters": list(parameters), "responses": {}}}})


def with_body(**body: Any) -> str:
    return api(operation(requestBody={"content": {}} | body))


def with_answers(**answers: Any) -> str:
    return api(operation(responses={status.removeprefix("_"): answer for status, answer in answers.items()}))


def with_security(security: object, **schemes: object) -> str:
    return api(operation(), security=security, components={"securitySchemes": schemes})


def content(schema: object) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def with_webhook(**parts: Any) -> str:
    return api({}, webhooks={"paid": {"post": {"requestBody": content(an_object(a=TEXT)), "responses": {}} | parts}})


def with_callback(address: str = "{$request.body#/url}", **parts: Any) -> str:
    called = {"requestBody": content(an_object(a=TEXT)), "responses": {}} | parts
    return api(operation(callbacks={"paid": {address: {"post": called}}}))


def with_header(**header: Any) -> str:
    return with_answers(_200={"headers": {"X-A": {"schema": WHOLE} | header}})


def with_default(default: object, **more: Any) -> str:
    return with_parameters(parameter("limit", schema=WHOLE | ({} if default is None else {"default": default}), **more))


MEDIA: list[tuple[str, str, list[str]]] = [
    ("application/json", "application/json; charset=utf-8", []),
    ('application/json;charset="UTF-8"', "application/json", []),
    ("application/problem+json", "Application/Problem+JSON; charset=utf-8", []),
    ("text/csv; header=present; charset=utf-8", "text/csv;charset=UTF-8;header=present", []),
    ("application/json", "application/json; charset=utf-16", ["POST /p body application/json: removed"]),
    ("application/json; version=1", "application/json", ["POST /p body application/json; version=1: removed"]),
    ("text/csv", "text/csv; charset=utf-8", ["POST /p body text/csv: removed"]),
]
KEY = {"type": "apiKey", "in": "header", "name": "X-Key"}
BEARER = {"type": "http", "scheme": "bearer"}
OAUTH = {"type": "oauth2", "flows": {}}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(api(operation()), api({}), ["POST /p removed"], id="a path goes"),
        pytest.param(api(operation()), api({"/p": {"get": {}}}), ["POST /p removed"], id="a method goes"),
        pytest.param(api({}), api(operation()), [], id="a path comes"),
        pytest.param(
            with_parameters(parameter("id", "path"), path="/p/{id}"),
            with_parameters(parameter("key", "path"), path="/p/{key}"),
            [],
            id="a path parameter has no name on the wire",
        ),
        pytest.param(
            with_parameters(parameter("id", "path"), path="/p/{id}"),
            with_parameters(parameter("id", "path", schema=WHOLE), path="/p/{id}"),
            ["GET /p/{id} path parameter id: type string -> integer in requests"],
            id="a path parameter of another type",
        ),
        pytest.param(
            with_parameters(parameter("q")),
            with_parameters(),
            ["GET /p query parameter q: removed"],
            id="a parameter goes",
        ),
        pytest.param(
            with_parameters(parameter("q")),
            with_parameters(parameter("q", required=True)),
            ["GET /p query parameter q: required"],
            id="a parameter becomes required",
        ),
        pytest.param(
            with_parameters(),
            with_parameters(parameter("q", required=True)),
            ["GET /p query parameter q: new and required"],
            id="a required parameter comes",
        ),
        pytest.param(with_parameters(), with_parameters(parameter("q")), [], id="a parameter comes"),
        pytest.param(
            with_parameters(parameter("q", style="form")),
            with_parameters(parameter("q", style="deepObject")),
            ["GET /p query parameter q: style form -> deepObject"],
            id="written otherwise",
        ),
        pytest.param(
            with_parameters(parameter("q"), parameter("c", "cookie")),
            with_parameters(parameter("q", style="form", explode=True), parameter("c", "cookie", style="form")),
            [],
            id="written as before, said aloud",
        ),
        pytest.param(
            with_parameters(parameter("id", "path", style="simple", explode=False), path="/p/{id}"),
            with_parameters(parameter("id", "path"), path="/p/{id}"),
            [],
            id="written as before in a path, said no more",
        ),
        pytest.param(
            with_parameters(parameter("X-A", "header")),
            with_parameters(parameter("X-A", "header", style="simple", explode=False)),
            [],
            id="written as before in a header, said aloud",
        ),
        pytest.param(
            with_parameters(parameter("q", style="deepObject")),
            with_parameters(parameter("q", style="deepObject", explode=False)),
            [],
            id="explode of another style, said aloud",
        ),
        pytest.param(
            with_parameters(parameter("q")),
            with_parameters(parameter("q", explode=False)),
            ["GET /p query parameter q: explode True -> False"],
            id="no longer one by one",
        ),
        pytest.param(
            with_parameters(parameter("q")),
            with_parameters(parameter("q", style="pipeDelimited")),
            ["GET /p query parameter q: style form -> pipeDelimited"],
            id="another style and its own default",
        ),
        pytest.param(
            with_header(), with_header(style="simple", explode=False), [], id="a header of an answer, said aloud"
        ),
        pytest.param(
            with_parameters(parameter("X-A", "header")),
            with_parameters(parameter("x-a", "header")),
            [],
            id="headers have no case",
        ),
        pytest.param(
            with_parameters({"name": "q", "in": "query", "content": {"a/b": {"schema": TEXT}}}),
            with_parameters(parameter("q", schema=WHOLE)),
            ["GET /p query parameter q: type string -> integer in requests"],
            id="a parameter described as content",
        ),
        pytest.param(
            api(operation()), with_body(required=True), ["POST /p body: required"], id="a required body comes"
        ),
        pytest.param(with_body(), with_body(required=True), ["POST /p body: required"], id="a body becomes required"),
        pytest.param(with_body(), api(operation()), ["POST /p body: removed"], id="a body goes"),
        *(
            pytest.param(
                with_body(content={before: {"schema": TEXT}}),
                with_body(content={after: {"schema": TEXT}}),
                expected,
                id=f"{before} -> {after}",
            )
            for before, after, expected in MEDIA
        ),
        pytest.param(
            with_body(content={"application/json": {"schema": TEXT}}),
            with_body(content={"application/json; charset=utf-8": {"schema": WHOLE}}),
            ["POST /p body: type string -> integer in requests"],
            id="another type under another spelling",
        ),
        pytest.param(
            with_body(content={"text/csv": {}}), with_body(), ["POST /p body text/csv: removed"], id="a media type goes"
        ),
        pytest.param(
            with_answers(_200={}, _404={}), with_answers(_200={}), ["POST /p 404: removed"], id="an answer goes"
        ),
        pytest.param(with_answers(_200={}), with_answers(_200={}, _429={}), [], id="an answer comes"),
        pytest.param(
            with_answers(_200={"headers": {"ETag": {}, "X-A": {}}}),
            with_answers(_200={"headers": {"etag": {}}}),
            ["POST /p 200 header X-A: removed"],
            id="a header goes",
        ),
        pytest.param(
            with_answers(_200={"content": {"a/b": {}, "c/d": {}}}),
            with_answers(_200={"content": {"a/b": {}}}),
            ["POST /p 200 c/d: removed"],
            id="an answer's media type goes",
        ),
        pytest.param(
            with_security([]),
            with_security([{"key": []}], key=KEY),
            ["POST /p: authentication changed, no authentication does not suffice any more"],
            id="authentication comes",
        ),
        pytest.param(with_security([{"key": []}], key=KEY), with_security([]), [], id="authentication goes"),
        pytest.param(
            with_security([{"key": []}], key=KEY),
            with_security([{"key": []}], key=BEARER),
            ["POST /p: authentication changed, apiKey header x-key does not suffice any more"],
            id="another way in under the same name",
        ),
        pytest.param(
            with_security([{"key": []}], key=KEY),
            with_security([{"other": []}], other=KEY),
            [],
            id="the same way in under another name",
        ),
        pytest.param(
            with_security([{"key": [], "bearer": []}], key=KEY, bearer=BEARER),
            with_security(
                [{"key": [], "bearer": []}], key=KEY | {"name": "x-key"}, bearer=BEARER | {"scheme": "Bearer"}
            ),
            [],
            id="headers and schemes of HTTP have no case",
        ),
        pytest.param(
            with_security([{"key": []}], key=KEY | {"in": "query"}),
            with_security([{"key": []}], key=KEY | {"in": "query", "name": "x-key"}),
            ["POST /p: authentication changed, apiKey query X-Key does not suffice any more"],
            id="parameters of a query have a case",
        ),
        pytest.param(
            with_security([{"key": []}, {"bearer": []}], key=KEY, bearer=BEARER),
            with_security([{"key": []}], key=KEY),
            ["POST /p: authentication changed, http bearer does not suffice any more"],
            id="one of two ways in goes",
        ),
        pytest.param(
            with_security([{"o": ["read"]}], o=OAUTH),
            with_security([{"o": ["read", "write"]}], o=OAUTH),
            ["POST /p: authentication changed, oauth2, scope read does not suffice any more"],
            id="one more scope",
        ),
        pytest.param(
            api({}, servers=[{"url": "/"}, {"url": "/v1"}]),
            api({}, servers=[{"url": "/"}]),
            ["server /v1 removed"],
            id="another base address",
        ),
        pytest.param(api({}, servers=[{"url": "/"}]), api({}), [], id="a base address without words"),
        pytest.param(
            api({}, servers=[{"url": "https://{zone}.x", "variables": {"zone": {"default": "eu"}}}]),
            api({}, servers=[{"url": "https://{zone}.x", "variables": {"zone": {"default": "us"}}}]),
            ["server https://{zone}.x is https://us.x and no longer https://eu.x"],
            id="another default in a base address",
        ),
        pytest.param(
            api(operation(servers=[{"url": "/v1"}])),
            api(operation(servers=[{"url": "/v2"}])),
            ["POST /p: server /v1 removed"],
            id="another base address of one operation",
        ),
        pytest.param(
            api({"/p": operation()["/p"] | {"servers": [{"url": "/v1"}]}}),
            api({"/p": operation()["/p"] | {"servers": [{"url": "/v2"}]}}),
            ["POST /p: server /v1 removed"],
            id="another base address of one path",
        ),
        pytest.param(
            api(operation(), servers=[{"url": "/v1"}]),
            api(operation(servers=[{"url": "/v2"}]), servers=[{"url": "/v1"}]),
            ["POST /p: server /v1 removed"],
            id="an operation moves away",
        ),
        pytest.param(
            api(operation(servers=[{"url": "/v1"}]), servers=[{"url": "/"}]),
            api(operation(), servers=[{"url": "/"}, {"url": "/v1"}]),
            [],
            id="a base address of one operation becomes that of all",
        ),
        pytest.param(
            api(operation(servers=[{"url": "/v1"}])),
            api(operation(servers=[{"url": "/v1", "description": "x"}, {"url": "/v2"}])),
            [],
            id="one more base address of one operation",
        ),
        pytest.param(api({"/p": {"query": {}}}), api({"/p": {}}), ["QUERY /p removed"], id="QUERY goes"),
        pytest.param(
            api({"/p": {"additionalOperations": {"COPY": {}}}}),
            api({"/p": {"additionalOperations": {}}}),
            ["COPY /p removed"],
            id="another method goes",
        ),
        pytest.param(
            with_default(20),
            with_default(100),
            ["GET /p query parameter limit: default 20 -> 100 in requests"],
            id="another default",
        ),
        pytest.param(
            with_default(20),
            with_default(None),
            ["GET /p query parameter limit: default 20 -> none in requests"],
            id="a default goes",
        ),
        pytest.param(
            with_default(None),
            with_default(20),
            ["GET /p query parameter limit: default none -> 20 in requests"],
            id="a default comes",
        ),
        pytest.param(
            with_default(None, required=True), with_default(20), [], id="a default comes for what had to be sent"
        ),
        pytest.param(with_default(20), with_default(20), [], id="the same default"),
        pytest.param(
            with_parameters(parameter("q", allowReserved=True)),
            with_parameters(parameter("q")),
            ["GET /p query parameter q: allowReserved no longer"],
            id="no reserved characters any more",
        ),
        pytest.param(
            with_header(),
            with_header(schema=TEXT),
            ["POST /p 200 header X-A: type integer -> string in answers"],
            id="a header of another type",
        ),
        pytest.param(
            with_header(required=True),
            with_header(),
            ["POST /p 200 header X-A: may be missing"],
            id="a header may miss",
        ),
        pytest.param(with_header(), with_header(required=True, description="x"), [], id="a header is always there"),
        pytest.param(
            with_body(content={"a/b": {"encoding": {"f": {"contentType": "image/png"}}}}),
            with_body(content={"a/b": {"encoding": {"f": {"contentType": "image/gif"}, "g": {}}}}),
            ["POST /p body.f: encoding changed"],
            id="a part of a form written otherwise",
        ),
        pytest.param(
            with_answers(_200={"content": {"a/b": {"itemSchema": WHOLE}}}),
            with_answers(_200={"content": {"a/b": {"itemSchema": TEXT}}}),
            ["POST /p 200: type integer -> string in answers"],
            id="another kind of event in a stream",
        ),
        pytest.param(with_webhook(), api({}), ["webhook POST paid removed"], id="a webhook goes"),
        pytest.param(api({}), with_webhook(), [], id="a webhook comes"),
        pytest.param(
            with_webhook(),
            with_webhook(requestBody=content(an_object())),
            ["webhook POST paid body.a: removed from answers"],
            id="a property of a webhook goes",
        ),
        pytest.param(
            with_webhook(),
            with_webhook(requestBody=content(an_object(("b",), a=TEXT, b=TEXT))),
            [],
            id="a property of a webhook comes",
        ),
        pytest.param(
            with_webhook(),
            api({}, webhooks={"paid": {"post": {"responses": {}}}}),
            ["webhook POST paid body application/json: removed"],
            id="a webhook comes without its body",
        ),
        pytest.param(
            with_webhook(parameters=[parameter("X-A", "header", required=True), parameter("q")]),
            with_webhook(parameters=[parameter("X-A", "header"), parameter("r", required=True)]),
            ["webhook POST paid header parameter X-A: may be missing", "webhook POST paid query parameter q: removed"],
            id="parameters of a webhook",
        ),
        pytest.param(
            with_webhook(responses={"200": content(an_object(a=TEXT)), "410": {}}),
            with_webhook(responses={"200": content(an_object(("a",), a=TEXT))}),
            ["webhook POST paid 200.a: required in requests", "webhook POST paid 410: removed"],
            id="what a webhook is answered",
        ),
        pytest.param(
            with_webhook(), with_webhook(security=[{"key": []}]), ["webhook POST paid: security changed"], id="signed"
        ),
        pytest.param(
            with_callback(),
            with_callback(requestBody=content(an_object())),
            ["POST /p callback paid POST {$request.body#/url} body.a: removed from answers"],
            id="a property of a callback goes",
        ),
        pytest.param(
            with_callback(),
            with_callback("{$request.query.url}"),
            ["POST /p callback paid POST {$request.body#/url} removed"],
            id="a callback goes elsewhere",
        ),
        pytest.param(with_callback(), api({}), ["POST /p removed"], id="a callback goes with its operation"),
        pytest.param(api(operation()), with_callback(), [], id="a callback comes"),
    ],
)
def test_an_operation_still_works_for_those_who_use_it(before: str, after: str, expected: list[str]) -> None:
    assert names(before, after) == expected


def test_a_break_within_a_component_is_named_once_however_many_use_it() -> None:
    def described(patient: object) -> str:
        answer = {"200": {"content": {"application/json": {"schema": PATIENT}}}}
        listed = {"200": {"content": {"application/json": {"schema": {"type": "array", "items": PATIENT}}}}}
        paths = {
            "/a": {"get": {"responses": answer}},
            "/b": {"get": {"responses": listed}},
            "/c": {"get": {"responses": answer}},
        }
        return api(paths, components={"schemas": {"Patient": patient}})

    found = list_api_breaks(Changed("x", described(an_object(phone=TEXT)), described(an_object())))

    assert [str(one) for one in found] == ["Patient.phone: removed from answers (GET /a and 2 more)"]


def test_references_of_paths_parameters_and_bodies_are_followed() -> None:
    def described(name: str) -> str:
        parts = {
            "parameters": {"a~b": parameter(name, required=name == "q")},
            "pathItems": {"x": {"parameters": [{"$ref": "#/components/parameters/a~0b"}], "get": {"responses": {}}}},
        }
        return api({"/p": {"$ref": "#/components/pathItems/x"}}, components=parts)

    assert names(described("other"), described("q")) == [
        "GET /p query parameter other: removed",
        "GET /p query parameter q: new and required",
    ]


def test_a_component_keeps_its_name_where_words_are_added_and_where_a_part_of_it_is_meant() -> None:
    def described(phone: object) -> str:
        patient = {"allOf": [{"type": "object"}, an_object(phone=phone)]}
        part = {"$ref": "#/components/schemas/Patient/allOf/1"}
        shown = an_object(author={"allOf": [PATIENT], "readOnly": True}, part=part)
        answer = {"200": {"content": {"application/json": {"schema": shown}}}}
        return api({"/a": {"get": {"responses": answer}}}, components={"schemas": {"Patient": patient}})

    assert names(described(TEXT), described(WHOLE)) == [
        "Patient.phone: type string -> integer in answers",
        "Patient/allOf/1.phone: type string -> integer in answers",
    ]


def test_yaml_is_read_as_well() -> None:
    before = "openapi: 3.0.3\npaths:\n  /p:\n    get:\n      responses:\n        200: {description: x}\n"

    assert names(before, api({"/p": {"get": {"responses": {"200": {}}}}})) == []
    assert names(before, "openapi: 3.0.3\npaths: {}\n") == ["GET /p removed"]


def test_a_description_may_come_and_its_going_is_a_break() -> None:
    assert list_api_breaks(Changed("a.json", None, "anything")) == ()
    assert [str(one) for one in list_api_breaks(Changed("a.json", "x", None))] == [
        "a.json removed (the description of the API in production)"
    ]


def test_a_description_that_is_nowhere_is_not_without_breaks() -> None:
    with pytest.raises(Unreadable, match="neither in production nor in the release"):
        list_api_breaks(Changed("a.json", None, None))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("<html>", "a.json is no OpenAPI 3 description", id="HTML"),
        pytest.param('{"swagger": "2.0"}', "a.json is no OpenAPI 3 description", id="Swagger 2"),
        pytest.param("{", "a.json cannot be read: JSONDecodeError", id="broken JSON"),
        pytest.param("a: [", "a.json cannot be read: ParserError", id="broken YAML"),
        pytest.param(sent({"$ref": "other.yaml#/x"}), "a.json: other.yaml#/x lies outside", id="another file"),
        pytest.param(
            sent({"$ref": "#/components/schemas/Gone"}),
            "a.json: #/components/schemas/Gone leads nowhere",
            id="nothing there",
        ),
        pytest.param(sent({"$ref": "#/openapi/0"}), "a.json: #/openapi/0 leads nowhere", id="a part of a text"),
        pytest.param(
            sent({"$ref": "#/components/schemas/P/allOf/7"}, P={"allOf": []}), "leads nowhere", id="no such part"
        ),
        pytest.param(sent(PATIENT, Patient=PATIENT), "#/components/schemas/Patient refers to itself", id="a circle"),
        pytest.param(
            sent(PATIENT, Patient=PATIENT | {"maxLength": 5}),
            "Patient refers to itself",
            id="a circle with words beside it",
        ),
        pytest.param(sent("text"), "'text' stands where a table is expected", id="a text for a schema"),
        pytest.param(
            sent({"allOf": [{"oneOf": [TEXT]}, {"oneOf": [WHOLE]}]}), "two oneOf in one allOf", id="two unions at once"
        ),
        pytest.param(
            api({"/p": {"post": {"parameters": [{}], "responses": {}}}}),
            "does not have the form of OpenAPI: KeyError",
            id="a parameter without a name",
        ),
        pytest.param(
            with_security([{"gone": []}]),
            "does not have the form of OpenAPI: KeyError",
            id="a way in that is not described",
        ),
    ],
)
def test_what_cannot_be_compared_is_never_without_breaks(text: str, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        list_api_breaks(Changed("a.json", text, text + " "))


def test_words_of_ones_own_are_no_paths() -> None:
    assert names(api({"x-groups": ["a"], "/p": {"get": {}}}), api({"x-groups": ["b"], "/p": {"get": {}}})) == []


def test_references_of_callbacks_and_headers_are_followed() -> None:
    def described(schema: object) -> str:
        parts = {
            "callbacks": {"c": {"{$url}": {"post": {"requestBody": content(an_object(a=schema))}}}},
            "headers": {"h": {"schema": schema}},
        }
        answer = {"200": {"headers": {"X-A": {"$ref": "#/components/headers/h"}}}}
        called = {"paid": {"$ref": "#/components/callbacks/c"}}
        return api(operation(callbacks=called, responses=answer), components=parts)

    assert names(described(TEXT), described(WHOLE)) == [
        "POST /p 200 header X-A: type string -> integer in answers",
        "POST /p callback paid POST {$url} body.a: type string -> integer in answers",
    ]
