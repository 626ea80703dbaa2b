"""A release through Prefect's UI in a real browser: the form, the evidence, a wrong code, a right one, the sign-off."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator, Page, expect, sync_playwright

from lab.client import Shipped
from lab.control_plane import ControlPlane
from lab.release_request import DEPLOYMENT
from policy.record import Event
from tests.stories.production import Production, request_of
from tests.stories.stage import STORY_SECONDS, wait_until

CHROMIUM = shutil.which("chromium")
MISSING = "no Chromium is here; as root: apt-get install chromium; then: pytest tests/stories/worker/test_browser.py"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PICTURES = Path(__file__).parents[3] / ".pictures"
PAGE_SECONDS = 60
# Both versions are compared over whole windows, so the first server is watched for longer than one.
ENOUGH_TO_COMPARE = {"watch_window": 4, "first_server_watch": 6}


class Album:
    """What a person saw on the way, and what the browser complained of, kept in a folder if the story fails."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._pictures: dict[str, bytes] = {}
        self._complaints: list[str] = []
        page.on("pageerror", lambda error: self._complaints.append(str(error)))
        page.on("requestfailed", lambda request: self._complaints.append(f"{request.url}: {request.failure}"))

    def take(self, name: str) -> None:
        """Keep what the page shows now."""
        self._pictures[name] = self._page.screenshot(full_page=True)

    @contextmanager
    def kept_on_failure(self) -> Iterator["Album"]:
        """If the block fails, write every picture, and one of that moment if the browser still lives."""
        try:
            yield self
        except BaseException:
            with suppress(PlaywrightError):
                self.take("last")
            PICTURES.mkdir(exist_ok=True)
            for name, picture in self._pictures.items():
                (PICTURES / f"{name}.png").write_bytes(picture)
            (PICTURES / "complaints.txt").write_text("\n".join(self._complaints))
            raise


@contextmanager
def chromium() -> Iterator[Page]:
    """A page of headless Chromium; while it is open, Prefect's own calls in this thread take themselves for async."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(PAGE_SECONDS * 1000)
        expect.set_options(timeout=PAGE_SECONDS * 1000)
        yield page
        browser.close()


@pytest.mark.skipif(CHROMIUM is None and os.environ.get("CI") != "true", reason=MISSING)
def test_a_release_by_the_form_a_wrong_code_a_right_code_and_the_sign_off(plane: ControlPlane) -> None:
    assert CHROMIUM, MISSING
    lab = plane.lab
    production = Production(lab)
    production.save_limits(**ENOUGH_TO_COMPARE)
    before = str(lab.version_of("web-server-2"))
    shipped = lab.ship("9.3.0")

    with chromium() as page, Album(page).kept_on_failure() as album:
        run = start_by_the_form(plane, page, shipped, album)
        plane.wait_for(run, "PAUSED", seconds=STORY_SECONDS)

        gate = open_gate(plane, page, run)
        album.take("gate")
        shows_both_versions(gate, new=shipped.commit, old=before)
        answer(page, gate, name="Tomas Lima", code="000000")
        wait_until(lambda: asked(production) == 2 and plane.state_of(run)[0] == "PAUSED", what="it is asked again")
        assert lab.version_of("web-server-2") == before
        shows_the_evidence(plane, page, run, shipped, album)

        gate = open_gate(plane, page, run)
        expect(gate).to_contain_text(
            "The last answer did not count: the code is not one that Tomas Lima's app shows now"
        )
        shows_both_versions(gate, new=shipped.commit, old=before)
        answer(page, gate, name="Tomas Lima", code=lab.code_of("Tomas Lima"))
        plane.wait_for(run, "COMPLETED", seconds=STORY_SECONDS)

        assert set(lab.versions_serving().values()) == {shipped.commit}
        assert plane.state_of(run)[1].startswith(f"signed off: {shipped.commit[:7]} is live on 2 servers; ")
        page.goto(plane.page_of(run))
        expect(page.get_by_role("main").get_by_text("Completed", exact=True).first).to_be_visible()
        shows_the_record(page)


def start_by_the_form(plane: ControlPlane, page: Page, shipped: Shipped, album: Album) -> str:
    """Fill in the deployment's form, submit it, and return the run that it started."""
    request = request_of(shipped)
    page.goto(plane.form_of(DEPLOYMENT))
    page.get_by_role("textbox", name="Commit").fill(request["commit"])
    page.get_by_role("textbox", name="Summary").fill(request["summary"])
    page.get_by_role("textbox", name="Requested By").fill(request["requested_by"])
    page.get_by_role("switch", name="Way Back Understood").click()
    album.take("form")
    before = plane.newest_run(DEPLOYMENT)
    page.get_by_role("button", name="Submit").click()
    wait_until(lambda: plane.newest_run(DEPLOYMENT) != before, what="the form started a run")
    look_away(page)
    return str(plane.newest_run(DEPLOYMENT))


def look_away(page: Page) -> None:
    """Let the release have the processor, which else draws the graph of its run again and again."""
    page.goto("about:blank")


def open_gate(plane: ControlPlane, page: Page, run: str) -> Locator:
    """Open the form of the gate from the menu of the run's page, as soon as there is one."""
    wait_until(lambda: plane.read_question(run) is not None, what="the paused run has its form")
    page.goto(plane.page_of(run))
    page.get_by_role("button", name="Open menu").click()
    page.get_by_role("menuitem", name="Resume").click()
    gate = page.get_by_role("dialog", name="Resume Flow Run")
    expect(gate.get_by_role("heading", name="Approve for the remaining servers?")).to_be_visible()
    return gate


def shows_both_versions(gate: Locator, *, new: str, old: str) -> None:
    """The verdict, which server serves what, both versions in figures beside the limit, and what can be decided."""
    expect(gate).to_contain_text(
        re.compile(r"first server: all \d+ passed\..+0\.00% of requests fail, on the old version 0\.00%")
    )
    expect(gate).to_contain_text(f"{new[:7]} (Patient search performance), medium risk, requested by Ana Souza")
    expect(gate).to_contain_text(f"It is on web-server-1; {old[:7]} still on web-server-2")
    failed = gate.get_by_role("row", name="requests failed").get_by_role("cell")
    expect(failed).to_have_text([re.compile("requests failed"), *2 * [re.compile(r"^0 of \d+")], "below 1.00%"])
    expect(gate.get_by_role("img", name="Error rate")).to_be_visible()
    expect(gate.get_by_role("button", name="Select Decision")).to_have_text("Select")


def answer(page: Page, gate: Locator, *, name: str, code: str) -> None:
    """Approve as a person does, see that the form is closed, and look away."""
    gate.get_by_role("button", name="Select Decision").click()
    expect(page.get_by_role("option")).to_have_text(["approve", "roll back"])
    page.get_by_role("option", name="approve").click()
    gate.get_by_role("textbox", name="Name").fill(name)
    gate.get_by_role("textbox", name="Code").fill(code)
    gate.get_by_role("button", name="Resume").click()
    expect(gate).to_be_hidden()
    look_away(page)


def asked(production: Production) -> int:
    """How often somebody was asked to approve."""
    return sum(row.event is Event.ASKED for row in production.rows())


def shows_the_evidence(plane: ControlPlane, page: Page, run: str, shipped: Shipped, album: Album) -> None:
    """The page of evidence, found as a person finds it: the verdict first, then what the first server said itself."""
    page.goto(plane.page_of(run))
    album.take("page")
    page.get_by_role("tab", name="Subflow Runs").click()
    page.get_by_role("link", name="Evidence of the first server").first.click()
    open_page(page, "evidence")
    evidence = page.get_by_role("main")
    expect(evidence).to_contain_text(re.compile(r"All \d+ passed"))
    expect(evidence.get_by_role("row", name="2.1.3")).to_contain_text(re.compile(r"passed.+0\.0% errors \(0 of \d+"))
    expect(evidence.get_by_role("row", name="2.1.4")).to_contain_text(
        f"healthy, database connected, serves {shipped.commit[:12]}"
    )
    album.take("evidence")


def shows_the_record(page: Page) -> None:
    """The record of the release says first how it ended, then who answered what."""
    open_page(page, "record")
    record = page.get_by_role("main")
    expect(record.get_by_role("heading", name="Record of the release")).to_be_visible()
    expect(record).to_contain_text("signed off")
    expect(record.get_by_role("row", name=re.compile(r"answered 2\.1\.4.+app shows now"))).to_be_visible()
    expect(record.get_by_role("row", name=re.compile(r"approved 2\.1\.4.+Tomas Lima"))).to_be_visible()


def open_page(page: Page, name: str) -> None:
    """Open a page that a run left."""
    page.get_by_role("tab", name="Artifacts").click()
    page.get_by_role("tabpanel", name="Artifacts").get_by_role("link", name=name).first.click()
    page.wait_for_url(re.compile("/artifact"))
