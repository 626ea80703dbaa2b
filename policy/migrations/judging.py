"""What the readings of its migrations mean for a release: the class, the risk, and whether there is a way back."""

from collections.abc import Sequence

from policy.combined import combine
from policy.judgement import Judgement, failed, not_applicable, passed
from policy.limits import Risk
from policy.migrations.findings import Finding, Safety, worst_class
from policy.migrations.reading import MigrationReading
from policy.wording import counted, listed

NONE = "no migration comes with this release"
_RISKS = {Safety.SAFE: Risk.LOW, Safety.RISKY: Risk.MEDIUM, Safety.DANGEROUS: Risk.HIGH}


def risk_of(reading: MigrationReading) -> tuple[Risk, str]:
    """Return the least risk of a release with this migration, and why: its class, and the CTO if nothing undoes it."""
    if reading.irreversible and reading.safety is not Safety.DANGEROUS:
        return Risk.HIGH, f"migration {reading.name} cannot be taken back: {reading.irreversible[0]}"
    return _RISKS[reading.safety], f"migration {reading.name} is {reading.safety}: {_worst(reading).reason}"


def judge_safety(readings: Sequence[MigrationReading], *, risk: Risk) -> Judgement:
    """Pass when every statement was read, none will fail on the data of today, and the risk is at least the class's."""
    if not readings:
        return not_applicable(NONE)
    parts = [failed(f"{one.name}: {why}") for one in readings for why in one.will_fail]
    for reading in readings:
        least, _ = risk_of(reading)
        if least.rank > risk.rank:
            parts.append(failed(f"{reading.name} is {reading.safety} and needs risk {least}, the release is {risk}"))
        if not reading.statements and not reading.will_fail and reading.safety is Safety.RISKY:
            parts.append(failed(f"{reading.name}: {reading.together[0].reason}"))
    return combine(parts or [passed("; ".join(_said(one) for one in readings))])


def judge_reversibility(readings: Sequence[MigrationReading], *, risk: Risk) -> Judgement:
    """Pass when it is known how each migration is taken back, or the CTO decides about one that cannot be (6.1.2)."""
    if not readings:
        return not_applicable(NONE)
    lasting = [f"{one.name} cannot be taken back: {listed(one.irreversible)}" for one in readings if one.irreversible]
    undone = [f"{one.name} is taken back by {counted(len(one.down), 'statement')}" for one in readings if one.down]
    if lasting and risk is not Risk.HIGH:
        return failed(f"{'; '.join(lasting)}; that is the CTO's decision, and the release is {risk} risk")
    also = ["the CTO decides"] if lasting else []
    return passed("; ".join((*lasting, *also, *undone)) or "there is nothing to take back")


def worst_of_release(readings: Sequence[MigrationReading]) -> Safety:
    """Return the class of the worst migration of a release."""
    return worst_class(one.safety for one in readings)


def _said(reading: MigrationReading) -> str:
    who = ", the CTO decides" if reading.safety is Safety.DANGEROUS else ""
    return f"{reading.name} is {reading.safety}{who}: {_worst(reading).reason}"


def _worst(reading: MigrationReading) -> Finding:
    return next(one for one in reading.findings if one.safety is reading.safety)
