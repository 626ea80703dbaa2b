"""The lab and Prefect in which releases are killed."""

from tests.stories.conftest import blocks, control

__all__ = ["blocks", "control"]
