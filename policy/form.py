"""What every form has in common: how Prefect's UI shows it is written into its JSON schema."""

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import ComputedFieldInfo, FieldInfo

from policy.typed import exactly, line, spelt, tidy


def _title(name: str, _field: FieldInfo | ComputedFieldInfo) -> str:
    """Without it a list to choose from is labelled by the name of its class."""
    return name.replace("_", " ").title()


def _number(schema: dict[str, Any], form: type[BaseModel]) -> None:
    """Without these numbers the UI shows the fields by the length of their names, as PostgreSQL keeps a JSON object."""
    if issubclass(form, Form):
        for position, name in enumerate(form.list_fields()):
            schema["properties"][name]["position"] = position


class Form(BaseModel):
    """A form that a person fills in: its labels are words, and its fields stand in the order of `list_fields`."""

    model_config = ConfigDict(frozen=True, extra="forbid", field_title_generator=_title, json_schema_extra=_number)

    asked_first: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def list_fields(cls) -> list[str]:
        """Return the names of the fields as they are asked for: `asked_first`, then the others as they are declared."""
        return [*cls.asked_first, *(name for name in cls.model_fields if name not in cls.asked_first)]


EXPLAINED, NAMED = line(8, 500), line(1, 100)
KEY_PATTERN = "[A-Za-z0-9_-]{1,200}"
KEY = "the key of a release, such as 20261124-180000-1f2e3d4c"
CommitName = Annotated[
    str, spelt("[0-9A-Fa-f]{7,40}", "7 to 40 hexadecimal digits", keep=lambda text: tidy(text).lower())
]
EnvironmentName = Annotated[str, NAMED]
KeyOfRelease = Annotated[str, spelt(KEY_PATTERN, KEY)]
ReleaseToName = Annotated[str, exactly(KEY_PATTERN, KEY)]
NameInRoster = Annotated[str, NAMED, Field(description="Your name, as in the roster.")]
Explanation = Annotated[str, EXPLAINED]
WhatWasSeen = Annotated[Explanation, Field(description=f"What you saw, in one line of {EXPLAINED}.")]
Comment = Annotated[str, line(0, 500)]
