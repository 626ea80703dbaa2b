"""Writes docs/contracts.md: `python -m tests.contracts.page` drives every verb and says what was checked."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.contracts.contract import Contract
from tests.contracts.contracts import CONTRACTS
from tests.contracts.descriptions import ROOT
from tests.contracts.openapi_check import Finding

PAGE = ROOT / "docs" / "contracts.md"
BEGINNING = """\
# What was held against the vendors' own descriptions

Written by `python -m tests.contracts.page`; a test holds it true.
Each verb of a block was called against its stand-in.
Each request and each answer was held against the description that the vendor publishes.
Where each description comes from: [contracts-sources.md](contracts-sources.md).
The vendors' public status pages have no description: that block is held against its stand-in only.
A description says nothing of state, of limits and of who may do what: the tests of each block and each stand-in do.
"""


def section(
    contract: Contract, verbs: Mapping[str, Iterable[Finding]], refusals: Mapping[str, Iterable[Finding]]
) -> str:
    """The part of the page about one vendor."""
    lines = [f"## {contract.name}", "", f"Description: `{contract.description.file}`.", ""]
    lines += ["| verb | checked |", "|---|---|"]
    lines += [f"| `{verb}` | {_operations(found)} |" for verb, found in verbs.items()]
    lines += ["", "| refusal | checked |", "|---|---|"]
    lines += [f"| {case} | {_operations(found)} |" for case, found in refusals.items()]
    every = [finding for found in (*verbs.values(), *refusals.values()) for finding in found]
    missing = sorted({text for finding in every for text in finding.not_described})
    if missing or contract.not_checked:
        lines += ["", "Could not be checked:", ""]
        lines += [f"- {text}" for text in contract.not_checked]
        lines += [f"- {text}" for text in missing]
    return "\n".join(lines) + "\n"


def _operations(found: Iterable[Finding]) -> str:
    return "<br>".join(f"`{operation}`" for operation in dict.fromkeys(sorted(one.operation for one in found)))


def write(contracts: Iterable[Contract], page: Path) -> None:
    """The page tells of this very moment."""
    parts = [BEGINNING]
    for contract in contracts:
        verbs = {verb: contract.drive(verb) for verb in contract.verbs}
        refusals = {case: contract.refuse(case) for case in contract.refusals}
        parts.append(section(contract, verbs, refusals))
    page.write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    write(CONTRACTS, PAGE)
