"""What somebody wrote themselves into a pull request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.pull_request_text import describes, find_tickets, read_own_text, shows_picture

TEMPLATE = """## What changes
<!-- Say it for somebody who does not know the code. Example: HOLI-123 -->

**Ticket:**
Screenshots:
- [ ] I added tests
- [ ] I read the guide

Ticket key, for example HOLI-1
"""


def describe(body: str, *, title: str = "Reminders", templates: tuple[str, ...] = (TEMPLATE,)) -> bool:
    return describes(read_own_text(body, templates), title=title, least_letters=20)


@pytest.mark.parametrize(
    ("body", "real"),
    [
        pytest.param("", False, id="empty"),
        pytest.param("   \r\n\r\n", False, id="blank"),
        pytest.param(TEMPLATE, False, id="the template"),
        pytest.param(TEMPLATE.replace("[ ]", "[x]"), False, id="the template, ticked"),
        pytest.param(TEMPLATE.replace("\n", "\r\n").upper(), False, id="the template with other line ends and case"),
        pytest.param(TEMPLATE.replace("**Ticket:**", "**Ticket:** HOLI-7"), False, id="only the ticket filled in"),
        pytest.param("<!-- a long comment that nobody sees on the page -->", False, id="comment"),
        pytest.param("<!-- a comment that is never closed and goes on", False, id="open comment"),
        pytest.param("TODO", False, id="a word"),
        pytest.param("## A heading that is long enough\n### Another heading", False, id="headings"),
        pytest.param("https://linear.app/holi/issue/HOLI-12/patients-get-reminders", False, id="an address"),
        pytest.param("![a long alternative text here](https://x/a.png)", False, id="a picture"),
        pytest.param('<img alt="the new page for patients" src="a.png">', False, id="an HTML picture"),
        pytest.param("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", False, id="one key held down"),
        pytest.param("- - - - - - - - - 1 2 3 4 5 6 7 8 9 10 11 12", False, id="no letters"),
        pytest.param("Patients get a reminder by text message.", True, id="a sentence"),
        pytest.param(f"{TEMPLATE}\nPatients get a reminder by text.", True, id="template and a sentence"),
        pytest.param("Screenshots: the reminder is shown in the list now", True, id="behind a label"),
        pytest.param("Los pacientes reciben un recordatorio.", True, id="Spanish"),
        pytest.param("患者は予約の前日に携帯電話で通知を受け取ることができます", True, id="Japanese"),
    ],
)
def test_a_description_says_something_of_its_own(body: str, *, real: bool) -> None:
    assert describe(body) is real


def test_the_title_once_more_is_no_description() -> None:
    assert not describe("patients get a  Reminder by text", title="Patients get a reminder by text")


@pytest.mark.parametrize(
    ("texts", "prefixes", "keys"),
    [
        pytest.param(["Reminders (HOLI-12)"], ["HOLI"], ("HOLI-12",), id="title"),
        pytest.param(["feature/holi-12-reminders"], ["HOLI"], ("HOLI-12",), id="branch in lower case"),
        pytest.param(["feature_holi-12_x"], ["HOLI"], ("HOLI-12",), id="underscores"),
        pytest.param(["https://holi.atlassian.net/browse/HOLI-12"], ["HOLI"], ("HOLI-12",), id="address"),
        pytest.param(["HOLI-12 HOLI-12", "holi-12"], ["HOLI"], ("HOLI-12",), id="three times"),
        pytest.param(["OPS-1, HOLI-2"], ["HOLI", "OPS"], ("OPS-1", "HOLI-2"), id="two projects"),
        pytest.param(["UTF-8 and SHA-256"], ["HOLI"], (), id="no key of a project"),
        pytest.param(["XHOLI-12, HOLI-12a, HOLI-"], ["HOLI"], (), id="parts of words"),
        pytest.param(["UTF-8, ABC-7, abc-9"], [], ("UTF-8", "ABC-7"), id="no prefix known: what looks like one"),
        pytest.param([], [], (), id="nothing"),
        pytest.param(["HO.I-1 HOLI-1"], ["HO.I"], ("HO.I-1",), id="a dot is a dot"),
    ],
)
def test_tickets_are_found(texts: list[str], prefixes: list[str], keys: tuple[str, ...]) -> None:
    assert find_tickets(texts, prefixes=prefixes) == keys


def test_the_example_in_a_template_is_no_ticket() -> None:
    assert find_tickets([read_own_text(TEMPLATE, [TEMPLATE])], prefixes=["HOLI"]) == ()
    filled_in = TEMPLATE.replace("**Ticket:**", "**Ticket:** HOLI-7")
    assert find_tickets([read_own_text(filled_in, [TEMPLATE])], prefixes=["HOLI"]) == ("HOLI-7",)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("![before](https://x/before.png)", True, id="Markdown"),
        pytest.param("![](docs/after.webp)", True, id="without words"),
        pytest.param('<img width="300" alt="page" src="https://x/y">', True, id="HTML"),
        pytest.param("<video controls src='https://x/y'></video>", True, id="video"),
        pytest.param("https://github.com/user-attachments/assets/0f1e-22", True, id="uploaded video"),
        pytest.param("https://github.com/holi/web/assets/123/0f1e-22", True, id="uploaded in the older way"),
        pytest.param("[see](https://x/demo.mp4?raw=1)", True, id="link to a video"),
        pytest.param("![build](https://img.shields.io/badge/build-ok-green)", False, id="badge"),
        pytest.param("![ci](https://github.com/holi/web/actions/workflows/ci.yml/badge.svg)", False, id="CI badge"),
        *(
            pytest.param(button, False, id=f"a bot's: {button}")
            for button in (
                '[<img src="https://reviewable.io/review_button.svg" alt="Reviewable"/>](https://reviewable.io/x)',
                '<a href="https://gitpod.io/#x"><img src="https://gitpod.io/button/open-in-gitpod.svg"/></a>',
                '<img alt="Open in Cursor" src="https://cursor.com/open-in-cursor.svg">',
                '<picture><source srcset="https://cursor.com/assets/images/open-in-web-dark.png"></picture>',
                "![c](https://codecov.io/gh/o/r/graph/tree.svg)",
                "![c](https://app.codecov.io/gh/o/r/pull/7/graphs/tree.svg?width=650)",
                '<img src="https://static.graphite.dev/graphite-32x32-black.png" alt="Graphite" width="10px"/>',
                "[![Open in StackBlitz](https://developer.stackblitz.com/img/open_in_stackblitz.svg)](https://s/x)",
                "[![Review PR](https://developer.stackblitz.com/img/review_pr_small.svg)](https://pr.new/x)",
                "![Edit](https://codesandbox.io/static/img/play-codesandbox.svg)",
                "[![Deploy](https://vercel.com/button)](https://vercel.com/new)",
                "![Deploy](https://www.netlify.com/img/deploy/button.svg)",
                "![banner](https://res.cloudinary.com/snyk/image/upload/snyk-pull-requests/pr-banner-default.svg)",
                "![x](https://avatars.githubusercontent.com/u/1?v=4.png)",
            )
        ),
        *(
            pytest.param(picture, True, id=f"somebody's: {picture}")
            for picture in (
                "![after](https://x/save-button.png)",
                "![after](docs/screens/button/after.png)",
                "![after](https://x/open-in-maps.png)",
                "![flow](docs/review_flow.svg)",
                "![after](https://precursor.com/after.png)",
                "![c](https://codecov.io/gh/o/r/graph/tree.svg) ![after](https://x/after.png)",
            )
        ),
        pytest.param("![nothing]()", False, id="no address"),
        pytest.param("`![before](https://x/before.png)`", False, id="in code"),
        pytest.param("```\nhttps://x/before.png\n```", False, id="in a block of code"),
        pytest.param("https://x/pngs/list and before.png", False, id="words"),
        pytest.param("", False, id="empty"),
    ],
)
def test_a_picture_is_an_image_or_a_video_that_is_shown(text: str, *, shown: bool) -> None:
    assert shows_picture(text) is shown


@given(st.text(), st.lists(st.text(), max_size=2))
def test_any_text_can_be_read(body: str, templates: list[str]) -> None:
    own = read_own_text(body, templates)

    assert find_tickets([own], prefixes=()) is not None
    assert describes(own, title="", least_letters=1) in (True, False)
    assert shows_picture(own) in (True, False)


@given(st.text())
def test_a_template_says_nothing_of_its_own(template: str) -> None:
    assert read_own_text(template, [template]) == ""
