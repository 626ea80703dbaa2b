"""The blocks that saving the settings left in Prefect: each is found by the name of its environment."""

from typing import Protocol, TypeVar

import httpx
from prefect.client.orchestration import get_client

from blocks.company_block import CompanyBlock
from blocks.errors import Misconfigured
from policy.wording import listed

BlockKind = TypeVar("BlockKind", bound=CompanyBlock)


class Find(Protocol):
    """Gives the block of a kind under a name; raises Misconfigured where there is none."""

    def __call__(self, kind: type[BlockKind], name: str, /) -> BlockKind:
        """Return the block."""


def load_saved(kind: type[BlockKind], name: str) -> BlockKind:
    """Return the block that is saved under this name; raises Misconfigured naming those that are."""
    try:
        loaded = kind.load(name)
    except ValueError as error:
        names = listed(list_saved(kind), most=10)
        save = "python -m deployments.save_blocks"
        expected = f"expected {names}; another one's settings are saved by: {save}" if names else f"save them: {save}"
        raise Misconfigured(
            f"environment: no {kind.get_block_type_slug()} called {name!r} is saved in Prefect; {expected}"
        ) from error
    if not isinstance(loaded, kind):
        raise Misconfigured(f"the block {name!r} is no {kind.get_block_type_slug()}")
    return loaded


def list_saved(kind: type[CompanyBlock]) -> list[str]:
    """Return the names under which blocks of this kind are saved, sorted; none where Prefect does not answer."""
    try:
        with get_client(sync_client=True) as client:
            found = client.read_block_documents_by_type(kind.get_block_type_slug())
    except httpx.HTTPError:
        return []
    return sorted(document.name for document in found if document.name)
