"""How the doctor's findings are shown: as a page in Prefect, and in a terminal."""

from collections.abc import Iterable, Sequence

from policy.diagnosis import Finding
from policy.judgement import Verdict
from policy.page import as_cell
from policy.wording import listed

# What only `make doctor` tries: a run in Prefect shows by itself that the first two are well.
OF_PREFECT = ("server", "worker", "deployments", "saved settings")
_WORDS = {Verdict.FAILED: "RED", Verdict.UNKNOWN: "unknown"}
# Prefect's page breaks no line within a cell, and beside its two columns 1,280 pixels leave room for so many letters.
_WIDEST = 36


def headline(findings: Sequence[Finding]) -> str:
    """Say in one line how many rows are red, and how many are not known."""
    red = sum(finding.is_red for finding in findings)
    unknown = sum(not finding.is_well for finding in findings) - red
    if not findings:
        return "nothing was tried"
    if red or unknown:
        return f"{red} red{f', {unknown} not known' if unknown else ''} of {len(findings)}"
    well, left_out = sum(map(_was_tried, findings)), sum(not _was_tried(one) for one in findings)
    said = f"all {well} are well" if well > 1 else "it is well" if well else "nothing was tried"
    return f"{said}, {left_out} not tried" if left_out else said


def _was_tried(finding: Finding) -> bool:
    return finding.judgement.verdict is not Verdict.NOT_APPLICABLE


def red_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return what failed, then what is unknown, then the rest, each as it came."""
    order = (Verdict.FAILED, Verdict.UNKNOWN)
    return sorted(
        findings, key=lambda one: order.index(one.judgement.verdict) if one.judgement.verdict in order else len(order)
    )


def _red_last(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda one: (not one.is_well, one.is_red))


def render_page(findings: Sequence[Finding]) -> str:
    """Return the page in Markdown: what is not well in short, what to do about each, and then the rest."""
    ill = [one for one in red_first(findings) if not one.is_well]
    well = [one for one in findings if one.is_well]
    parts = ["## Doctor", "", f"**{headline(findings).capitalize()}**", ""]
    if ill:
        parts += [*_table(ill), "", "### What to do", "", *_steps(ill), ""]
    if well:
        tried = sum(map(_was_tried, well))
        left_out = f", not tried ({len(well) - tried})" if tried < len(well) else ""
        parts += [f"### Well ({tried}){left_out}", "", *_table(well), ""]
    parts += [
        f"`make doctor`, on the worker, also tries Prefect itself ({listed(OF_PREFECT)}), and shows each row whole:"
        " that this ran shows that the server and a worker are there; the deployments and what was saved are compared"
        " with `prefect.yaml` and the settings file, which a run does not read.",
        "",
    ]
    return "\n".join(parts)


def render_text(findings: Sequence[Finding]) -> str:
    """Return the table for a terminal in the order of the findings, what is not well last, where it is seen.

    The last line says how many rows need something: it is the last that `make` leaves to be read before its own.
    """
    width_of_part = max((len(one.part) for one in findings), default=0)
    width = max((len(one.tried) for one in findings), default=0)
    lines = []
    for one in _red_last(findings):
        lines.append(f"{_say(one):<8} {one.part:<{width_of_part}}  {one.tried:<{width}}  {one.judgement.sentence}")
        if not one.is_well and one.next_step:
            lines.append(f"{'':<8} {'':<{width_of_part}}  {'':<{width}}  -> {one.next_step}")
    ill = [one for one in findings if not one.is_well]
    red = sum(one.is_red for one in ill)
    need = f"{len(ill)} of {len(findings)} {'needs' if len(ill) == 1 else 'need'} something"
    said = f"{need} ({red} red, {len(ill) - red} not known): do what stands after each -> (exit status 1)"
    return "\n".join((*lines, "", said if ill else headline(findings)))


def _table(findings: Iterable[Finding]) -> list[str]:
    return [
        "| | Part | Tried | Found |",
        "|---|---|---|---|",
        *(
            f"| {_say(one)} | {as_cell(one.part)} | {as_cell(one.tried)} | {as_cell(_short(one.judgement.sentence))} |"
            for one in findings
        ),
    ]


def _steps(ill: Iterable[Finding]) -> list[str]:
    """One point for each row that names something to do or says more than its cell; others point to such a row."""
    return [
        f"- **{one.part}, {one.tried}**: {_line(one.judgement.sentence)}."
        + (f" **Next:** {_line(one.next_step)}" if one.next_step else "")
        for one in ill
        if one.next_step or _is_cut(one)
    ]


def _is_cut(finding: Finding) -> bool:
    return _short(finding.judgement.sentence) != _line(finding.judgement.sentence)


def _line(text: str) -> str:
    return " ".join(text.split())


def _short(sentence: str) -> str:
    line = _line(sentence)
    return line if len(line) <= _WIDEST else f"{line[: _WIDEST - 1].rstrip()}…"


def _say(finding: Finding) -> str:
    verdict = finding.judgement.verdict
    return _WORDS.get(verdict, "ok" if verdict is Verdict.PASSED else "-")
