"""1.2: is the branch up to date, does its history say what was done, what breaks, and do its flags stand."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from blocks.doppler import Doppler
from blocks.errors import Absent
from policy.branch import judge_history, judge_up_to_date
from policy.breaking_changes import Evidence, Migration, judge_breaking_changes
from policy.breaks import Changed
from policy.commit_marks import Message
from policy.flags import judge_flags
from policy.frequency import judge_frequency
from policy.judgement import Judgement
from policy.lock_files import is_lock_file
from policy.path_pattern import matches_any
from policy.quarantine import speaks_of_roll_back
from policy.wording import short
from tasks.change_facts import pulls_of_release
from tasks.item import item
from tasks.metrics_report import read_release_facts
from tasks.migration_facts import new_readings
from tasks.run import Run, utc_now
from tasks.systems import DOPPLER


@item("1.2.1")
def branch_up_to_date(run: Run) -> Judgement:
    """What is released contains its base: main for a pull request, what production serves for a commit of main."""
    of_a_pull = run.release.request.pull_request > 0
    base = run.company.rules.main_branch if of_a_pull else run.release.previous_commit
    return judge_up_to_date(run.company.github.read_compared(base, run.release.commit))


@item("1.2.2")
def clean_history(run: Run) -> Judgement:
    """Every subject says what its commit does."""
    return judge_history(run.release.commits)


@item("1.2.3")
def breaking_changes_identified(run: Run) -> Judgement:
    """Everything that breaks something is acknowledged by its name in the request."""
    release = run.release
    descriptions = [path for path in release.files if matches_any(path, run.company.evidence.breaking.api_descriptions)]
    evidence = Evidence(
        descriptions=[_changed(run, path) for path in descriptions],
        lock_files=[_changed(run, path) for path in release.files if is_lock_file(path)],
        migrations=[Migration(one.name, one.breaks) for one in new_readings(run)] if release.migrations else [],
        messages=list(_messages(run)),
        complete=release.complete,
        lands=not release.is_live_already,
    )
    acknowledged = [said for said in release.request.acknowledged if not speaks_of_roll_back(said)]
    return judge_breaking_changes(evidence, acknowledged=acknowledged)


@item("1.2.4", needs=DOPPLER)
def feature_flags_configured(run: Run, doppler: Doppler) -> Judgement:
    """Every flag that the request names has its stated value in production."""
    stated = run.release.request.flags
    config = f"{doppler.project}/{doppler.config}"
    return judge_flags(stated, doppler.read_flags(stated) if stated else {}, config=config)


@item("7.2.1")
def frequency_and_batching(run: Run) -> Judgement:
    """The release is a small batch, and few others changed production today."""
    company, release, now = run.company, run.release, utc_now()
    zone = company.rules.time_zone
    midnight = now.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    others = [fact for fact in read_release_facts(company, since=midnight) if fact.key != release.key]
    return judge_frequency(
        len(release.commits),
        [fact.began for fact in others if fact.touched],
        complete=release.complete,
        now=now,
        zone=zone,
        limits=run.limits,
    )


def _messages(run: Run) -> Iterator[Message]:
    """Everything that may hold a mark: the commits, a squash among them, and the pull requests they came by."""
    for commit in run.release.commits:
        yield Message(short(commit.sha), "commit", commit.subject, commit.body)
    for number, pull in pulls_of_release(run).items():
        yield Message(f"#{number}", "pull request", pull.title, pull.body)


def _changed(run: Run, path: str) -> Changed:
    return Changed(path, _text(run, path, run.release.previous_commit), _text(run, path, run.release.commit))


def _text(run: Run, path: str, commit: str) -> str | None:
    try:
        return run.company.github.read_file(path, commit).decode("utf-8", "replace")
    except Absent:
        return None
