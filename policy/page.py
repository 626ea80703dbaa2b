"""The page of evidence: what is wrong first, then what is unknown, then the rest, folded away if it can wait."""

from collections.abc import Iterable, Sequence

from policy.items import Item, Way, in_order
from policy.judgement import Judgement, Verdict

Entry = tuple[Item, Judgement]


def render_page(title: str, entries: Sequence[Entry], *, way: Way, head: str = "", foot: str = "") -> str:
    """Return the page of one phase as Markdown, each part of it in the order of the checklist."""
    entries = sorted(entries, key=lambda entry: in_order(entry[0].number))
    wrong = [entry for entry in entries if entry[1].verdict is Verdict.FAILED]
    open_questions = [entry for entry in entries if entry[1].verdict is Verdict.UNKNOWN]
    fine = [entry for entry in entries if entry[1].verdict.lets_pass]
    parts = [f"## {title}", "", f"**{headline(entries, way=way)}**", ""]
    if head:
        parts += [head, ""]
    for heading, group in (("Wrong", wrong), ("Unknown: could not be measured", open_questions)):
        if group:
            parts += [f"### {heading}", "", *_table(group, way=way), ""]
    if fine:
        table = "\n".join(_table(fine, way=way))
        folded = f"<details><summary>Show what is fine ({len(fine)})</summary>\n\n{table}\n\n</details>"
        parts += [folded if wrong or open_questions else table, ""]
    if foot:
        parts += [foot, ""]
    return "\n".join(parts)


def say_each(entries: Iterable[Entry]) -> str:
    """Name every item with its sentence."""
    return "; ".join(f"{item.name}: {judgement.sentence}" for item, judgement in entries)


def headline(entries: Sequence[Entry], *, way: Way) -> str:
    """Say in one line whether the phase lets the release go on."""
    stopping = [item.number for item, judgement in entries if not judgement.verdict.lets_pass and item.stops(way)]
    if stopping:
        return f"Stopped by {', '.join(stopping)}"
    shown = sum(1 for _, judgement in entries if not judgement.verdict.lets_pass)
    if shown:
        blocks = "does" if shown == 1 else "do"
        return f"Nothing stops it: {len(entries)} asked, {shown} did not pass and {blocks} not block"
    if not entries:
        return "Nothing was asked"
    return _count([judgement.verdict for _, judgement in entries])


def _count(verdicts: Sequence[Verdict]) -> str:
    """Count each verdict by itself: what did not concern the release has not passed."""
    often = {verdict: verdicts.count(verdict) for verdict in Verdict if verdict in verdicts}
    if len(verdicts) == 1:
        return verdicts[0].capitalize()
    if list(often) == [Verdict.PASSED]:
        return f"All {len(verdicts):,} passed"
    return ", ".join(f"{count:,} {verdict}" for verdict, count in often.items())


def _table(entries: Iterable[Entry], *, way: Way) -> list[str]:
    lines = ["| Verdict | Item | Evidence |", "|---|---|---|"]
    for item, judgement in entries:
        link = f" [look]({judgement.link})" if judgement.link else ""
        shown = "" if judgement.verdict.lets_pass or item.stops(way) else " *(does not block)*"
        lines.append(f"| {_say(judgement.verdict)} | {item.name} | {as_cell(judgement.sentence)}{link}{shown} |")
    return lines


def _say(verdict: Verdict) -> str:
    return verdict.value if verdict.lets_pass else f"**{verdict.value}**"


def as_cell(text: str) -> str:
    """Return the text so that it stays in its cell of a Markdown table."""
    return text.replace("|", "\\|").replace("\n", " ")
