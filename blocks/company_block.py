"""What every block here is: a block of Prefect's whose schema is worked out once."""

from copy import deepcopy
from typing import Any

from prefect.blocks.core import Block

_SCHEMAS: dict[tuple[object, ...], dict[str, Any]] = {}


class CompanyBlock(Block):
    """A block that is quick to save: Prefect asks for its whole schema again for each field that it writes."""

    @classmethod
    def model_json_schema(cls, *asked: Any, **by_name: Any) -> dict[str, Any]:
        """Return the schema as Prefect's `Block` does; whoever asks may change what they get."""
        key = (cls, asked, tuple(by_name.items()))
        if key not in _SCHEMAS:
            _SCHEMAS[key] = super().model_json_schema(*asked, **by_name)
        return deepcopy(_SCHEMAS[key])
