"""Do the tests cover enough of the very commit (1.1.3)."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from pydantic import Field

from policy.combined import combine
from policy.coverage_reports import LineCount, Lines, UnreadableReportError, read_coverage
from policy.judgement import Judgement, failed, passed, unknown
from policy.limits import Limits
from policy.path_pattern import matches_any
from policy.sensitive_paths import SensitivePaths
from policy.table import Table
from policy.wording import listed, short


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """A report as it was written: its text, the commit whose tests wrote it, and the folder its paths begin at."""

    name: str
    text: str
    commit: str
    folder: str = ""
    url: str | None = None


class CoverageRules(Table):
    """Which files are code that tests can cover."""

    code: tuple[str, ...] = Field(
        default=tuple(
            f"**/*.{ending}" for ending in ("ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", "py", "vue", "svelte")
        ),
        description="1.1.3: a security-critical file like these has to be in the report.",
    )
    left_out: tuple[str, ...] = Field(
        default=(
            *("**/*.d.ts", "**/*.d.mts", "**/*.d.cts", "**/*.test.*", "**/*.spec.*", "**/*.stories.*"),
            *("**/__tests__/**", "tests/**", "e2e/**"),
        ),
        description="1.1.3: code that no test covers, such as the tests themselves.",
    )

    def is_code(self, path: str) -> bool:
        """Whether tests can cover the file."""
        return matches_any(path, self.code) and not matches_any(path, self.left_out)


def judge_coverage(
    report: CoverageReport | None,
    *,
    commit: str,
    same_tree: Collection[str],
    changed: Collection[str],
    paths: SensitivePaths,
    rules: CoverageRules,
    limits: Limits,
) -> Judgement:
    """Pass when enough lines are covered, and more of the security-critical ones where such files changed.

    `changed` are the files of the change set that still exist at the commit.
    """
    if report is None:
        return unknown(f"there is no report of coverage for {short(commit)}")
    if report.commit != commit and report.commit not in same_tree:
        return unknown(f"{report.name} is of {short(report.commit)}, not of {short(commit)}", link=report.url)
    try:
        lines = read_coverage(report.text)
    except UnreadableReportError as error:
        return unknown(f"{report.name} cannot be read: {error}", link=report.url)
    whole = _sum(lines, lines)
    if not whole.total:
        return unknown(f"{report.name} measures no line", link=report.url)
    touched = [path for path in paths.list_security_critical(changed) if rules.is_code(path)]
    parts = [_judge_share("coverage", whole, limits.coverage, report)]
    if touched:
        parts += _judge_critical(report, lines, touched, paths=paths, rules=rules, limit=limits.coverage_critical)
    return combine(parts)


def _judge_critical(
    report: CoverageReport,
    lines: Lines,
    touched: Collection[str],
    *,
    paths: SensitivePaths,
    rules: CoverageRules,
    limit: float,
) -> Iterator[Judgement]:
    """All security-critical code reaches the limit, and so does what changed of it, taken for itself."""
    placed = {_in_repository(entry, report.folder): entry for entry in lines}
    found = {path: entry for path in touched if (entry := _find(path, placed)) is not None}
    if missing := [path for path in touched if path not in found]:
        yield unknown(f"security-critical {listed(missing)} is not in {report.name}", link=report.url)
    root = next((entry.removesuffix(path) for path, entry in found.items() if entry.startswith("/")), "")
    everything = [
        placed[path]
        for path in placed
        if paths.list_security_critical([path.removeprefix(root)]) and rules.is_code(path.removeprefix(root))
    ]
    for what, entries in (
        ("security-critical code", dict.fromkeys((*everything, *found.values()))),
        ("changed security-critical code", found.values()),
    ):
        if found:
            yield _judge_share(what, _sum(lines, entries), limit, report, worst=_worst(lines, entries))


def _judge_share(what: str, count: LineCount, limit: float, report: CoverageReport, *, worst: str = "") -> Judgement:
    if not count.total:
        return unknown(f"{report.name} measures no line of {what}", link=report.url)
    sentence = f"{what} {count}, the limit is {limit:.0%}"
    if count.share < limit:
        return failed(f"{sentence}{worst}", link=report.url)
    return passed(sentence, link=report.url)


def _sum(lines: Lines, entries: Collection[str]) -> LineCount:
    return sum((lines[entry] for entry in entries), LineCount(0, 0))


def _worst(lines: Lines, entries: Collection[str]) -> str:
    measured = [entry for entry in entries if lines[entry].total]
    lowest = min(measured, key=lambda entry: lines[entry].share, default=None)
    return f"; the least covered is {lowest}: {lines[lowest]}" if lowest is not None else ""


def _find(path: str, placed: Mapping[str, str]) -> str | None:
    """Return the report's entry for a file of the repository; many reports name files from the root of the disk."""
    if path in placed:
        return placed[path]
    whole = [name for name in placed if name.startswith("/") and name.endswith(f"/{path}")]
    return placed[min(whole, key=len)] if whole else None


def _in_repository(entry: str, folder: str) -> str:
    return entry if not folder or entry.startswith("/") else f"{folder.strip('/')}/{entry}"
