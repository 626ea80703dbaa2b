"""Patterns of paths."""

import pytest

from policy.path_pattern import matches_any


@pytest.mark.parametrize(
    ("path", "pattern", "matches"),
    [
        ("docs/a.md", "docs/**", True),
        ("docs/a/b.md", "docs/**", True),
        ("src/docs/a.md", "docs/**", False),
        ("README.md", "**/*.md", True),
        ("a/b/README.MD", "**/*.md", True),
        ("a/b/README.mdx", "**/*.md", False),
        ("src/auth/login.ts", "**/auth/**", True),
        ("src/author/page.tsx", "**/auth/**", False),
        ("docs/a/b.md", "docs/*.md", False),
        ("a1.txt", "a?.txt", True),
        ("a/.txt", "a?.txt", False),
        ("a+b(c).ts", "a+b(c).ts", True),
        ("prisma/migrations/1_x/migration.sql", "**/prisma/migrations/**/*.sql", True),
    ],
)
def test_a_path_matches_as_people_mean_it(path: str, pattern: str, *, matches: bool) -> None:
    assert matches_any(path, [pattern]) is matches


def test_no_pattern_matches_nothing() -> None:
    assert not matches_any("a.md", [])
