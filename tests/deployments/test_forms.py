"""What Prefect's UI shows of each form: every field has words for a label, a sentence, and its place."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from prefect import Flow
from prefect.utilities.callables import parameter_schema

from policy.release import HotfixRequest, ManualRequest, Request
from tests.deployments.test_prefect_yaml import DEPLOYMENTS, flow_of

CAMEL_CASE = re.compile(r"[a-z][A-Z]")


@dataclass(frozen=True, slots=True)
class Asked:
    """One field as the UI shows it; `model` is the form that it belongs to, None for a parameter of the flow itself."""

    name: str
    shown: Mapping[str, Any]
    required: bool
    model: type[Any] | None = None

    @property
    def place(self) -> str:
        """Where it is, for whoever reads a failure."""
        return f"{self.model.__name__}.{self.name}" if self.model else self.name


def forms_of(deployment: dict[str, Any]) -> Iterator[Asked]:
    """Every field of the form, each with what its type says of itself where the field says nothing, as the UI does."""
    flow = flow_of(deployment)
    assert isinstance(flow, Flow)
    schema = parameter_schema(flow).model_dump()
    models = {
        one.__name__: one for one in (hint for hint in flow.fn.__annotations__.values() if isinstance(hint, type))
    }
    yield from _fields(schema, schema["definitions"], None)
    for name, definition in schema["definitions"].items():
        if "properties" in definition:
            yield from _fields(definition, schema["definitions"], models[name])


def _fields(schema: Mapping[str, Any], definitions: Mapping[str, Any], model: type[Any] | None) -> Iterator[Asked]:
    for name, said in schema["properties"].items():
        of_its_type = definitions[said["$ref"].rpartition("/")[2]] if "$ref" in said else {}
        yield Asked(name, {**of_its_type, **said}, name in schema.get("required", ()), model)


FIELDS = [
    pytest.param(field, id=f"{deployment['name']}: {field.place}")
    for deployment in DEPLOYMENTS
    for field in forms_of(deployment)
]


@pytest.mark.parametrize("field", FIELDS)
def test_each_field_has_a_label_in_words_and_a_sentence(field: Asked) -> None:
    label, sentence = field.shown["title"], field.shown["description"]

    assert label
    assert not CAMEL_CASE.search(label)
    assert "_" not in label
    assert sentence.endswith(".")


@pytest.mark.parametrize("field", FIELDS)
def test_no_field_offers_null(field: Asked) -> None:
    assert "anyOf" not in field.shown
    assert field.shown["type"] != "null"
    assert "default" not in field.shown or field.shown["default"] is not None


@pytest.mark.parametrize("field", FIELDS)
def test_what_the_code_needs_is_not_shown_as_optional(field: Asked) -> None:
    needed = field.model is not None and field.model.model_fields[field.name].is_required()

    assert field.required == (needed or (field.model is None and "default" not in field.shown))


@pytest.mark.parametrize("field", FIELDS)
def test_each_field_has_a_place_for_the_database_keeps_no_order(field: Asked) -> None:
    assert isinstance(field.shown["position"], int)


def order_of(form: type[Request]) -> list[str]:
    """The fields in the order of their places."""
    fields: dict[str, dict[str, Any]] = form.model_json_schema()["properties"]
    places = [said["position"] for said in fields.values()]
    assert sorted(places) == list(range(len(fields)))
    return sorted(fields, key=lambda name: int(fields[name]["position"]))


@pytest.mark.parametrize(
    ("form", "first"),
    [
        (Request, ["commit", "pull_request", "summary", "requested_by"]),
        (ManualRequest, ["commit", "pull_request", "summary", "reason", "explanation", "requested_by"]),
        (
            HotfixRequest,
            [
                *("commit", "pull_request", "deployed_by", "summary"),
                *("urgency", "can_wait", "explanation", "requested_by"),
            ],
        ),
    ],
)
def test_first_comes_what_then_why_then_who(form: type[Request], first: list[str]) -> None:
    assert order_of(form)[: len(first)] == first
