"""What people are told, in the checklist's own forms: who, what, measured, limit, what next."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

from policy.items import Way
from policy.judgement import Judgement, spoken
from policy.plans import Why, World
from policy.record import HEAD_DIGITS
from policy.release import Build, Release
from policy.wording import as_clause, as_sentences


def waits_for_approval(release: Release, build: Build | None, approvers: Sequence[str]) -> str:
    """2.1.4: the announcement's first line while people decide; without a build nothing was changed yet."""
    where = f"{release.servers[0]} serves {build.commit[:7]}" if build is not None else "nothing is changed yet"
    return f":hourglass_flowing_sand: *Waits for an approval*: {where}; {', '.join(approvers)} may decide"


def updated_everywhere(release: Release, build: Build) -> str:
    """2.1.7: every server serves the new version."""
    servers = ", ".join(release.servers)
    return f":arrows_counterclockwise: {build.commit[:7]} now runs on {servers}; verification has begun."


def completed(release: Release, build: Build, *, took: timedelta, issues: Sequence[str], skipped: str = "") -> str:
    """3.3.1: the completion, in the thread of the announcement; `skipped` is what another way left out."""
    return "\n".join(
        (
            ":white_check_mark: *Production Deployment Complete*",
            f"*Version:* {build.commit[:7]} ({build.digest[:19]})",
            f"*Duration:* {spoken(took)}",
            f"*Status:* live on {', '.join(release.servers)}",
            f"*Issues:* {'; '.join(issues) if issues else 'none'}",
            *((f"*Compared with the standard way:* {skipped}",) if skipped else ()),
        )
    )


def migrated(release: Release, *, took: timedelta, issues: Sequence[str]) -> str:
    """3.3.1: the migrations were applied by themselves."""
    return "\n".join(
        (
            ":white_check_mark: *Database Migration Complete*",
            f"*Applied:* {', '.join(PurePosixPath(path).parent.name for path in release.migrations)}",
            f"*Duration:* {spoken(took)}",
            f"*Status:* {', '.join(release.servers)} serve {release.previous_commit[:7]} as before",
            f"*Issues:* {'; '.join(issues) if issues else 'none'}",
        )
    )


def stakeholder_mail(release: Release, build: Build, *, watched: timedelta) -> str:
    """3.3.3: what stakeholders read after a high-risk release: what is live, and what is watched now."""
    return "\n".join(
        (
            "Production deployment successful, monitoring closely.",
            "",
            f"What: {release.request.summary} ({build.commit[:7]}), {release.risk} risk: {', '.join(release.reasons)}",
            f"Where: {', '.join(release.servers)}; before, they served {release.previous_commit[:7]}",
            f"Requested by: {release.request.requested_by}",
            f"Next: errors, answer times and memory are watched for {spoken(watched)} after the release.",
        )
    )


def rolled_back(
    release: Release, why: Why, verification: Sequence[Judgement], *, at: datetime, zone: str, report: str = ""
) -> str:
    """4.2.4: the roll-back, with what is left to do; `report` is where the incident report is, if there is one."""
    wrong = [judgement.sentence for judgement in verification if not judgement.verdict.lets_pass]
    served = release.previous_commit[:7]
    well = f"{served} serves again and was verified"
    state = f"{served} runs again, and is not seen to be well: {'; '.join(wrong)}" if wrong else well
    return "\n".join(
        (
            ":warning: *Deployment Rolled Back*",
            f"*Reason:* {as_clause(why.said)}",
            f"*Rollback time:* {clock(at, zone)}",
            f"*Current status:* {state}",
            f"*Impact:* from {clock(release.opened_at, zone)} until then at most;"
            f" the minutes are in the {'incident report' if report else 'record'}",
            *((f"*Incident report:* {report}",) if report else ()),
            "*Next steps:*",
            "• Root cause investigation",
            f"• Take it off main: start `Revert/revert` with release {release.kept_under}",
            "• Fix the issue",
            "• Re-deploy, after the fix was verified in staging",
        )
    )


def stopped(release: Release, sentence: str, why: Why) -> str:
    """A release that ended before any server was touched, or by people's decision to stay."""
    said = as_sentences(why.said, sentence)
    return f":no_entry: *Deployment of {release.what} stopped.* {said}"


def approval_wanted(
    release: Release,
    *,
    complaint: str = "",
    verdict: str,
    measured: str,
    link: str,
    left: timedelta,
    approvers: Sequence[str],
) -> str:
    """2.1.4: the direct message to whoever may approve; a complaint says why the question comes again."""
    otherwise = "nothing is changed" if release.way is Way.MIGRATION else "it is rolled back"
    return "\n".join(
        (
            f":raised_hand: *Your decision is needed: {release.what}*",
            *((complaint,) if complaint else ()),
            verdict,
            measured,
            f"Open {link} , then ⋮ (top right) and *Resume*. The form comes after the evidence: scroll through both.",
            "To approve, have your authenticator app at hand; to roll back, a name is enough.",
            f"Time left: {spoken(left)}; then {otherwise}. May decide: {', '.join(approvers)}.",
        )
    )


def database_approval_wanted(
    release: Release, *, complaint: str = "", found: str, link: str, left: timedelta, approvers: Sequence[str]
) -> str:
    """4.3.2: the direct message to whoever may decide about a roll-back of the database."""
    return "\n".join(
        (
            f":raised_hand: *Your decision is needed: roll the database back? {release.what}*",
            *((complaint,) if complaint else ()),
            found,
            "The application stands still meanwhile: nobody is served.",
            f"Open {link} , then ⋮ (top right) and *Resume*. The form comes after the evidence: scroll through both.",
            f"Time left: {spoken(left)}; then everything stays as it is. May decide: {', '.join(approvers)}.",
        )
    )


def waivers_wanted(
    release: Release, *, complaint: str = "", found: str, link: str, left: timedelta, approvers: Sequence[str]
) -> str:
    """The direct message to whoever may waive what is wrong before the first change."""
    return "\n".join(
        (
            f":raised_hand: *{release.what} is stopped by its checks.* {as_sentences(found)}",
            *((complaint,) if complaint else ()),
            f"Open {link} , then ⋮ (top right) and *Resume*: a reason for each that you waive, one code for all.",
            f"Nothing was changed. Time left: {spoken(left)}; then it ends. May waive: {', '.join(approvers)}.",
        )
    )


def own_approval(release: Release, sentence: str, *, cto: Sequence[str]) -> str:
    """An emergency that somebody approved who requested or wrote it: the CTO knows at once."""
    return (
        f":rotating_light: *{release.what} was approved by whoever requested or wrote it.* {as_sentences(sentence)}"
        f" For {', '.join(cto) or 'the CTO'}: look at it now; the quarterly report lists it."
    )


def red_flag_raised(what: str, sentence: str) -> str:
    """A person raised a red flag on the release that is under way."""
    said = as_sentences(sentence, "it stops at its next step, and every server that it touched is rolled back")
    return f":triangular_flag_on_post: *Red flag on {what}.* {said}"


def choice_wanted(release: Release, *, sentence: str, link: str, left: timedelta) -> str:
    """A question that people decide: nothing is rolled back by itself."""
    return "\n".join(
        (
            f":warning: *{release.what} is on hold.* {as_sentences(sentence)}",
            f"Open {link} , then ⋮ (top right) and *Resume*: keep waiting, stay, or roll back.",
            f"Asked again in {spoken(left)}; without an answer nothing more is changed.",
        )
    )


def page_wait(release: Release, until: datetime, sentence: str, *, zone: str) -> str:
    """A process died between healthy servers: people have a little time."""
    return "\n".join(
        (
            f":rotating_light: *The process that released {release.what} died.* {as_sentences(sentence)}",
            "To go on: in Prefect, *Retry* the run. To go back now: start the deployment `rollback`.",
            f"Without either it is rolled back at {until.astimezone(ZoneInfo(zone)):%H:%M:%S %Z}.",
        )
    )


def page_stuck(release: Release, sentence: str, world: World, commands: Mapping[str, str]) -> str:
    """Nobody but a person can go on: which server is where, and what to type."""
    said = f":rotating_light: *{release.what} needs hands.* {as_sentences(sentence)}"
    return "\n".join((said, *where_and_by_hand(world, commands)))


def page_watching(
    release: Release, sentence: str, world: World, back: Mapping[str, str], start: Mapping[str, str]
) -> str:
    """A roll-back of the database whose one transaction may be under way: what to look at, and what to type then."""
    asked = "SELECT migration_name, rolled_back_at FROM _prisma_migrations ORDER BY started_at DESC LIMIT 5;"
    names = ", ".join(release.takes_back)
    return "\n".join(
        (
            f":rotating_light: *{release.what}: the application is stopped, and the database is watched.*"
            f" {as_sentences(sentence)}",
            "Once the database answers and nobody is at it any more, recovery goes on by itself.",
            f"To look yourself for {names}: `{asked}`",
            *where_and_by_hand(world, {}),
            "If rolled_back_at is set, put the version before back:",
            *(f"• {name}: `{command}`" for name, command in back.items()),
            "If it is empty and nothing holds the database, start the application as it was:",
            *(f"• {name}: `{command}`" for name, command in start.items()),
        )
    )


def page_migration_watched(release: Release, sentence: str, world: World) -> str:
    """A migration that may be under way while the process that began it is gone: what to look at meanwhile."""
    asked = (
        "SELECT migration_name, finished_at, rolled_back_at FROM _prisma_migrations ORDER BY started_at DESC LIMIT 5;"
    )
    return "\n".join(
        (
            f":rotating_light: *{release.what}: the database is watched.* {as_sentences(sentence)}",
            "Once the database answers and nobody is at it any more, recovery goes on by itself.",
            f"To look yourself: `{asked}` A row without either time was begun and never finished.",
            *where_and_by_hand(world, {}),
        )
    )


def where_and_by_hand(world: World, commands: Mapping[str, str]) -> tuple[str, ...]:
    """Say for each server where it is and the one line that puts it back by hand."""
    lines = []
    for server in world.servers:
        where = (server.digest or "no container")[:19] if server.reachable else "does not answer"
        rotation = f", {'in' if server.in_rotation else 'out of'} rotation" if world.balanced else ""
        lines.append(f"• {server.name}: {where}{rotation}")
        if server.name in commands:
            lines.append(f"   to put it back: `{commands[server.name]}`")
    return tuple(lines)


def page_not_well(release: Release, verification: Sequence[Judgement], *, report: str = "") -> str:
    """A roll-back after which production could not be seen to be well."""
    wrong = "; ".join(judgement.sentence for judgement in verification if not judgement.verdict.lets_pass)
    return "\n".join(
        (
            f":rotating_light: *{release.what} was rolled back, and production is not seen to be well.*"
            f" {as_sentences(wrong)}",
            f"Every server that was touched runs {release.previous_commit[:7]} again; what is left needs a person.",
            *((f"The incident report is at {report}",) if report else ()),
        )
    )


def revert_proposed(what: str, *, link: str, sentence: str) -> str:
    """4.2.1: people merge the revert; the pipeline has tried it and its files were compared."""
    return "\n".join(
        (
            f":leftwards_arrow_with_hook: *{what}*: {link}",
            as_sentences(sentence),
            "Its pipeline is green. Merge it, then release the merge commit with `production`.",
        )
    )


def incident_reported(release: Release, report: str) -> str:
    """4.2.5: where the report of a release is that needs hands."""
    return f":memo: The incident report of {release.what} is at {report}"


def page_record_unreadable(what: str, fault: str, commands: Mapping[str, str]) -> str:
    """A release whose process died and whose record says no more what was done: people put the servers right."""
    return "\n".join(
        (
            f":rotating_light: *{what} needs hands: its process died and its record cannot be read.*"
            f" {as_sentences(fault)}",
            "Nothing is rolled back by itself, for nobody knows what was done.",
            *(f"• {name}: to put it back: `{command}`" for name, command in commands.items()),
            "Then free the environment with the deployment `break-hold`.",
        )
    )


def page_only_in_memory(release: Release, fault: str) -> str:
    """A way home of which one process alone knows the rows: neither the store nor the worker's spool takes them."""
    return "\n".join(
        (
            f":rotating_light: *The record of {release.what} lies in the memory of one process only.*"
            f" {as_sentences(f'the store does not answer and the spool takes no row: {fault}')}",
            "The roll-back goes on. Free the spool's disk and bring the store back.",
            "What that process has not written when it ends is not in the record: recovery looks at the servers"
            " again, and `.countersign/journal` in each server's directory says what was done there.",
        )
    )


def sealed(release: Release, *, head: str, signed: str) -> str:
    """The end of the record as it stands in the thread: whoever cuts its tail off later cannot cut this off."""
    verify = f"python -m deployments.verify_record {release.key} --head {head[:HEAD_DIGITS]}"
    return f":lock: Record {release.key} sealed, {signed}: {head[:HEAD_DIGITS]}… Verify with `{verify}`"


def clock(moment: datetime, zone: str) -> str:
    """Say a moment in the company's zone."""
    return f"{moment.astimezone(ZoneInfo(zone)):%a %d %b, %H:%M %Z}"
