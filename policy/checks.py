"""Did tests and build succeed on the very commit, by check runs and commit statuses alike (1.1.3, 1.1.5)."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from pydantic import Field, model_validator

from policy.check_facts import Checks, Outcome, Report, is_named, list_newest, list_reports
from policy.combined import combine
from policy.judgement import Judgement, attested, failed, passed, unknown
from policy.table import Table
from policy.wording import listed, short

_RUNNING = "running"


class CheckRules(Table):
    """Which names are which check; `*` is anything. Each name given has to be reported."""

    unit: tuple[str, ...] = Field(default=("unit*",), description="1.1.3: the checks that run unit tests.")
    integration: tuple[str, ...] = Field(
        default=("integration*",), description="1.1.3: the checks that run integration tests."
    )
    e2e: tuple[str, ...] = Field(
        default=(), description="1.1.3: the checks that run end-to-end tests. Empty: there are none."
    )
    build: tuple[str, ...] = Field(default=("build*",), description="1.1.5: the checks that build.")
    types: tuple[str, ...] = Field(default=("type*",), description="1.1.5: the checks of types.")
    lint: tuple[str, ...] = Field(default=("lint*",), description="1.1.5: the checks of style.")
    image: tuple[str, ...] = Field(default=("image*",), description="1.1.5: the checks that build the image.")
    may_be_skipped: tuple[str, ...] = Field(
        default=(), description="1.1.3, 1.1.5: checks that need not run for every change, such as by path filters."
    )
    not_needed: tuple[str, ...] = Field(
        default=(), description="1.1.3: checks that may fail, such as previews. Any other failed check stops."
    )

    @model_validator(mode="after")
    def _nothing_is_both_asked_and_not_needed(self) -> "CheckRules":
        both = [name for name in self.every_name if is_named(name, self.not_needed)]
        if both:
            raise ValueError(f"not_needed: {listed(both)} is asked for by 1.1.3 or 1.1.5")
        return self

    @property
    def tests(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """What 1.1.3 asks for; end-to-end tests only where there are any."""
        asked = (("unit tests", self.unit), ("integration tests", self.integration))
        return (*asked, ("end-to-end tests", self.e2e)) if self.e2e else asked

    @property
    def building(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """What 1.1.5 asks for."""
        return (("build", self.build), ("types", self.types), ("lint", self.lint), ("image", self.image))

    @property
    def every_name(self) -> tuple[str, ...]:
        """Every name that one of the two items asks for."""
        return tuple(name for _, names in (*self.tests, *self.building) for name in names)


@dataclass(frozen=True, slots=True)
class _Seen:
    """The newest reports that concern the commit, and those that concern another one."""

    here: tuple[Report, ...]
    elsewhere: tuple[Report, ...]


def judge_tests(checks: Checks, *, commit: str, same_tree: Collection[str], rules: CheckRules) -> Judgement:
    """Pass when unit, integration and, if configured, end-to-end tests succeeded on the commit, and no check failed.

    A commit of `same_tree` holds the very same files; its reports serve where the commit has none of that name.
    """
    if cut_short := _judge_completeness(checks, commit):
        return cut_short
    seen = _look(checks, commit, same_tree)
    parts = [part for what, names in rules.tests for part in _judge_kind(what, names, seen, commit, rules)]
    return combine((*parts, *_judge_others(seen, rules)))


def judge_build(
    checks: Checks,
    *,
    commit: str,
    same_tree: Collection[str],
    rules: CheckRules,
    acknowledged: Collection[str],
    by: str,
) -> Judgement:
    """Pass when build, types, lint and image succeeded on the commit; lint errors may be acknowledged by name.

    Where the errors are known each has to be acknowledged; where they are not, the name of the check.
    """
    if cut_short := _judge_completeness(checks, commit):
        return cut_short
    seen = _look(checks, commit, same_tree)
    parts: list[Judgement] = []
    for what, names in rules.building:
        errors = acknowledged if what == "lint" else ()
        parts += _judge_kind(what, names, seen, commit, rules, acknowledged=errors, by=by)
    return combine(parts)


def _judge_completeness(checks: Checks, commit: str) -> Judgement | None:
    """What is missing may be the re-run of what failed, or the one that fails: nothing can be concluded."""
    missing = checks.list_cut_short()
    if not missing:
        return None
    red = [report.name for report in list_newest(list_reports(checks)) if report.outcome is Outcome.FAILED]
    among = f"; failed among them: {listed(red)}" if red else ""
    return unknown(f"{' and '.join(missing)} for {short(commit)}{among}")


def _look(checks: Checks, commit: str, same_tree: Collection[str]) -> _Seen:
    reports = list_reports(checks)
    here = list_newest(report for report in reports if report.commit == commit)
    named = {(report.app, report.name) for report in here}
    twin = list_newest(report for report in reports if report.commit in same_tree and report.commit != commit)
    served = (*here, *(report for report in twin if (report.app, report.name) not in named))
    elsewhere = list_newest(report for report in reports if report.commit != commit and report.commit not in same_tree)
    return _Seen(served, elsewhere)


def _judge_kind(
    what: str,
    names: Sequence[str],
    seen: _Seen,
    commit: str,
    rules: CheckRules,
    *,
    acknowledged: Collection[str] = (),
    by: str = "",
) -> Iterator[Judgement]:
    """Judge every report of a kind, and every name of it that nobody reported."""
    if not names:
        yield unknown(f"the settings name no check for {what}")
    for name in names:
        found = [report for report in seen.here if is_named(report.name, (name,))]
        if not found:
            yield _judge_missing(what, name, seen, commit)
        for report in found:
            yield _judge_report(report, rules, acknowledged=acknowledged, by=by)


def _judge_missing(what: str, name: str, seen: _Seen, commit: str) -> Judgement:
    for report in seen.elsewhere:
        if is_named(report.name, (name,)):
            return unknown(f"{report.name} ran on {short(report.commit)}, not on {short(commit)}", link=report.url)
    names = listed(sorted({report.name for report in seen.here}), most=10) or "nothing"
    return unknown(f"no check {name!r} for {what} on {short(commit)}; seen: {names}")


def _judge_report(report: Report, rules: CheckRules, *, acknowledged: Collection[str], by: str) -> Judgement:
    match report.outcome:
        case Outcome.SUCCEEDED:
            return passed(f"{report.name} succeeded on {short(report.commit)}", link=report.url)
        case Outcome.FAILED:
            return _judge_failed(report, acknowledged=acknowledged, by=by)
        case Outcome.NOT_RUN if is_named(report.name, rules.may_be_skipped):
            return passed(f"{report.name} was not needed ({report.word})", link=report.url)
        case Outcome.NOT_RUN:
            return unknown(f"{report.name} says {report.word}, which is no evidence", link=report.url)
    word = _say_open(report.word)
    before = f"{' again' if word == _RUNNING else ''}; it {report.before} before" if _had_ended(report) else ""
    return unknown(f"{report.name} is {word}{before}", link=report.url)


def _had_ended(report: Report) -> bool:
    return report.before in (Outcome.SUCCEEDED, Outcome.FAILED)


def _say_open(word: str) -> str:
    return _RUNNING if word.lower() in ("in_progress", "pending", "queued") else word


def _judge_failed(report: Report, *, acknowledged: Collection[str], by: str) -> Judgement:
    names = report.errors if report.errors else (report.name,)
    known = {name.casefold() for name in acknowledged}
    left = [name for name in dict.fromkeys(names) if name.casefold() not in known]
    if not left:
        return attested(f"{report.name} failed, acknowledged by name: {listed(dict.fromkeys(names))}", by=by)
    errors = f": {listed(left)}" if report.errors else ""
    return failed(f"{report.name} failed on {short(report.commit)} ({report.word}){errors}", link=report.url)


def _judge_others(seen: _Seen, rules: CheckRules) -> Iterator[Judgement]:
    """A red check that no rule names is not overlooked."""
    for report in seen.here:
        named = is_named(report.name, rules.every_name) or is_named(report.name, rules.not_needed)
        if report.outcome is Outcome.FAILED and not named:
            yield failed(f"{report.name} failed on {short(report.commit)} ({report.word})", link=report.url)
