"""What a revert proposes, and whether it holds what was there before (4.2.1)."""

from dataclasses import replace

import pytest

from policy.judgement import Verdict
from policy.revert import (
    Brought,
    Compared,
    branch_of,
    commit_message,
    describe,
    find_reverted,
    judge_revert,
    title_of,
)
from policy.risk import Commit
from tests.policy.releases import NEW_COMMIT, OLD_COMMIT

KEY = "20261124-180000-1f2e3d4c"


def commit(number: int, subject: str, pull: int | None) -> Commit:
    return Commit(f"{number:040x}", subject, "Dev Anand", "danand", "dev@holilabs.xyz", pull)


BROUGHT = Brought(
    key=KEY,
    before=OLD_COMMIT,
    commit=NEW_COMMIT,
    commits=(commit(1, "Begin the rota", 12), commit(2, "Sort the rota (#13)", 13), commit(3, "Fix a word", None)),
    files=("app/rota.ts", "app/sort.ts"),
    complete=True,
)
HEAD = "c3" * 20
DIFFERS = Compared(HEAD, same_files=False, same_image=False, differing=("docs/notes.md",))
SINCE = (commit(4, "Write notes", 14),)


@pytest.mark.parametrize(
    ("found", "brought", "since", "verdict", "sentence"),
    [
        (
            Compared(HEAD, same_files=True, same_image=False),
            BROUGHT,
            (),
            Verdict.PASSED,
            f"c3c3c3c holds the very files of a1a1a1a, which production served before {KEY}",
        ),
        (
            replace(DIFFERS, same_image=True),
            BROUGHT,
            (),
            Verdict.PASSED,
            f"c3c3c3c is the very image that production served before {KEY}",
        ),
        (
            DIFFERS,
            BROUGHT,
            SINCE,
            Verdict.PASSED,
            "c3c3c3c differs from a1a1a1a only in what the release had not changed: docs/notes.md; merged since:"
            " 0000000 Write notes (#14)",
        ),
        (
            replace(DIFFERS, differing=("docs/notes.md", "app/sort.ts")),
            BROUGHT,
            SINCE,
            Verdict.UNKNOWN,
            "c3c3c3c differs from a1a1a1a in app/sort.ts, which the release had changed too; merged since: 0000000"
            " Write notes (#14); look whether something of it is left",
        ),
        (
            DIFFERS,
            replace(BROUGHT, complete=False),
            (),
            Verdict.UNKNOWN,
            "c3c3c3c differs from a1a1a1a in paths that nobody can tell apart, for the change set was not complete,"
            " which the release had changed too; look whether something of it is left",
        ),
    ],
)
def test_nothing_of_the_release_may_be_left(
    found: Compared, brought: Brought, since: tuple[Commit, ...], verdict: Verdict, sentence: str
) -> None:
    judgement = judge_revert(found, brought, since=since)

    assert (judgement.verdict, judgement.sentence) == (verdict, sentence)


def test_the_commit_lists_what_is_taken_back_the_newest_first() -> None:
    assert commit_message(BROUGHT).splitlines() == [
        f"Revert release {KEY} of b2b2b2b",
        "",
        "The files are those of a1a1a1a again, which production served before.",
        "Taken back, the newest first:",
        "",
        "- 0000000 Fix a word",
        "- 0000000 Sort the rota (#13)",
        "- 0000000 Begin the rota (#12)",
    ]


def test_many_commits_are_counted_where_they_are_not_listed() -> None:
    many = replace(BROUGHT, commits=[commit(number, f"Change {number}", None) for number in range(60)])

    assert commit_message(many).splitlines()[-1] == "- and 20 older commits"


@pytest.mark.parametrize(
    ("subjects", "key"),
    [
        (("Show the rota (#12)",), ""),
        ((title_of(BROUGHT),), KEY),
        ((f"{title_of(BROUGHT)} (#15)",), KEY),
        ((title_of(replace(BROUGHT, key="older")), title_of(BROUGHT), "Write notes"), KEY),
        ((f'Revert "{title_of(BROUGHT)}"',), ""),
    ],
)
def test_a_release_that_brings_a_revert_is_known_by_its_subject(subjects: tuple[str, ...], key: str) -> None:
    assert find_reverted([commit(number, subject, None) for number, subject in enumerate(subjects)]) == key


def test_the_pull_request_names_the_migrations_that_stay_in_the_database() -> None:
    def text(brought: Brought, ticket: str = "") -> str:
        said = {"reason": "logins failed", "by": "Omar Reyes", "why": "It went home: red flag."}
        return describe(brought, **said, ticket=ticket, record="http://ui/1")

    assert "migrat" not in text(BROUGHT)
    assert "migrated the database (20261124_rota), and a revert changes no database: roll it back first (4.3)" in text(
        replace(BROUGHT, migrations=("20261124_rota",))
    )
    assert "Ticket" not in text(BROUGHT)
    assert "\nTicket: HOLI-7\n" in text(BROUGHT, "HOLI-7")


def test_a_branch_belongs_to_its_release() -> None:
    assert branch_of(KEY) == f"revert/{KEY}"
