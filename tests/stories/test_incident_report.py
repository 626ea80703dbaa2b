"""After a roll-back: the report of the incident, the revert on main, and the quarantine of what was rolled back."""

from contextlib import closing

from blocks.github import GitHub
from deployments.save_blocks import blocks_of
from deployments.settings import Settings
from flows.revert import revert
from policy.record import Event, last
from policy.revert import branch_of, title_of
from policy.way_back_forms import RevertRequest
from tasks.incident_report import reported_at
from tasks.revert import brought_by
from tests.stories.company import ENVIRONMENT
from tests.stories.people import APPROVE
from tests.stories.stage import Stage, wait_until


def github_of(stage: Stage) -> GitHub:
    """The repository as the company's own block asks it."""
    found = blocks_of(Settings(**stage.words))[ENVIRONMENT]
    return next(one for one in found if isinstance(one, GitHub))


def test_a_rolled_back_release_is_reported_and_reverted_and_goes_out_again_only_with_a_reason(stage: Stage) -> None:
    stage.have("incidents")
    before = str(stage.lab.version_of("web-server-1"))
    shipped = stage.lab.ship("12.0.0", fault="errors in production", files={"apps/api/src/rota.ts": "export {}\n"})

    ending = stage.release(stage.request(shipped), APPROVE)

    assert ending.outcome == "rolled back", ending.sentence
    stage.ends_well_on(before)
    address = reported_at(ending.rows)
    assert address in stage.said_in("C0DEPLOYMENTS")
    (issue,) = stage.lab.issues()
    body = str(issue["body"])
    assert address.endswith(f"/issues/{issue['number']}")
    assert "## Timeline" in body
    assert "4.2.2 web-server-1 put back: done" in body
    assert "requests failed since" in body
    assert "▁" in body
    assert "Patient search performance" not in body

    refused = stage.release(stage.request(shipped))

    assert refused.sentence.startswith(f"acknowledged: {shipped.commit[:7]} was rolled back on ")
    assert stage.lab.versions_serving() == dict.fromkeys(stage.lab.versions_serving(), before)

    brought = brought_by(ending.rows)
    assert brought is not None
    request = RevertRequest(reason="one in ten requests failed", requested_by="Omar Reyes", environment=ENVIRONMENT)
    proposed = stage.play(lambda: revert(request))

    assert proposed.error is None
    assert proposed.outcome == "revert proposed", proposed.sentence
    assert f"holds the very files of {before[:7]}" in stage.page("revert")
    assert title_of(brought) in stage.said_in("C0DEPLOYMENTS")
    assert stage.lab.versions_serving() == dict.fromkeys(stage.lab.versions_serving(), before)

    branch = branch_of(brought.key)
    with closing(github_of(stage)) as github:
        proposal = github.find_pull_request(branch, "main")
        assert proposal is not None
        merge = github.merge_pull_request(proposal.number, proposal.head)
        wait_until(lambda: github.read_workflow_run(merge, "ci.yml") is not None, what="the pipeline built the merge")
    asked = stage.request(shipped, commit=merge, summary="Take the rota off main again", mode="observe")
    deployed = stage.release(asked, APPROVE)

    assert deployed.outcome == "signed off", deployed.sentence
    judged = [row for row in deployed.rows if row.event is Event.JUDGED and row.item == "4.2.1"]
    assert f"{merge[:7]} holds the very files of {before[:7]}" in str(judged[-1].facts["sentence"])
    assert last(deployed.rows, Event.SEALED) is not None
    stage.ends_well_on(merge)
