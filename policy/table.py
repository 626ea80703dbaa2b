"""A table of the settings file: what it holds is fixed, and what nobody can read in it is refused."""

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from policy.typed import SAYS_WHAT_IT_FOUND, find_unseen, line

NAME, REASON = line(1, 100), line(8, 500)


class Table(BaseModel):
    """A table of the file: an unknown key is refused, and a text that is there and shows nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*")
    @classmethod
    def _refuse_unseen(cls, value: Any, info: ValidationInfo) -> Any:
        """What may be left out may be empty; what is required has to say something.

        A table of anything is read by whoever knows it.
        """
        field = cls.model_fields[str(info.field_name)]
        if field.annotation == dict[str, Any]:
            return value
        found = "" if field.is_required() and value == "" else find_unseen(value)
        if found is not None:
            said = {"found": repr(found)}
            raise PydanticCustomError(SAYS_WHAT_IT_FOUND, "expected visible characters, found {found}", said)
        return value
