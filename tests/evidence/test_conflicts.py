"""What vendors say of themselves beside what our own calls to them saw (1.3.10)."""

from dataclasses import replace
from typing import Any, cast

import pytest

from blocks.backup_store import BackupStore
from blocks.status_pages import StatusPages
from policy.judgement import Judgement, Verdict
from tasks.conflicts import no_conflicting_deployment
from tasks.item import answer
from tests.evidence.company import Scene


def address(scene: Scene) -> str:
    pages = scene.run.company.status_pages
    assert pages is not None
    return pages.pages["the cloud"]


def asked(scene: Scene, pages: StatusPages, **systems: Any) -> Judgement:
    company = replace(scene.run.company, status_pages=pages, **systems)
    return answer(no_conflicting_deployment, replace(scene.run, company=company))


def test_e12_our_own_bucket_that_fails_outweighs_the_green_page_of_the_cloud_that_carries_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKUP_KEY", "key")
    away = BackupStore(
        bucket="backups", endpoint="http://127.0.0.1:9", access_key="BACKUP_KEY", secret_key="BACKUP_KEY", patience=1
    )
    pages = {"the cloud": address(scene)}

    ignored = asked(scene, StatusPages(pages=pages), backups=away)
    judgement = asked(scene, StatusPages(pages=pages, carries={"the cloud": ["store", "backups"]}), backups=away)

    assert ignored.verdict is Verdict.PASSED, ignored.sentence
    assert judgement.verdict is Verdict.FAILED, judgement.sentence
    assert "the cloud failed when we asked it (listing the backups in backups: " in judgement.sentence
    assert "its page says 'All Systems Operational'" in judgement.sentence


def test_our_own_calls_that_went_well_are_said(scene: Scene) -> None:
    judgement = asked(scene, StatusPages(pages={"GitHub": address(scene)}, carries={"GitHub": ["store"]}))

    assert judgement.verdict is Verdict.PASSED
    assert "GitHub: no outage; our own call went well" in judgement.sentence


@pytest.mark.parametrize(
    ("moved", "says"), [(None, "404"), ("https://status.example.com/", "301")], ids=["not there", "moved"]
)
def test_an_address_that_is_no_page_hides_nothing_of_what_the_others_say(
    scene: Scene, moved: str | None, says: str
) -> None:
    page = cast("Any", scene.vendors["status_page"])
    well = address(scene)
    page.moved_to = moved
    odd = well if moved else f"{well}/somewhere"

    one = asked(scene, StatusPages(pages={"a vendor": odd}))
    both = asked(
        scene,
        StatusPages(pages={"a vendor": odd, "the cloud": well}, carries={"the cloud": ["backups"]}),
        backups=None,
    )

    page.moved_to = None
    assert one.verdict is Verdict.UNKNOWN, one.sentence
    assert "a vendor: its page could not be read (the status page of a vendor refused GET" in one.sentence
    assert says in one.sentence
    assert both.verdict is Verdict.FAILED, both.sentence
    assert "the cloud failed when we asked it (there is no [backups] in the settings" in both.sentence
    assert "not known: a vendor: its page could not be read" in both.sentence
