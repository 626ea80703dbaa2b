"""In which order code and migrations go live: expand, migrate, backfill, contract (6.3.1)."""

from collections.abc import Sequence
from dataclasses import dataclass

from policy.judgement import Judgement, failed, not_applicable, passed
from policy.migrations.findings import Stage
from policy.migrations.judging import NONE
from policy.migrations.reading import MigrationReading
from policy.wording import listed


@dataclass(frozen=True, slots=True)
class Order:
    """The names of the migrations before the first server, and of those after the last one."""

    before: tuple[str, ...]
    after: tuple[str, ...]


def plan_order(readings: Sequence[MigrationReading]) -> Order:
    """What takes something from the code in production waits until no server runs that code; the rest comes first.

    What neither version needs, such as a plain index, follows what it comes after by its name.
    """
    waits = min((one.name for one in readings if Stage.CONTRACT in one.stages), default=None)
    after = tuple(
        one.name
        for one in readings
        if Stage.CONTRACT in one.stages or (waits is not None and not one.stages and one.name > waits)
    )
    return Order(tuple(one.name for one in readings if one.name not in after), after)


def judge_order(readings: Sequence[MigrationReading]) -> Judgement:
    """Pass when what is added comes before what is taken away, and no migration does both."""
    if not readings:
        return not_applicable(NONE)
    if mixed := [one.name for one in readings if {Stage.EXPAND, Stage.CONTRACT} <= set(one.stages)]:
        return failed(
            f"{listed(mixed)} adds and takes away in one file; the old or the new version cannot live with it"
        )
    order = plan_order(readings)
    late = [name for name in order.before if order.after and name > min(order.after)]
    if late:
        return failed(
            f"{listed(late)} comes after {min(order.after)}, which has to wait until no server runs the version before"
        )
    said = []
    if order.before:
        said.append(f"before the first server: {listed(order.before)}")
    if order.after:
        said.append(f"after the last one: {listed(order.after)}")
    return passed("; ".join(said))
