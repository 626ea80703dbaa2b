"""What scanners looked at is held against what goes to production."""

import json
from dataclasses import replace
from typing import Any

import pytest

from blocks.company import Company
from policy.evidence_rules import EvidenceRules, SecuritySource
from policy.judgement import Verdict
from policy.risk import Commit
from tasks.change_facts import Report
from tasks.review import security_checks_pass
from tests.core.scene import begun
from tests.core.world import World
from tests.policy import releases

SUBJECTS = ("feat: search", "fix: paging", "Merge duplicate patient records (#12)")


def commit(number: int, **changes: Any) -> Commit:
    return replace(releases.commit(number), **changes)


@pytest.mark.parametrize(
    ("parents", "verdict", "says"),
    [(1, Verdict.UNKNOWN, "2 of 3 commits"), (2, Verdict.PASSED, "gitleaks")],
    ids=["only called a merge", "a merge"],
)
def test_gitleaks_looked_at_every_commit_that_is_no_merge(
    company: Company, world: World, parents: int, verdict: Verdict, says: str
) -> None:
    evidence = EvidenceRules(security=SecuritySource(scanners=("gitleaks",)))
    run = begun(replace(company, evidence=evidence), world, steps=0).run
    commits = [commit(number, subject=subject) for number, subject in enumerate(SUBJECTS)]
    commits[-1] = replace(commits[-1], parents=parents)
    run.release = run.release.model_copy(update={"commits": tuple(commits)})
    covered = {"base": run.release.previous_commit, "head": run.release.commit, "commits": 2}
    files = {"gitleaks.json": b"[]", "gitleaks-range.json": json.dumps(covered).encode()}
    run.once.fetch("report security", lambda: Report(run.release.commit, files, "http://run"))
    run.once.fetch("same tree", tuple)

    judgement = security_checks_pass.ask(run)

    assert judgement.verdict is verdict, judgement.sentence
    assert says in judgement.sentence
