"""What people are told, in the checklist's own forms: who, what, measured, limit, what next."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from policy.clock import clock
from policy.items import Way
from policy.judgement import Judgement, spoken
from policy.plans import Why
from policy.record import HEAD_DIGITS
from policy.release import Build, Release
from policy.risk import say_reasons
from policy.wording import as_clause, as_sentences, short, short_digest, where_record


def waits_for_approval(release: Release, build: Build | None, approvers: Sequence[str]) -> str:
    """2.1.4: the announcement's first line while people decide; without a build nothing was changed yet."""
    where = f"{release.servers[0]} serves {short(build.commit)}" if build is not None else "nothing is changed yet"
    return f":hourglass_flowing_sand: *Waits for an approval*: {where}; {', '.join(approvers)} may decide"


def updated_everywhere(release: Release, build: Build) -> str:
    """2.1.7: every server serves the new version."""
    servers = ", ".join(release.servers)
    return f":arrows_counterclockwise: {short(build.commit)} now runs on {servers}; verification has begun."


def completed(release: Release, build: Build, *, took: timedelta, issues: Sequence[str], skipped: str = "") -> str:
    """3.3.1: the completion, in the thread of the announcement; `skipped` is what another way left out."""
    return "\n".join(
        (
            ":white_check_mark: *Production Deployment Complete*",
            f"*Version:* {short(build.commit)} ({short_digest(build.digest)})",
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
            f"*Status:* {', '.join(release.servers)} serve {short(release.previous_commit)} as before",
            f"*Issues:* {'; '.join(issues) if issues else 'none'}",
        )
    )


def stakeholder_mail(release: Release, build: Build, *, watched: timedelta) -> str:
    """3.3.3: what stakeholders read after a high-risk release: what is live, and what is watched now."""
    return "\n".join(
        (
            "Production deployment successful, monitoring closely.",
            "",
            f"What: {release.request.summary} ({short(build.commit)}), {release.risk} risk:"
            f" {say_reasons(release.risk, release.reasons)}",
            f"Where: {', '.join(release.servers)}; before, they served {short(release.previous_commit)}",
            f"Requested by: {release.request.requested_by}",
            f"Next: errors, answer times and memory are watched for {spoken(watched)} after the release.",
        )
    )


def rolled_back(
    release: Release,
    why: Why,
    verification: Sequence[Judgement],
    *,
    served: datetime | None,
    at: datetime,
    zone: str,
    asked: str,
    report: str = "",
) -> str:
    """4.2.4: the roll-back, with what is left to do and whom it is for.

    `served` is when the first server served what is rolled back; `report` is where the incident report is.
    """
    wrong = [judgement.sentence for judgement in verification if not judgement.verdict.lets_pass]
    before = short(release.previous_commit)
    well = f"{before} serves again and was verified"
    state = f"{before} runs again, and is not seen to be well: {'; '.join(wrong)}" if wrong else well
    return "\n".join(
        (
            ":warning: *Deployment Rolled Back*",
            f"*Reason:* {as_clause(why.said)}",
            f"*Rollback time:* {clock(at, zone)}",
            f"*Current status:* {state}",
            f"*Impact:* {_say_impact(release, served, zone, where='incident report' if report else 'record')}",
            *((f"*Incident report:* {report}",) if report else ()),
            "*Next steps:*",
            "• Root cause investigation",
            f"• Take it off main: start `Revert/revert` with release {release.kept_under}",
            "• Fix the issue",
            "• Re-deploy, after the fix was verified in staging",
            asked,
        )
    )


def _say_impact(release: Release, served: datetime | None, zone: str, *, where: str) -> str:
    if served is not None:
        return f"from {clock(served, zone)} until then at most; the minutes are in the {where}"
    if release.undoes:
        return f"since when is not known: no record says when {short(release.commit)} was first served"
    return "no server got requests on the new version"


def stopped(release: Release, sentence: str, why: Why, *, asked: str) -> str:
    """A release that ended before any server was touched, or by people's decision to stay, and whom it is for."""
    said = as_sentences(why.said, sentence)
    return f":no_entry: *Deployment of {release.what} stopped.* {said}\n{asked}"


def left_to_people(release: Release, sentence: str, *, asked: str) -> str:
    """The release's own thread says that it needs hands; the page says which server is where and what to type."""
    return "\n".join(
        (
            f":rotating_light: *Deployment of {release.what} needs hands.* {as_sentences(sentence)}",
            "Which server is where, and what to type, is in the alerts channel.",
            asked,
        )
    )


def for_whoever_asked(mentions: Sequence[str], link: str, *, record: str) -> str:
    """Whoever asked for a release that did not end well is told by Slack, and finds its page.

    Without a link the run was deleted in Prefect, and the record with this key is what is left of it.
    """
    found = f"the run: {link}" if link else f"its run was deleted in Prefect; {where_record(record)}"
    return f"*For:* {', '.join(mentions)}, who asked for it; {found}"


def approval_wanted(
    release: Release,
    *,
    complaint: str = "",
    verdict: str,
    measured: str,
    observed: str = "",
    link: str,
    left: timedelta,
    approvers: Sequence[str],
) -> str:
    """2.1.4: the direct message to whoever may approve; a complaint says why the question comes again.

    `observed` says what was let pass by a release that only observes.
    """
    otherwise = "nothing is changed" if release.way is Way.MIGRATION else "it is rolled back"
    return "\n".join(
        (
            f":raised_hand: *Your decision is needed: {release.what}*",
            *((complaint,) if complaint else ()),
            verdict,
            measured,
            *((observed,) if observed else ()),
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


def choice_wanted(release: Release, *, sentence: str, choices: Sequence[str], link: str, left: timedelta) -> str:
    """A question that people decide: nothing is rolled back by itself."""
    return "\n".join(
        (
            f":warning: *{release.what} is on hold.* {as_sentences(sentence)}",
            f"Open {link} , then ⋮ (top right) and *Resume*: {' or '.join(choices)}.",
            f"Asked again in {spoken(left)}; without an answer nothing more is changed.",
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


def sealed(release: Release, *, head: str, signed: str) -> str:
    """The end of the record as it stands in the thread: whoever cuts its tail off later cannot cut this off."""
    verify = f"python -m deployments.verify_record {release.key} --head {head[:HEAD_DIGITS]}"
    return f":lock: Record {release.key} sealed, {signed}: {head[:HEAD_DIGITS]}… Verify with `{verify}`"
