"""Blocks and stand-ins speak as the vendors' own descriptions say, each request and each answer."""

from functools import cache

import pytest

from tests.contracts.contract import Contract
from tests.contracts.contracts import CONTRACTS
from tests.contracts.descriptions import HOW_TO_GET_THEM, ROOT, folder
from tests.contracts.openapi_check import Finding
from tests.contracts.page import section

BY_NAME = {contract.name: contract for contract in CONTRACTS}
needs_descriptions = pytest.mark.skipif(folder() is None, reason=HOW_TO_GET_THEM)


@cache
def driven(name: str, verb: str) -> tuple[Finding, ...]:
    """What a verb's exchanges show, found once."""
    return tuple(BY_NAME[name].drive(verb))


@cache
def refused(name: str, case: str) -> tuple[Finding, ...]:
    """What a refusal's exchanges show, found once."""
    return tuple(BY_NAME[name].refuse(case))


@needs_descriptions
@pytest.mark.parametrize(("name", "verb"), [(one.name, verb) for one in CONTRACTS for verb in one.verbs])
def test_a_verb_and_its_stand_in_agree_with_the_description(name: str, verb: str) -> None:
    assert [wrong for finding in driven(name, verb) for wrong in finding.wrong] == []


@needs_descriptions
@pytest.mark.parametrize(("name", "case"), [(one.name, case) for one in CONTRACTS for case in one.refusals])
def test_a_refusal_agrees_with_the_description(name: str, case: str) -> None:
    assert [wrong for finding in refused(name, case) for wrong in finding.wrong] == []


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_every_verb_of_a_block_has_its_contract(contract: Contract) -> None:
    assert set(contract.verbs) == contract.public_verbs()


@needs_descriptions
@pytest.mark.parametrize("name", BY_NAME)
def test_the_page_says_what_was_checked_and_what_could_not_be(name: str) -> None:
    contract = BY_NAME[name]
    verbs = {verb: driven(name, verb) for verb in contract.verbs}
    refusals = {case: refused(name, case) for case in contract.refusals}

    page = (ROOT / "docs/contracts.md").read_text(encoding="utf-8")

    assert section(contract, verbs, refusals) in page, "write it again: python -m tests.contracts.page"
