"""Small OpenAPI descriptions, for the rules about what breaks between two of them."""

import json
from collections.abc import Mapping
from typing import Any

from policy.api_breaks import list_api_breaks
from policy.breaks import Changed

TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "number"}
WHOLE: dict[str, Any] = {"type": "integer"}
NULL: dict[str, Any] = {"type": "null"}
PATIENT = {"$ref": "#/components/schemas/Patient"}


def api(paths: Mapping[str, Any], **more: Any) -> str:
    return json.dumps({"openapi": "3.1.0", "paths": paths} | more)


def names(before: str, after: str) -> list[str]:
    return [one.name for one in list_api_breaks(Changed("openapi.json", before, after))]


def operation(**parts: Any) -> dict[str, Any]:
    return {"/p": {"post": {"responses": {"200": {"description": "x"}}} | parts}}


def sent(schema: object, **components: object) -> str:
    body = {"content": {"application/json": {"schema": schema}}}
    return api(operation(requestBody=body), components={"schemas": components})


def received(schema: object, **components: object) -> str:
    answer = {"description": "x", "content": {"application/json": {"schema": schema}}}
    return api(operation(responses={"200": answer}), components={"schemas": components})


def an_object(required: tuple[str, ...] = (), **properties: object) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}
