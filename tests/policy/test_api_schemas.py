"""What a changed schema breaks, when it is sent and when it is received (1.2.3)."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.policy.api_texts import NULL, NUMBER, PATIENT, TEXT, WHOLE, an_object, names, received, sent


def by(name: str, **mapping: str) -> dict[str, Any]:
    return an_object(kind=TEXT) | {"discriminator": {"propertyName": name, "mapping": mapping}}


# For each: old, new, what breaks when it is sent, what breaks when it is received.
SCHEMAS = [
    pytest.param(TEXT, TEXT, "", "", id="the same"),
    pytest.param(TEXT, TEXT | {"description": "A name."}, "", "", id="only words"),
    pytest.param(
        TEXT, WHOLE, "type string -> integer in requests", "type string -> integer in answers", id="another type"
    ),
    pytest.param(WHOLE, NUMBER, "", "type integer -> number in answers", id="a wider number"),
    pytest.param(NUMBER, WHOLE, "type number -> integer in requests", "", id="a narrower number"),
    pytest.param(TEXT, {}, "", "type string -> anything in answers", id="anything"),
    pytest.param({}, TEXT, "type anything -> string in requests", "", id="no longer anything"),
    pytest.param(TEXT, {"type": ["string", "null"]}, "", "type string -> string/null in answers", id="null comes"),
    pytest.param({"type": ["string", "null"]}, TEXT, "type string/null -> string in requests", "", id="null goes"),
    pytest.param(
        TEXT, TEXT | {"nullable": True}, "", "type string -> string/null in answers", id="null comes, as 3.0 says it"
    ),
    pytest.param({"type": ["string", "null"]}, {"anyOf": [TEXT, NULL]}, "", "", id="the same null said otherwise"),
    pytest.param(
        TEXT, {"anyOf": [TEXT, NULL]}, "", "type string -> string/null in answers", id="null as an alternative"
    ),
    pytest.param(
        TEXT | {"enum": ["a", "b"]}, TEXT | {"enum": ["a"]}, "value removed from requests: b", "", id="a value goes"
    ),
    pytest.param(
        TEXT | {"enum": ["a"]}, TEXT | {"enum": ["a", "b"]}, "", "value added to answers: b", id="a value comes"
    ),
    pytest.param(TEXT, TEXT | {"enum": ["a"]}, "only these values in requests: a", "", id="an enum comes"),
    pytest.param(TEXT | {"enum": ["a"]}, TEXT, "", "values beyond these in answers: a", id="an enum goes"),
    pytest.param({"const": "a"}, TEXT | {"enum": ["a"]}, "", "", id="a constant is an enum of one"),
    pytest.param({"enum": ["a", 1]}, {"enum": ["a", 1, None]}, "", "value added to answers: None", id="mixed values"),
    pytest.param({"enum": [None]}, NULL, "", "values beyond these in answers: None", id="only null"),
    pytest.param(TEXT | {"maxLength": 9}, TEXT | {"maxLength": 5}, "maxLength 9 -> 5 in requests", "", id="shorter"),
    pytest.param(TEXT, TEXT | {"maxLength": 5}, "maxLength none -> 5 in requests", "", id="a length comes"),
    pytest.param(TEXT | {"maxLength": 5}, TEXT | {"maxLength": 9}, "", "maxLength 5 -> 9 in answers", id="longer"),
    pytest.param(
        TEXT | {"minLength": 1}, TEXT | {"minLength": 2}, "minLength 1 -> 2 in requests", "", id="a least length"
    ),
    pytest.param(WHOLE, WHOLE | {"minimum": 1}, "minimum none -> 1 in requests", "", id="a minimum comes"),
    pytest.param(
        WHOLE | {"minimum": -5}, WHOLE | {"minimum": 0}, "minimum -5 -> 0 in requests", "", id="a minimum rises"
    ),
    pytest.param(TEXT, TEXT | {"pattern": "a+"}, "pattern none -> a+ in requests", "", id="a pattern comes"),
    pytest.param(
        TEXT | {"format": "date"},
        TEXT | {"format": "date-time"},
        "format date -> date-time in requests",
        "format date -> date-time in answers",
        id="another format",
    ),
    pytest.param(
        WHOLE | {"format": "int32"},
        WHOLE | {"format": "int64"},
        "",
        "format int32 -> int64 in answers",
        id="a wider format",
    ),
    pytest.param(
        {"type": "array", "items": TEXT},
        {"type": "array", "items": WHOLE},
        "[]: type string -> integer in requests",
        "[]: type string -> integer in answers",
        id="within a list",
    ),
    pytest.param(
        {"items": TEXT},
        {"items": TEXT, "uniqueItems": True},
        "uniqueItems none -> True in requests",
        "",
        id="all different",
    ),
    pytest.param(
        {"not": TEXT},
        {"not": WHOLE},
        "not {'type': 'string'} -> {'type': 'integer'} in requests",
        "not {'type': 'string'} -> {'type': 'integer'} in answers",
        id="what no rule understands",
    ),
    pytest.param(
        WHOLE | {"default": 1}, WHOLE | {"default": 2}, "default 1 -> 2 in requests", "", id="another default"
    ),
    pytest.param(WHOLE | {"default": 1}, WHOLE, "default 1 -> none in requests", "", id="a default goes"),
    pytest.param(WHOLE, WHOLE | {"default": 1}, "", "", id="a default comes"),
    pytest.param(WHOLE | {"default": None}, WHOLE, "", "", id="no default, said aloud"),
    pytest.param(
        TEXT | {"contentEncoding": "base64"},
        TEXT | {"contentEncoding": "base64url"},
        "contentEncoding base64 -> base64url in requests",
        "contentEncoding base64 -> base64url in answers",
        id="bytes written otherwise",
    ),
    pytest.param(by("kind", cat="Cat"), by("kind", cat="#/components/schemas/Cat"), "", "", id="names said otherwise"),
    pytest.param(by("kind"), by("kind", Cat="#/components/schemas/Cat"), "", "", id="a name that is true anyway"),
    pytest.param(an_object(kind=TEXT), by("kind"), "", "", id="told apart in words only"),
    pytest.param(
        by("kind", cat="Cat"),
        by("kind", kitten="Cat"),
        "discriminator cat for Cat removed from requests",
        "discriminator kitten for Cat added to answers",
        id="an alternative by another name",
    ),
    pytest.param(
        by("kind", cat="Cat"),
        by("kind", cat="Cat", dog="Dog"),
        "",
        "discriminator dog for Dog added to answers",
        id="an alternative by one more name",
    ),
    pytest.param(
        by("kind", cat="Cat"),
        by("kind", cat="Dog"),
        "discriminator cat for Cat removed from requests",
        "discriminator cat for Dog added to answers",
        id="another alternative by the same name",
    ),
    pytest.param(
        by("kind"),
        by("sort"),
        "another discriminator in requests: kind, sort",
        "another discriminator in answers: kind, sort",
        id="told apart by another property",
    ),
    pytest.param(an_object(), an_object(a=TEXT), "", "", id="a property comes"),
    pytest.param(
        an_object(a=TEXT), an_object(), ".a: removed from requests", ".a: removed from answers", id="a property goes"
    ),
    pytest.param(
        an_object(a=TEXT), an_object(("a",), a=TEXT), ".a: required in requests", "", id="a property becomes required"
    ),
    pytest.param(
        an_object(), an_object(("a",), a=TEXT), ".a: required in requests", "", id="a required property comes"
    ),
    pytest.param(
        an_object(("a",), a=TEXT),
        an_object(a=TEXT),
        "",
        ".a: may be missing in answers",
        id="a property may be missing",
    ),
    pytest.param(
        an_object(a=an_object(b=TEXT)),
        an_object(a=an_object()),
        ".a.b: removed from requests",
        ".a.b: removed from answers",
        id="deep within",
    ),
    pytest.param(
        an_object(a=TEXT | {"readOnly": True}), an_object(), "", ".a: removed from answers", id="only ever received"
    ),
    pytest.param(
        an_object(a=TEXT | {"writeOnly": True}), an_object(), ".a: removed from requests", "", id="only ever sent"
    ),
    pytest.param(
        an_object(), an_object(("id",), id=TEXT | {"readOnly": True}), "", "", id="a required id that is only received"
    ),
    pytest.param(
        {"type": "object"},
        {"type": "object", "additionalProperties": False},
        "other properties are refused in requests",
        "",
        id="closed",
    ),
    pytest.param(
        {"additionalProperties": TEXT},
        {"additionalProperties": WHOLE},
        ".*: type string -> integer in requests",
        ".*: type string -> integer in answers",
        id="a map of something else",
    ),
    pytest.param(
        {"type": "object", "additionalProperties": TEXT},
        {"type": "object"},
        "",
        ".*: type string -> anything in answers",
        id="a map becomes free",
    ),
    pytest.param(
        {"type": "object"},
        {"type": "object", "additionalProperties": WHOLE},
        ".*: type anything -> integer in requests",
        "",
        id="a free object becomes a map",
    ),
    pytest.param(
        {"type": "object", "additionalProperties": False},
        {"type": "object", "additionalProperties": WHOLE},
        "",
        "",
        id="a closed object opens",
    ),
    pytest.param(
        {"type": "object", "additionalProperties": {}}, {"type": "object"}, "", "", id="free is free however it is said"
    ),
    pytest.param(
        {"type": "array", "items": TEXT},
        {"type": "array"},
        "",
        "[]: type string -> anything in answers",
        id="a list of anything",
    ),
    pytest.param(
        {"type": "array"},
        {"type": "array", "items": TEXT},
        "[]: type anything -> string in requests",
        "",
        id="no longer a list of anything",
    ),
    pytest.param({"type": "array", "items": True}, {"type": "array"}, "", "", id="a list of anything, said otherwise"),
    pytest.param({"oneOf": [TEXT, WHOLE]}, {"oneOf": [WHOLE, TEXT]}, "", "", id="another order"),
    pytest.param(
        {"oneOf": [TEXT, WHOLE]},
        {"oneOf": [TEXT]},
        "type string/integer -> string in requests",
        "",
        id="an alternative goes",
    ),
    pytest.param(
        {"oneOf": [TEXT]},
        {"anyOf": [TEXT, WHOLE]},
        "",
        "type string -> string/integer in answers",
        id="an alternative comes",
    ),
    pytest.param({"title": "x", "oneOf": [TEXT]}, TEXT, "", "", id="one alternative is none"),
    pytest.param({"oneOf": []}, TEXT, "type anything -> string in requests", "", id="no alternative at all"),
    pytest.param(
        {"allOf": [an_object(a=TEXT), an_object(("b",), b=TEXT)]},
        an_object(("b",), a=TEXT, b=TEXT),
        "",
        "",
        id="merged is the same",
    ),
    pytest.param(
        {"allOf": [an_object(("a",), a=TEXT), an_object(("b",), a={"maxLength": 9}, b=TEXT)]},
        an_object(("a", "b"), a=TEXT | {"maxLength": 5}, b=TEXT),
        ".a: maxLength 9 -> 5 in requests",
        "",
        id="merged where both name it",
    ),
    pytest.param(True, TEXT, "type anything -> string in requests", "", id="true is anything"),
    pytest.param(
        TEXT, False, "not none -> {} in requests", "type string -> anything in answers", id="false is nothing"
    ),
]


@pytest.mark.parametrize(("old", "new", "when_sent", "when_received"), SCHEMAS)
def test_what_was_sent_is_still_accepted_and_what_is_received_still_understood(
    old: object, new: object, when_sent: str, when_received: str
) -> None:
    def place(what: str, before: str) -> list[str]:
        return [f"{before}{what if what[:1] in '.[' else f': {what}'}"] if what else []

    assert names(sent(old), sent(new))[:1] == place(when_sent, "POST /p body")
    assert names(received(old), received(new))[:1] == place(when_received, "POST /p 200")


def test_a_component_that_contains_itself_is_compared_to_its_end() -> None:
    before = an_object(parent=PATIENT, friends={"oneOf": [PATIENT, NULL]}, phone=TEXT)
    after = an_object(parent=PATIENT, friends={"oneOf": [PATIENT, NULL]}, phone=WHOLE)

    assert names(sent(PATIENT, Patient=before), sent(PATIENT, Patient=after)) == [
        "Patient.phone: type string -> integer in requests"
    ]
    for of_itself in ({"oneOf": [PATIENT]}, {"allOf": [PATIENT]}):
        assert names(sent(PATIENT, Patient=of_itself), sent(PATIENT, Patient=of_itself | {"title": "x"})) == []
    assert names(sent(PATIENT, Patient=TEXT), sent(PATIENT, Patient={"oneOf": [PATIENT]})) == [
        "Patient: type string -> nothing in requests"
    ]


BESIDE = [
    pytest.param({"maxLength": 5}, "Patient: maxLength none -> 5 in requests", id="shorter"),
    pytest.param({"description": "x", "x-order": 1}, "", id="only words"),
    pytest.param({"allOf": [{"maxLength": 5}]}, "Patient: maxLength none -> 5 in requests", id="shorter by allOf"),
]


@pytest.mark.parametrize(("more", "breaks"), BESIDE)
def test_what_stands_beside_a_reference_is_asked_since_3_1(more: dict[str, Any], breaks: str) -> None:
    before, after = sent(PATIENT, Patient=TEXT), sent(PATIENT | more, Patient=TEXT)
    behind = sent({"$ref": "#/components/schemas/P"}, P=PATIENT | more, Patient=TEXT)

    assert names(before, after) == ([breaks] if breaks else [])
    assert bool(names(sent({"$ref": "#/components/schemas/P"}, P=PATIENT, Patient=TEXT), behind)) is bool(breaks)
    assert names(before.replace("3.1.0", "3.0.3"), after.replace("3.1.0", "3.0.3")) == []


def test_a_default_beside_a_reference_is_compared() -> None:
    before, after = (sent(an_object(a=PATIENT | {"default": one}), Patient=TEXT) for one in "xy")

    assert names(before, after) == ["Patient: default x -> y in requests"]


def test_what_is_only_received_may_be_said_beside_a_reference() -> None:
    shown = an_object(a=PATIENT | {"readOnly": True})

    assert names(sent(shown, Patient=TEXT), sent(an_object(), Patient=TEXT)) == []


_LEAVES = st.sampled_from([TEXT, WHOLE, NUMBER, NULL, {}, TEXT | {"enum": ["a"]}, TEXT | {"maxLength": 3}, PATIENT])
_SHAPES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda items: {"type": "array", "items": items}, inner),
        st.builds(lambda parts: {"anyOf": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(
            lambda properties, required: an_object(tuple(sorted(required & set(properties))), **properties),
            st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
            st.sets(st.sampled_from("abc")),
        ),
    ),
    max_leaves=8,
)


@settings(max_examples=40)
@given(_SHAPES, _SHAPES)
def test_a_schema_never_breaks_itself(shape: dict[str, Any], patient: dict[str, Any]) -> None:
    patient = {} if patient == PATIENT else patient
    changed = patient | {"description": "The same in other words."}

    assert names(sent(shape, Patient=patient), sent(shape, Patient=changed)) == []
    assert names(received(shape, Patient=patient), received(shape, Patient=changed)) == []


@settings(max_examples=40)
@given(_SHAPES)
def test_what_is_new_breaks_nobody_and_what_is_gone_breaks_somebody(shape: dict[str, Any]) -> None:
    plain = {"type": "object", "properties": {"old": shape}}
    grown = {"type": "object", "properties": {"old": shape, "new": shape}}

    for put in (sent, received):
        assert names(put(plain, Patient=TEXT), put(grown, Patient=TEXT)) == []
        assert names(put(grown, Patient=TEXT), put(plain, Patient=TEXT)) != []
