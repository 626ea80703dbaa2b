"""Settings of evidence that contradict each other."""

from datetime import date

import pytest

from policy.dated_exceptions import DatedException
from policy.evidence_rules import EvidenceRules, SecuritySource, find_contradictions
from policy.roles import Person, Role, Roster

ROSTER = Roster(people=(Person(name="Omar Reyes", roles=tuple(Role)),))


def exception(owner: str) -> DatedException:
    return DatedException(finding="GHSA-1", owner=owner, until=date(2026, 12, 1), reason="no patch yet")


SNYK = SecuritySource(scanners=("Snyk",))
CASES = {
    "nothing configured": (EvidenceRules(), (), ()),
    "everything once": (EvidenceRules(security=SNYK), ("snyk", "jira", "notion"), ()),
    "two ticket systems": (
        EvidenceRules(),
        ("jira", "linear"),
        ("[jira] and [linear]: expected one of the two, found both",),
    ),
    "two logs": (
        EvidenceRules(),
        ("notion", "confluence"),
        ("[notion] and [confluence]: expected one of the two, found both",),
    ),
    "a scanner that is not described": (
        EvidenceRules(security=SNYK),
        (),
        ("security.scanners: Snyk is asked for, and there is no [snyk]",),
    ),
    "a scanner that nobody asks": (
        EvidenceRules(security=SecuritySource()),
        ("snyk",),
        ("[snyk]: it is described, and security.scanners does not ask for Snyk",),
    ),
    "an exception of somebody unknown": (
        EvidenceRules(security=SecuritySource(), exceptions=(exception("Nemo"),)),
        (),
        ("exceptions: 'Nemo' answers for GHSA-1 and is not in the roster",),
    ),
    "an exception without a scanner": (
        EvidenceRules(exceptions=(exception("Omar Reyes"),)),
        (),
        ("exceptions: findings are accepted, and there is no [security] that finds any",),
    ),
}


@pytest.mark.parametrize(("rules", "systems", "found"), CASES.values(), ids=CASES.keys())
def test_settings_that_cannot_both_be_meant_are_named(
    rules: EvidenceRules, systems: tuple[str, ...], found: tuple[str, ...]
) -> None:
    assert find_contradictions(rules, roster=ROSTER, systems=systems) == found
