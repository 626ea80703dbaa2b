"""Is everything that a change set breaks known, and acknowledged by name in the request (1.2.3)."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from policy.api_breaks import list_api_breaks
from policy.breaks import Break, Changed, Unreadable
from policy.combined import combine
from policy.commit_marks import Message, list_marked
from policy.dependency_breaks import DependencyBreaks, list_dependency_breaks
from policy.judgement import Judgement, failed, passed, unknown
from policy.wording import counted, listed


@dataclass(frozen=True, slots=True)
class Migration:
    """A migration of the change set; `breaks` says what it takes away, None while nobody has read it (6.2.1)."""

    name: str
    breaks: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that may say what breaks; not `complete` where a list was cut short.

    No code `lands` where the commit is live already and only its migrations are carried out.
    """

    descriptions: Sequence[Changed]
    lock_files: Sequence[Changed]
    migrations: Sequence[Migration]
    messages: Sequence[Message]
    complete: bool
    lands: bool = True


def judge_breaking_changes(evidence: Evidence, *, acknowledged: Collection[str]) -> Judgement:
    """Pass when every break that was found is acknowledged by its name, and everything could be read."""
    dependencies = list_dependency_breaks(evidence.lock_files)
    found, unreadable = _read_descriptions(evidence.descriptions)
    found += [*dependencies.breaks, *list_marked(evidence.messages), *_list_migration_breaks(evidence.migrations)]
    unread = [migration for migration in evidence.migrations if migration.breaks is None]
    open_breaks = [one for one in found if not one.is_named(acknowledged)]
    waiting = [one.name for one in unread if not Break(one.name).is_named(acknowledged)]
    parts = [unknown(one) for one in (*unreadable, *dependencies.unreadable)]
    if not evidence.messages and evidence.lands:
        parts.append(unknown("no commit and no pull request was read"))
    if not evidence.complete:
        parts.append(unknown("the list of changes is cut short, so more may break"))
    if waiting:
        parts.append(unknown(f"not classified yet (6.2.1), acknowledge by name or wait: {', '.join(waiting)}"))
    if open_breaks:
        count = f"{len(open_breaks)} of {counted(len(found), 'breaking change')}"
        parts.append(failed(f"{count} not acknowledged in the request: {'; '.join(map(str, open_breaks))}"))
    known = [*found, *(Break(one.name, "not classified yet") for one in unread)]
    return combine(parts or [passed(_say_well(evidence, known, dependencies, acknowledged))])


def _read_descriptions(files: Sequence[Changed]) -> tuple[list[Break], list[str]]:
    found: list[Break] = []
    unreadable: list[str] = []
    for file in files:
        try:
            found += list_api_breaks(file)
        except Unreadable as error:
            unreadable.append(str(error))
    return found, unreadable


def _list_migration_breaks(migrations: Sequence[Migration]) -> Iterator[Break]:
    for migration in migrations:
        yield from (Break(what, migration.name) for what in migration.breaks or ())


def _say_well(
    evidence: Evidence, found: Sequence[Break], dependencies: DependencyBreaks, acknowledged: Collection[str]
) -> str:
    looked = ", ".join(
        (
            counted(len(evidence.descriptions), "API description"),
            counted(len(evidence.lock_files), "lock file"),
            counted(len(evidence.migrations), "migration"),
            counted(len(evidence.messages), "message"),
        )
    )
    parts = [f"nothing breaks in {looked}"]
    if found:
        parts = [f"{counted(len(found), 'breaking change')} acknowledged: {'; '.join(map(str, found))} (in {looked})"]
    if dependencies.came_along:
        parts.append(f"majors that come along: {listed(dependencies.came_along)}")
    if idle := [name for name in acknowledged if not any(one.is_named([name]) for one in found)]:
        parts.append(f"acknowledged and not found: {listed(idle)}")
    return "; ".join(parts)
