"""Marks of a breaking change in titles, bodies and footers (1.2.3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.commit_marks import Message, list_marked

FOOTER = "BREAKING CHANGE: tokens of version 1 are refused"


def marked(title: str, body: str = "") -> bool:
    return bool(list_marked([Message("#12", "pull request", title, body)]))


@pytest.mark.parametrize(
    ("title", "body"),
    [
        pytest.param("feat: new tokens", f"We need this.\n\n{FOOTER}", id="G10 (a) only the body says it"),
        pytest.param("feat(api)!: x", "", id="G10 (b)"),
        pytest.param("feat!: x", "", id="no scope"),
        pytest.param("FEAT!: x", "", id="upper case"),
        pytest.param("chore(deps)!: node 22", "", id="another type"),
        pytest.param("feat!(api): x", "", id="the mark before the scope"),
        pytest.param("feat(api) !:x", "", id="odd spaces"),
        pytest.param("[HOLI-12] feat!: x", "", id="a ticket in brackets first"),
        pytest.param("HOLI-12: feat(api)!: x", "", id="a ticket first"),
        pytest.param(FOOTER, "", id="a title that is a footer"),
        pytest.param("x", "BREAKING-CHANGE: y", id="with a hyphen"),
        pytest.param("x", "a\r\n\r\nBREAKING CHANGE: y\r\n", id="lines end as on Windows"),
        pytest.param("x", "BREAKING CHANGES: y", id="plural"),
        pytest.param("x", "Breaking change: y", id="lower case"),
        pytest.param("x", "**BREAKING CHANGE:** y", id="bold"),
        pytest.param("x", "**BREAKING CHANGE**: y", id="bold without its colon"),
        pytest.param("x", "- BREAKING CHANGE: y", id="in a list"),
        pytest.param("x", "### BREAKING CHANGE: y", id="as a heading"),
        pytest.param("x", "BREAKING CHANGE:\n\ny goes away", id="the text comes below"),
        pytest.param("x", "BREAKING CHANGE #y", id="a footer with a number sign"),
        pytest.param("x", "text before it\nBREAKING CHANGE: y", id="no blank line before it"),
        pytest.param("x", "BREAKING CHANGE: none of the old tokens works", id="none of what works"),
        pytest.param("Squash (#12)", "* feat(api)!: x\n\n* fix: y", id="a squash lists its commits"),
        pytest.param("Merge pull request #12 from holi/x", "\nfeat!: x", id="a merge holds the title below"),
        pytest.param("x", f"```\ncode\n```\n{FOOTER}", id="after code"),
        pytest.param(":boom: feat!: drop v1", "", id="G10 an emoji by its name first"),
        pytest.param("💥 feat!: drop v1", "", id="G10 an emoji first"),
        pytest.param("💥feat(api)!: drop v1", "", id="G10 an emoji without a space"),
        pytest.param("[HOLI-12] ⚠️ feat!: drop v1", "", id="G10 a ticket and an emoji"),
        pytest.param("Squash (#12)", "* 💥 feat!: drop v1", id="G10 a squash lists an emoji"),
        pytest.param("x", "⚠️ BREAKING CHANGE: removed v1", id="G10 an emoji before a footer"),
        pytest.param("x", "**⚠️ BREAKING CHANGE:** removed v1", id="G10 an emoji within bold"),
        pytest.param("x", ":warning: BREAKING CHANGE: removed v1", id="G10 a named emoji before a footer"),
        pytest.param("x", "## Breaking changes\n\n- removes GET /api/v1/patients", id="G10 a heading with a list"),
        pytest.param("x", "### ⚠ BREAKING CHANGES ###\n\n* removes v1", id="G10 a heading with an emoji"),
        pytest.param("x", "## Breaking changes (if any)\nremoves v1", id="G10 a heading that asks"),
        pytest.param("x", "## Breaking changes:\n\nremoves v1", id="G10 a heading with a colon"),
        pytest.param("x", "## Breaking change?\n- [ ] No\n- [x] Yes", id="G10 a ticked box"),
        pytest.param("x", "## Breaking changes\n### API\nremoves v1", id="G10 below a smaller heading"),
        pytest.param("x", "## Breaking changes\n```diff\n- GET /v1\n```", id="G10 shown as code"),
        pytest.param("x", f"<!-- template -->\n{FOOTER}", id="after a comment"),
        pytest.param(
            "x",
            "## Type of change\n- [ ] Bug fix (non-breaking change)\n- [x] Breaking change (would cause existing"
            " functionality to not work as expected)",
            id="G10 the kind of change that is ticked",
        ),
        pytest.param("x", "* [X] **Breaking change**", id="G10 a ticked box in bold"),
        pytest.param("x", "- [x] 💥 Breaking change: removes v1", id="G10 a ticked box with an emoji and a colon"),
        pytest.param(
            "x", "## Does this PR introduce a breaking change?\n- [x] Yes\n- [ ] No", id="G10 a question answered yes"
        ),
        pytest.param("x", "### Are there any breaking changes?\nremoves v1", id="G10 a question answered in words"),
        pytest.param(
            "x",
            "**Does this PR introduce a breaking change?** (check one)\n\n- [x] Yes\n- [ ] No\n",
            id="G10 a question in bold",
        ),
        pytest.param(
            "x",
            "* **Does this PR introduce a breaking change?** (What might users need to do?)\n\n  Yes, send x\n",
            id="G10 a question in bold in a list",
        ),
        pytest.param(
            "x",
            "## Does this PR introduce a breaking change? (What might users need to do?)\n\nYes, clients must send x",
            id="G10 a question with another one behind it",
        ),
        pytest.param(
            "x", "Does this PR introduce a breaking change?\n- [x] Yes\n- [ ] No", id="G10 a question in plain words"
        ),
        pytest.param("x", "### Any breaking changes?\n\nremoves v1", id="G10 a short question"),
        pytest.param("x", "**Breaking changes**\n\nRemoves v1", id="G10 a heading in bold"),
        pytest.param("x", "__Breaking change?__\n- [x] yes", id="G10 a heading in bold otherwise"),
        pytest.param(
            "x", "**Breaking changes (if any)**\n- removes v1\n\n**Tests**", id="G10 a heading in bold, a list"
        ),
        pytest.param("x", "## Breaking changes\n**Removes v1**", id="G10 words in bold below a heading"),
        pytest.param("x", "- [x] This is a breaking change", id="G10 a ticked sentence"),
        pytest.param("x", "- [X] Yes, this PR introduces breaking changes.", id="G10 a ticked sentence with yes"),
        pytest.param("x", "* [x] **Contains a breaking change** (say which)", id="G10 a ticked sentence in bold"),
        pytest.param("x", "- [x] This is a **breaking change**", id="G10 a ticked sentence with bold in it"),
        pytest.param(":boom: drop v1", "", id="G10 gitmoji by its name"),
        pytest.param("💥 drop v1", "", id="G10 gitmoji"),
        pytest.param("HOLI-12 ✨💥 drop v1", "", id="G10 gitmoji after a ticket"),
        pytest.param("Squash (#12)", "* :boom: drop v1\n* fix: y", id="G10 a squash lists gitmoji"),
    ],
)
def test_every_way_to_mark_a_break_is_heard(title: str, body: str) -> None:
    assert marked(title, body)


@pytest.mark.parametrize(
    ("title", "body"),
    [
        pytest.param("docs: explain BREAKING CHANGE: footers", "", id="G10 (c) in a sentence"),
        pytest.param("docs: x", "Write BREAKING CHANGE: and what breaks.", id="in a sentence of the body"),
        pytest.param("docs: x", f"> {FOOTER}", id="quoted"),
        pytest.param("docs: x", f"`{FOOTER}`", id="as code"),
        pytest.param("docs: x", f'"{FOOTER}"', id="in quotation marks"),
        pytest.param("docs: x", f"```\n{FOOTER}\n```", id="in a block of code"),
        pytest.param("docs: x", f"~~~text\n{FOOTER}\nfeat!: y\n~~~", id="in a block of tildes"),
        pytest.param("docs: x", f"```\n{FOOTER}", id="in a block without its end"),
        pytest.param("docs: x", f"    {FOOTER}", id="indented as code"),
        pytest.param("docs: x", f"<!-- {FOOTER} -->", id="in a comment"),
        pytest.param("docs: x", f"<!--\n{FOOTER}\n-->", id="in a template's comment"),
        pytest.param("feat: x", "BREAKING CHANGE: none", id="none"),
        pytest.param("feat: x", "**BREAKING CHANGE:** N/A.", id="not applicable"),
        pytest.param("feat: x", "This is a breaking change for nobody", id="no colon"),
        pytest.param("feat: wow! it works", "", id="an exclamation"),
        pytest.param("fix: stop!: in text", "", id="a mark behind the type"),
        pytest.param('Revert "feat(api)!: x"', "", id="a revert quotes it"),
        pytest.param("feat: x", "Attention!: read this", id="no type of commits"),
        pytest.param("", "", id="nothing"),
        pytest.param("✨ boom", "", id="another emoji"),
        pytest.param("💥", "", id="an emoji alone"),
        pytest.param('Revert ":boom: drop v1"', "", id="a revert quotes an emoji"),
        pytest.param("fix: :boom: in the log", "", id="an emoji in a sentence"),
        pytest.param("fix: x", "- [ ] 💥 Breaking change\n- [x] 🐛 Bug fix", id="the box beside an emoji is empty"),
        pytest.param("fix: x", "- [ ] :boom: removes something", id="the box beside a named emoji is empty"),
        pytest.param(
            "fix: x",
            "**Does this PR introduce a breaking change?** (check one)\n\n- [ ] Yes\n- [x] No\n",
            id="a question in bold answered no",
        ),
        pytest.param(
            "fix: x",
            "* **Does this PR introduce a breaking change?** (What?)\n\nNo\n\n* **Other information**:\nmore",
            id="a question in bold in a list answered no",
        ),
        pytest.param(
            "fix: x",
            "* **Does this PR introduce a breaking change?** (What?)\n\n* **Other information**:\nmore",
            id="a question in bold in a list unanswered",
        ),
        pytest.param(
            "fix: x",
            "## Does this PR introduce a breaking change? (What might users need to do?)\n\nNo.",
            id="a question with another one behind it answered no",
        ),
        pytest.param("fix: x", "Is this a breaking change?\n- [ ] Yes\n- [x] No", id="a plain question answered no"),
        pytest.param("fix: x", "**Breaking changes**\n\nNone", id="none below a heading in bold"),
        pytest.param("fix: x", "**Breaking changes**\n\n**Tests**\nunit", id="nothing below a heading in bold"),
        pytest.param("fix: x", "**Breaking changes**\n\n## Tests\nunit", id="nothing between two headings"),
        pytest.param("fix: x", "There are **breaking changes** in v2, see there.\nx", id="bold in a sentence"),
        pytest.param("docs: x", "> **Breaking changes**\n> removes v1", id="a quoted heading in bold"),
        pytest.param("fix: x", "- [ ] This is a breaking change", id="an empty box before a sentence"),
        pytest.param("fix: x", "- [x] This is not a breaking change", id="a ticked sentence that says not"),
        pytest.param("fix: x", "- [x] This PR introduces no breaking changes", id="a ticked sentence that says no"),
        pytest.param("fix: x", "- [x] No, this is not a breaking change", id="a ticked sentence with no"),
        pytest.param("fix: x", "- [x] I have documented any breaking changes", id="a ticked duty"),
        pytest.param("fix: x", "- [x] If this is a breaking change, I said so", id="a ticked duty with if"),
        pytest.param("docs: x", f"“{FOOTER}”", id="in other quotation marks"),
        pytest.param("feat: x", "## Breaking changes\n\n## Tests\nunit", id="a template's heading with nothing below"),
        pytest.param("feat: x", "## Breaking changes\n", id="a template's heading at the end"),
        pytest.param("feat: x", "## Breaking changes\n<!-- Which? -->\n\n# Tests", id="a template's comment below"),
        pytest.param("feat: x", "## Breaking changes\n\nNone\n\nThe rest is as before.", id="none below a heading"),
        pytest.param("feat: x", "## Breaking changes\n\n- N/A", id="not applicable below a heading"),
        pytest.param("feat: x", "## Breaking changes:\n\n_no_", id="no below a heading with a colon"),
        pytest.param("feat: x", "## Breaking changes\nThere are no breaking changes.", id="none in a sentence"),
        pytest.param("feat: x", "## Breaking changes\n- [ ] yes\n- [ ] no", id="boxes of which none is ticked"),
        pytest.param("feat: x", "## Breaking changes\n- [ ] yes\n- [x] No", id="the box no is ticked"),
        pytest.param("feat: x", "## Breaking changes\n\n---\nReminders", id="nothing above a line"),
        pytest.param(
            "feat: x", "## Breaking changes\n\nCo-authored-by: Ana <a@x>", id="nothing before who wrote it too"
        ),
        pytest.param("feat: x", "## Breaking changes\n\nCloses #12", id="nothing before what it closes"),
        pytest.param("feat: x", "## Breaking changes are announced by mail\nto everybody", id="a heading that tells"),
        pytest.param("docs: x", "> ## Breaking changes\n> removes v1", id="a quoted heading"),
        pytest.param(
            "fix: x",
            "## Type of change\n- [x] Bug fix (non-breaking change)\n- [ ] Breaking change (would cause trouble)",
            id="another kind of change is ticked",
        ),
        pytest.param("fix: x", "- [x] Non-breaking change", id="a ticked box that says the opposite"),
        pytest.param("fix: x", "- [x] No breaking changes", id="a ticked box that says none"),
        pytest.param("fix: x", "- [x] Breaking changes: none", id="a ticked box with none behind it"),
        pytest.param("fix: x", "- [x] Breaking changes are described below", id="a ticked box of a list of duties"),
        pytest.param("docs: x", "> - [x] Breaking change", id="a quoted box"),
        pytest.param(
            "fix: x", "## Does this PR introduce a breaking change?\n- [ ] Yes\n- [x] No", id="a question answered no"
        ),
        pytest.param(
            "fix: x", "## Does this introduce a breaking change?\n- [ ] Yes\n- [ ] No", id="a question unanswered"
        ),
        pytest.param("docs: x", "```\n## Breaking changes\nremoves v1\n```", id="a heading in a block of code"),
    ],
)
def test_what_only_speaks_of_marks_is_no_mark(title: str, body: str) -> None:
    assert not marked(title, body)


def test_marks_of_one_pull_request_are_acknowledged_together_and_all_shown() -> None:
    found = list_marked(
        [
            Message("#12", "pull request #12", "feat!: x", FOOTER),
            Message("#12", "commit b2b2b2b", "feat!: x", ""),
            Message("#12", "commit b2b2b2b", "feat!: x", ""),
            Message("c3c3c3c", "commit c3c3c3c", "fix: " + "y" * 100, "BREAKING CHANGE: " + "z" * 100),
            Message("#13", "pull request #13", "fix: y", ""),
        ]
    )

    assert [one.name for one in found] == ["#12", "c3c3c3c"]
    assert found[0].seen == f"pull request #12: feat!: x; pull request #12: {FOOTER}; commit b2b2b2b: feat!: x"
    assert found[1].seen == "commit c3c3c3c: BREAKING CHANGE: " + "z" * 62 + "…"


def test_a_heading_is_shown_with_what_stands_below() -> None:
    [found] = list_marked([Message("#12", "#12", "feat: x", "## Breaking changes\n\n- removes GET /v1\n- and more\n")])

    assert found.seen == "#12: ## Breaking changes: - removes GET /v1"


def test_a_thousand_emoji_are_read_at_once() -> None:
    assert not marked("💥" * 1000, f"{'💥 ' * 1000}\n{':boom:' * 1000}\n## {'⚠️' * 1000}\n")


@given(st.text(), st.text())
def test_a_footer_after_any_words_is_heard(title: str, body: str) -> None:
    unclosed = any(mark in body for mark in ("```", "~~~", "<!--"))

    assert unclosed or marked(title, f"{body}\n\n{FOOTER}")


@given(st.text(max_size=200).map(lambda text: "> " + text.replace("\n", "\n> ")))
def test_nothing_quoted_is_ever_a_mark(quoted: str) -> None:
    assert not marked("docs: x", quoted)
