"""Nothing else is under way that a release would meet (1.3.10)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.conflicts import Component, Deployment, Holder, Maintenance, StatusPage, Vendor, judge_conflicts
from policy.judgement import Judgement, Verdict
from tests.policy.releases import ZONE

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
KEY = "20261124-180000-1f2e3d4c"


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def deployment(state: str | None = "success", *, minutes: float = -20, **changes: Any) -> Deployment:
    facts: dict[str, Any] = {"number": 41, "environment": "production", "commit": "c3" * 20, "creator": "evakim"}
    return Deployment(**(facts | {"created_at": at(minutes), "state": state} | changes))


def window(start: float, end: float, *services: str, key: str | None = None) -> Maintenance:
    return Maintenance("Disks", at(start), at(end), services, key)


CLOUD = (
    Component("Droplets", "major_outage"),
    Component("NYC3", "major_outage", "Droplets"),
    Component("Spaces", "operational"),
    Component("NYC3", "operational", "Spaces"),
)


def page(indicator: str = "none", **components: str) -> StatusPage:
    return StatusPage(
        indicator,
        "All Systems Operational" if indicator == "none" else "",
        [*(Component(name, status) for name, status in components.items()), *CLOUD],
        "https://status.x",
    )


def vendor(shown: StatusPage | None, *uses: str, **changes: Any) -> Vendor:
    return Vendor("AWS", shown, uses, **changes)


def judge(**changes: Any) -> Judgement:
    facts: dict[str, Any] = {"deployments": [], "holder": None, "maintenance": [], "vendors": []} | changes
    return judge_conflicts(
        **facts, key=KEY, environment="production", services=["Web"], now=NOW, until=at(60), zone=ZONE
    )


@pytest.mark.parametrize(
    ("facts", "verdict", "says"),
    [
        pytest.param(
            {}, Verdict.PASSED, "nothing else is under way (0 deployments, 0 maintenance windows)", id="nothing"
        ),
        pytest.param(
            {"holder": Holder(KEY, "Ana Souza", "b2", NOW)}, Verdict.PASSED, "nothing else", id="our own hold"
        ),
        pytest.param(
            {"holder": Holder("other", "Ana Souza", "b2b2b2b", at(-5))},
            Verdict.FAILED,
            "Ana Souza is releasing b2b2b2b (other) since 09:55 PST, 5 min",
            id="another hold",
        ),
        pytest.param(
            {"deployments": [deployment("in_progress")]},
            Verdict.FAILED,
            "deployment 41 of c3c3c3c to production by evakim has been in progress for 20 min",
            id="in progress",
        ),
        pytest.param({"deployments": [deployment("queued")]}, Verdict.FAILED, "has been queued", id="queued"),
        pytest.param({"deployments": [deployment("pending")]}, Verdict.FAILED, "has been pending", id="pending"),
        pytest.param(
            {"deployments": [deployment(None, minutes=1)]},
            Verdict.FAILED,
            "has been queued for under a second",
            id="only just asked for",
        ),
        pytest.param(
            {"deployments": [deployment("in_progress", key=KEY)]},
            Verdict.PASSED,
            "nothing else",
            id="our own deployment",
        ),
        pytest.param(
            {"deployments": [deployment("in_progress", key="production/2026-11-20T09-00-00")]},
            Verdict.PASSED,
            "nothing else",
            id="one that a release of ours left behind: the hold says who releases",
        ),
        pytest.param(
            {"deployments": [deployment("in_progress", environment="staging")]},
            Verdict.PASSED,
            "1 deployment",
            id="to staging",
        ),
        pytest.param(
            {"deployments": [deployment("in_progress", environment="Production")]},
            Verdict.FAILED,
            "to Production",
            id="the same environment in capitals",
        ),
        pytest.param(
            {
                "deployments": [
                    deployment("success"),
                    deployment("failure"),
                    deployment("inactive"),
                    deployment("error"),
                ]
            },
            Verdict.PASSED,
            "4 deployments",
            id="all of them over",
        ),
        pytest.param(
            {"deployments": [deployment("success"), deployment("in_progress", number=26)]},
            Verdict.FAILED,
            "deployment 26",
            id="an older one still runs",
        ),
        pytest.param(
            {"deployments": [deployment("paused")]},
            Verdict.UNKNOWN,
            "a state that is not known: paused",
            id="a state that nobody knows",
        ),
        pytest.param(
            {"maintenance": [window(30, 90, "Web")]},
            Verdict.FAILED,
            "maintenance 'Disks' of Web from Tue 24 Nov, 10:30 PST to Tue 24 Nov, 11:30 PST",
            id="maintenance within",
        ),
        pytest.param(
            {"maintenance": [window(-30, 5, "web")]}, Verdict.FAILED, "of web", id="maintenance that ends within"
        ),
        pytest.param(
            {"maintenance": [window(-30, 0, "Web")]},
            Verdict.PASSED,
            "1 maintenance window",
            id="maintenance that has just ended",
        ),
        pytest.param(
            {"maintenance": [window(60, 90, "Web")]},
            Verdict.PASSED,
            "1 maintenance window",
            id="maintenance right after",
        ),
        pytest.param(
            {"maintenance": [window(30, 90, "Fax")]}, Verdict.PASSED, "1 maintenance window", id="of another service"
        ),
        pytest.param({"maintenance": [window(30, 90)]}, Verdict.FAILED, "of everything", id="of no named service"),
        pytest.param(
            {"maintenance": [window(30, 90, "Web", key=KEY)]},
            Verdict.PASSED,
            "1 maintenance window",
            id="our own maintenance",
        ),
        pytest.param({"vendors": [vendor(page())]}, Verdict.PASSED, "AWS: no outage", id="a green page"),
        pytest.param(
            {"vendors": [vendor(page("major"))]},
            Verdict.FAILED,
            "AWS: major outage of the whole, its page says 'major'",
            id="a red page",
        ),
        pytest.param({"vendors": [vendor(page("critical"))]}, Verdict.FAILED, "major outage", id="a critical page"),
        pytest.param(
            {"vendors": [vendor(page("minor"))]}, Verdict.PASSED, "AWS: the whole minor", id="a minor trouble is shown"
        ),
        pytest.param(
            {"vendors": [vendor(page(), own_failure="S3: no answer in 5 s", asked=True)]},
            Verdict.FAILED,
            "AWS failed when we asked it (S3: no answer in 5 s); its page says 'All Systems Operational'",
            id="E12 our own failure outweighs a green page",
        ),
        pytest.param(
            {"vendors": [vendor(None, own_failure="503", asked=True)]},
            Verdict.FAILED,
            "(503); its page did not answer",
            id="E12 our own failure and no page",
        ),
        pytest.param(
            {"vendors": [vendor(page("major"), asked=True)]},
            Verdict.FAILED,
            "our own call went well",
            id="E12 a red page outweighs our own luck",
        ),
        pytest.param(
            {"vendors": [vendor(None, asked=True)]},
            Verdict.UNKNOWN,
            "AWS: its page did not answer; our own call went well",
            id="E12 no page",
        ),
        pytest.param(
            {"vendors": [vendor(None, page_failure="404")]},
            Verdict.UNKNOWN,
            "AWS: its page could not be read (404)",
            id="a page that is not there",
        ),
        pytest.param(
            {"vendors": [vendor(page("none", S3="major_outage"), "S3")]},
            Verdict.FAILED,
            "major outage of S3",
            id="what is used is down though the page is green",
        ),
        pytest.param(
            {"vendors": [vendor(page("major", S3="operational"), "S3")]},
            Verdict.PASSED,
            "AWS: no outage",
            id="what is down is not used",
        ),
        pytest.param(
            {"vendors": [vendor(page("none", S3="partial_outage"), "S3")]},
            Verdict.PASSED,
            "AWS: S3 partial_outage",
            id="partly down is shown",
        ),
        pytest.param(
            {"vendors": [vendor(page("none", S3="under_maintenance"), "S3")]},
            Verdict.FAILED,
            "AWS: maintenance of S3 is under way",
            id="what is used is under maintenance",
        ),
        pytest.param(
            {"vendors": [vendor(page("maintenance", S3="operational"))]},
            Verdict.PASSED,
            "AWS: the whole maintenance",
            id="maintenance somewhere is shown",
        ),
        pytest.param(
            {"vendors": [vendor(page("none", S3="operational"), "S3", "EC2")]},
            Verdict.UNKNOWN,
            "names no component EC2",
            id="a component that is gone from the page",
        ),
        pytest.param(
            {"vendors": [vendor(page("minor"), "nyc3")]},
            Verdict.FAILED,
            "AWS: major outage of Droplets/NYC3,",
            id="two groups have a component of that name, and one of them is down",
        ),
        pytest.param(
            {"vendors": [vendor(page("minor"), "Spaces/NYC3")]},
            Verdict.PASSED,
            "AWS: no outage",
            id="the one that is used is well",
        ),
        pytest.param(
            {"vendors": [vendor(page("minor"), "Droplets")]},
            Verdict.FAILED,
            "AWS: major outage of Droplets,",
            id="a whole group is used",
        ),
        pytest.param(
            {"vendors": [vendor(page("minor"), "Spaces/AMS3")]},
            Verdict.UNKNOWN,
            "names no component Spaces/AMS3",
            id="a group without that component",
        ),
        pytest.param(
            {"vendors": [vendor(page("green"))]},
            Verdict.UNKNOWN,
            "a state that is not known: the whole green",
            id="a word that nobody knows",
        ),
        pytest.param(
            {"vendors": [vendor(page("major")), vendor(None)]},
            Verdict.FAILED,
            "not known: AWS: its page did not answer",
            id="one down and one silent",
        ),
    ],
)
def test_a_release_meets_nothing_else(facts: dict[str, Any], verdict: Verdict, says: str) -> None:
    judgement = judge(**facts)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


@given(
    st.sampled_from(["none", "minor", "major", "critical", "", "x"]),
    st.sampled_from(["silent", ""]),
    st.sampled_from(["asked", ""]),
)
def test_a_vendor_that_fails_us_never_passes(indicator: str, silent: str, asked: str) -> None:
    shown = None if silent else page(indicator)

    assert judge(vendors=[vendor(shown, own_failure="503", asked=bool(asked))]).verdict is Verdict.FAILED
