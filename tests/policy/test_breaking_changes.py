"""Every break that is found is acknowledged by name (1.2.3)."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.breaking_changes import Evidence, Migration, judge_breaking_changes
from policy.breaks import Changed
from policy.commit_marks import Message
from policy.judgement import Judgement, Verdict

PLAIN = Message("#12", "pull request #12", "fix: dates", "They were wrong.")
MARKED = Message("#12", "pull request #12", "feat: tokens", "BREAKING CHANGE: old tokens are refused")
FOLDER = "20261124_add_visit"


def described(*methods: str) -> str:
    operations = {method: {"responses": {"200": {"description": "x"}}} for method in methods}
    return json.dumps({"openapi": "3.0.3", "paths": {"/patients": operations}})


def pnpm(react: str, loose: str = "1.0.0") -> str:
    asked = f"importers:\n  .:\n    dependencies:\n      react: {{version: {react}}}\n"
    return f"lockfileVersion: '9.0'\n{asked}packages:\n  loose@{loose}: {{}}\n"


API = Changed("openapi.json", described("get", "delete"), described("get"))
LOCK = Changed("pnpm-lock.yaml", pnpm("18.2.0"), pnpm("19.0.0"))


def judge(*acknowledged: str, **changes: Any) -> Judgement:
    facts: dict[str, Any] = {
        "descriptions": (),
        "lock_files": (),
        "migrations": (),
        "messages": (PLAIN,),
        "complete": True,
    }
    return judge_breaking_changes(Evidence(**(facts | changes)), acknowledged=acknowledged)


def squash(title: str) -> Message:
    return Message("#12", "squash title of #12", title)


@pytest.mark.parametrize(
    ("facts", "acknowledged", "verdict", "says"),
    [
        pytest.param(
            {"messages": (MARKED, squash("feat: tokens"))},
            (),
            Verdict.FAILED,
            "#12 (pull request #12: BREAK",
            id="G10 (a)",
        ),
        pytest.param(
            {"messages": (MARKED, squash("feat: tokens"))},
            ("#12",),
            Verdict.PASSED,
            "1 breaking change acknowledged: #12",
            id="G10 (a) acknowledged",
        ),
        pytest.param(
            {"messages": (squash("feat(api)!: x"),)},
            (),
            Verdict.FAILED,
            "squash title of #12: feat(api)!: x",
            id="G10 (b)",
        ),
        pytest.param(
            {"messages": (squash("docs: explain BREAKING CHANGE: footers"),)},
            (),
            Verdict.PASSED,
            "nothing breaks in 0 API descriptions, 0 lock files, 0 migrations, 1 message",
            id="G10 (c)",
        ),
        pytest.param(
            {"descriptions": (API,)},
            (),
            Verdict.FAILED,
            "1 of 1 breaking change not acknowledged in the request: DELETE /patients removed",
            id="the API",
        ),
        pytest.param(
            {"descriptions": (API,)},
            (" delete  /Patients removed ",),
            Verdict.PASSED,
            "acknowledged: DELETE",
            id="spelt a little differently",
        ),
        pytest.param(
            {"descriptions": (API,)},
            ("DELETE /patients",),
            Verdict.FAILED,
            "DELETE /patients removed",
            id="half a name",
        ),
        pytest.param({"lock_files": (LOCK,)}, (), Verdict.FAILED, "react@19 (18.2.0 -> 19.0.0)", id="a dependency"),
        pytest.param(
            {"lock_files": (LOCK,)}, ("react@18",), Verdict.FAILED, "react@19", id="another major acknowledged"
        ),
        pytest.param(
            {"lock_files": (LOCK,), "descriptions": (API,)},
            ("react@19",),
            Verdict.FAILED,
            "1 of 2 breaking changes",
            id="one of two",
        ),
        pytest.param(
            {"lock_files": (LOCK,), "descriptions": (API,)},
            ("react@19", "DELETE /patients removed"),
            Verdict.PASSED,
            "2 breaking changes acknowledged",
            id="both",
        ),
        pytest.param(
            {"lock_files": (Changed("pnpm-lock.yaml", pnpm("18.2.0"), pnpm("18.3.0", "2.0.0")),)},
            (),
            Verdict.PASSED,
            "majors that come along: loose 1.0.0 -> 2.0.0",
            id="a major that comes along",
        ),
        pytest.param(
            {"lock_files": (Changed("pnpm-lock.yaml", "x", "y"),)},
            (),
            Verdict.UNKNOWN,
            "pnpm-lock.yaml holds no table",
            id="a lock file that cannot be read",
        ),
        pytest.param(
            {"descriptions": (Changed("openapi.json", "<html>", "{}"),)},
            (),
            Verdict.UNKNOWN,
            "openapi.json is no OpenAPI 3",
            id="a description that cannot be read",
        ),
        pytest.param(
            {"descriptions": (API, Changed("b.json", "x", "{}"))},
            (),
            Verdict.FAILED,
            "not known: b.json",
            id="one breaks and one cannot be read",
        ),
        pytest.param(
            {"migrations": (Migration(FOLDER),)},
            (),
            Verdict.UNKNOWN,
            f"acknowledge by name or wait: {FOLDER}",
            id="a migration that nobody read",
        ),
        pytest.param(
            {"migrations": (Migration(FOLDER),)},
            (FOLDER,),
            Verdict.PASSED,
            f"{FOLDER} (not classified yet)",
            id="it is acknowledged",
        ),
        pytest.param(
            {"migrations": (Migration(FOLDER, ()),)}, (), Verdict.PASSED, "1 migration,", id="a safe migration"
        ),
        pytest.param(
            {"migrations": (Migration(FOLDER, ("drops Patient.phone",)),)},
            (FOLDER,),
            Verdict.FAILED,
            f"drops Patient.phone ({FOLDER})",
            id="a drop needs its own name",
        ),
        pytest.param(
            {"migrations": (Migration(FOLDER, ("drops Patient.phone",)),)},
            ("drops Patient.phone",),
            Verdict.PASSED,
            "drops Patient.phone",
            id="a drop acknowledged",
        ),
        pytest.param(
            {"messages": ()}, (), Verdict.UNKNOWN, "no commit and no pull request was read", id="nothing was read"
        ),
        pytest.param({"complete": False}, (), Verdict.UNKNOWN, "cut short", id="cut short"),
        pytest.param(
            {}, ("react@19",), Verdict.PASSED, "acknowledged and not found: react@19", id="a name that nothing has"
        ),
    ],
)
def test_each_break_is_acknowledged_by_name(
    facts: dict[str, Any], acknowledged: tuple[str, ...], verdict: Verdict, says: str
) -> None:
    judgement = judge(*acknowledged, **facts)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


@settings(max_examples=40)
@given(
    st.sets(st.sampled_from(["#12", "react@19", "DELETE /patients removed", FOLDER, "x"])),
    st.sampled_from([(), (API,)]),
    st.sampled_from([(), (LOCK,)]),
    st.sampled_from([(), (Migration(FOLDER),)]),
    st.sampled_from([(PLAIN,), (MARKED,)]),
)
def test_it_passes_exactly_when_everything_found_is_named(
    acknowledged: set[str],
    descriptions: tuple[Changed, ...],
    lock_files: tuple[Changed, ...],
    migrations: tuple[Migration, ...],
    messages: tuple[Message, ...],
) -> None:
    found = {
        *(["DELETE /patients removed"] if descriptions else []),
        *(["react@19"] if lock_files else []),
        *([FOLDER] if migrations else []),
        *(["#12"] if messages == (MARKED,) else []),
    }

    judgement = judge(
        *acknowledged, descriptions=descriptions, lock_files=lock_files, migrations=migrations, messages=messages
    )

    assert judgement.verdict.lets_pass is (found <= acknowledged), judgement.sentence
    assert all(name in judgement.sentence for name in found - acknowledged)
