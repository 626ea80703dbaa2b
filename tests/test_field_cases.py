"""What went wrong for others stays a test that is named by its case: whoever reads of one finds what holds it."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
CASES = (
    *("S1", "S2", "S5", "S6", "S9", "S11", "S16", "S17", "D1", "D5", "K1", "K2", "K3", "T1", "T4", "T5"),
    *("G1", "G3", "G4", "G6", "G10", "G11", "R1", "R2", "R5", "R6", "R8", "R11"),
    *("E1", "E2", "E3", "E4", "E7", "E11", "E12", "M1", "M2", "M4"),
    *("CrowdStrike 2024", "Google Cloud 2025-06-12", "AWS DynamoDB 2025-10", "GitHub 2018-10-21", "Knight 2012"),
)
# The id of a case of a table, or the docstring of a test or of a module of tests.
_NAMED = re.compile(r'\bid=f?"([^"]*)"|"""(.*?)"""|^    \("([A-Z]\d+, [^"]*)"', re.DOTALL | re.MULTILINE)


def _names() -> str:
    texts = (path.read_text() for path in sorted(TESTS.rglob("test_*.py")) if path != Path(__file__))
    return "\n".join(name for text in texts for groups in _NAMED.findall(text) for name in groups if name)


NAMES = _names()


@pytest.mark.parametrize("case", CASES)
def test_a_case_from_the_field_is_held_by_a_test_of_its_name(case: str) -> None:
    assert re.search(rf"\b{case}\b", NAMES), f"no test is named {case}, in its id or in its docstring"
