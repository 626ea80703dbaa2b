"""The evidence of a release: every item of sections 1 and 3 says something, and none passes without saying it."""

import re

from blocks.company import Company
from policy.checklist import ITEMS
from policy.items import Asked, Way
from policy.own_checks import SECTIONS as OWN_SECTIONS
from policy.record import Event, Row
from tests.stories.company import ENVIRONMENT, PERFORMANCE
from tests.stories.stage import Stage

SECTIONS = ("1.", "3.")
OWN = [f"{section}.101" for section in OWN_SECTIONS]
CTO_APPROVES = {"decision": "approve", "name": "Carla Ortiz"}


def asked() -> set[str]:
    """Every item of the two sections that the standard way asks."""
    standard = {number for number, item in ITEMS.items() if item.asked[Way.STANDARD] is not Asked.NOT_ASKED}
    return {number for number in standard if number.startswith(SECTIONS)}


def said(rows: tuple[Row, ...]) -> dict[str, str]:
    """The last word of the record on every item: its verdict, or that its step was done."""
    found = {row.item: "passed" for row in rows if row.event is Event.CONFIRMED}
    return found | {row.item: str(row.facts["verdict"]) for row in rows if row.event is Event.JUDGED}


def is_shown_elsewhere(commit: str, rows: tuple[Row, ...]) -> None:
    """GitHub shows a deployment that succeeded, and Grafana's graphs a mark for each update of a server."""
    key = str(rows[0].facts["release"]["key"])
    with Company.load(ENVIRONMENT) as company:
        (shown,) = company.github.list_deployments(ENVIRONMENT)
        assert (shown.key, shown.commit, shown.state) == (key, commit, "success")
        assert company.grafana is not None
        for update in ("2.1.2/web-server-1", "2.1.5/web-server-2"):
            assert company.grafana.find_annotation(f"{key}/{update}") is not None


def test_a_clean_release_holds_every_row_of_sections_1_and_3_as_passed(stage: Stage) -> None:
    shipped = stage.lab.ship("2.8.0")
    stage.ask_checks_of_its_own(*OWN)
    stage.have()
    request = stage.request(shipped, raise_risk_to="high", flags={"FEATURE_ROTA": "true"}, incident_team_confirmed=True)

    ending = stage.release(request, CTO_APPROVES)

    assert ending.outcome == "signed off", ending.sentence
    words = said(ending.rows)
    sentences = {row.item: row.facts["sentence"] for row in ending.rows if row.event is Event.JUDGED}
    assert {
        number: (words.get(number), sentences.get(number)) for number in asked() if words.get(number) != "passed"
    } == {}
    assert {sentences.get(number) for number in OWN} == {f"{shipped.commit} is well"}
    assert "1.4.101 Own check" in stage.page("evidence-1-4-final-pre-deployment-checks")
    assert "3.4.101 Own check" in stage.page("record")
    assert "*Issues:* none" in stage.said_in("C0DEPLOYMENTS")
    is_shown_elsewhere(shipped.commit, ending.rows)


def test_a_version_that_leaks_under_load_never_leaves_staging(stage: Stage) -> None:
    shipped = stage.lab.ship("2.8.1", fault="leak")
    stage.have(*PERFORMANCE)

    ending = stage.release(stage.request(shipped))

    assert re.search(r"1\.3\.3 .*staging memory: .* it grows steadily", ending.sentence), ending.sentence
    assert said(ending.rows)["1.3.3"] == "failed"
    assert set(stage.lab.versions_serving().values()) != {shipped.commit}
    assert stage.hold_is_free()
