"""In the place of the name of a secret nothing else is taken, and nothing of it is repeated."""

import pytest
from pydantic import TypeAdapter, ValidationError

from policy.secret_name import SecretName
from policy.typed import explain

NAME = TypeAdapter(SecretName)


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "A", "db_password", "SIGNING_KEY_2026", "TOTP_TOMAS_LIMA"])
def test_letters_digits_and_underscores_are_a_name(name: str) -> None:
    assert NAME.validate_python(name) == name


@pytest.mark.parametrize(
    "value",
    [
        "hunter2 secret value!",
        "xoxb-2026-slack",
        "../GITHUB_TOKEN",
        "GITHUB_TOKEN\n",
        "ghp_" + "a1" * 18,
        "0123456789abcdef" * 2,
        "AKIAIOSFODNN7EXAMPLE",
        20261127,
        ["hunter2"],
        {"value": "hunter2"},
    ],
)
def test_a_value_in_the_place_of_a_name_is_refused_and_not_shown(value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        NAME.validate_python(value)

    said = explain(caught.value)
    assert "expected the name of a secret" in said
    assert "not shown, for it may be the secret itself" in said
    for piece in ("hunter2", "xoxb", "GITHUB_TOKEN\n", "a1a1", "0123456789", "AKIA", "20261127", ".."):
        assert piece not in said


def test_no_name_at_all_is_nothing() -> None:
    with pytest.raises(ValidationError, match="found nothing"):
        NAME.validate_python("")
