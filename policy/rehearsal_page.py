"""What people see of a rehearsal: the page with the counts, and the message when it failed."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from policy.backups import Backup
from policy.judgement import Judgement, spoken, spoken_size
from policy.roles import Person


def draw_rehearsal(
    judgement: Judgement, backup: Backup | None, *, took: timedelta, rows: Mapping[str, int] | None
) -> str:
    """Return Markdown: the verdict, the backup, and how many rows each table came back with."""
    lines = ["## Restore rehearsal", "", f"**{judgement.verdict.capitalize()}**: {judgement.sentence}", ""]
    if backup is not None:
        of_it = f"Backup `{backup.key}`, {spoken_size(backup.size_bytes)}"
        came_of_it = "" if rows is None else f", restored in {spoken(took)} and thrown away again"
        lines += [f"{of_it}{came_of_it}.", ""]
    if rows:
        lines += ["| table | rows |", "|---|---|"]
        lines += [f"| {table.replace('|', '/')} | {count:,} |" for table, count in sorted(rows.items())]
    return "\n".join(lines) + "\n"


def rehearsal_failed(environment: str, sentence: str, *, leads: Sequence[Person], link: str) -> str:
    """The message to those who look after backups: what is not proved, who does what next, and where to look."""
    who = " or ".join(f"<@{lead.slack}>" if lead.slack else lead.name for lead in leads) or "the DevOps lead"
    return "\n".join(
        (
            f":warning: *Restore rehearsal of {environment} failed*: {sentence}",
            "Nobody has shown that this backup can be restored; until then it is no way back.",
            f"*Next:* {who} restores it by hand or mends what is named, then starts the deployment"
            " `Restore rehearsal/restore-rehearsal` again.",
            link,
        )
    )
