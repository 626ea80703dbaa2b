"""Every item of the deployment checklist, version 1.0 of 2026-01-01, under its stable number."""

from collections.abc import Mapping
from types import MappingProxyType

from policy.items import Asked, Item, Kind, Way


def _asked(standard: Asked, hotfix: Asked, manual: Asked, homeward: Asked, *, migration: Asked) -> Mapping[Way, Asked]:
    return MappingProxyType(
        {
            Way.STANDARD: standard,
            Way.HOTFIX: hotfix,
            Way.MANUAL: manual,
            Way.HOMEWARD: homeward,
            Way.MIGRATION: migration,
        }
    )


_R, _S, _I, _N = Asked.REQUIRED, Asked.SHOWN, Asked.INFORMS, Asked.NOT_ASKED

REVIEW = _asked(_R, _S, _R, _N, migration=_R)
REVIEW_BY_CI = _asked(_R, _S, _S, _N, migration=_R)
STAGING = _asked(_R, _S, _R, _N, migration=_R)
CHANGE_SET = _asked(_R, _R, _R, _S, migration=_R)
WINDOW = _asked(_R, _N, _R, _N, migration=_R)
TELLING = _asked(_R, _I, _R, _I, migration=_R)
# What is live goes home for no message (ADR 0017); a migration alone makes no version live.
TELLING_LIVE = _asked(_I, _I, _I, _N, migration=_N)
TELLING_OVER = _asked(_I, _I, _I, _I, migration=_I)
BEFORE = _asked(_R, _S, _R, _N, migration=_R)
HEALTH_BEFORE = _asked(_R, _S, _R, _S, migration=_R)
ALWAYS = _asked(_R, _R, _R, _R, migration=_R)
BY_CI = _asked(_R, _R, _N, _N, migration=_N)
ROLL_OUT = _asked(_R, _R, _R, _N, migration=_N)
# No server changes by a migration alone, and what they serve has to work as before.
VERIFICATION = _asked(_R, _R, _R, _N, migration=_R)
AFTERWARDS = _asked(_R, _S, _R, _N, migration=_N)
MIGRATION = _asked(_R, _R, _R, _N, migration=_R)
# What needs staging or a window is shown in a hotfix, as 1.3 is.
MIGRATION_ON_STAGING = _asked(_R, _S, _R, _N, migration=_R)
# A hotfix may go that way (5.2.4, option B): why the pipeline is left out is shown.
MANUAL = _asked(_N, _S, _R, _N, migration=_N)
HOMEWARD = _asked(_N, _N, _N, _R, migration=_N)
HOTFIX = _asked(_N, _R, _N, _N, migration=_N)
ADVICE = _asked(_S, _S, _S, _S, migration=_S)
OUTSIDE = _asked(_N, _N, _N, _N, migration=_N)

_ROWS = (
    Item(
        "1.1.1",
        "Pull request created",
        Kind.GATE,
        REVIEW,
        "each commit on the way to production belongs to a merged or open PR with a real "
        "description; a ticket is linked and exists; PRs that touch UI files hold an image or video",
    ),
    Item(
        "1.1.2",
        "Code review completed",
        Kind.GATE,
        REVIEW,
        "at least 1 approval (at least 2 if high risk) of the head commit, by somebody other than "
        "the author; no changes requested; no unresolved thread",
    ),
    Item(
        "1.1.3",
        "Automated tests pass",
        Kind.GATE,
        REVIEW_BY_CI,
        "unit, integration and (if configured) E2E checks succeeded on the very commit; coverage at "
        "least 70 %, at least 90 % where security-critical paths changed",
    ),
    Item(
        "1.1.4",
        "Security checks pass",
        Kind.GATE,
        REVIEW,
        "no high or critical finding open; no secret found",
    ),
    Item(
        "1.1.5",
        "Build succeeds",
        Kind.GATE,
        REVIEW_BY_CI,
        "build, type check, lint (or lint errors acknowledged by name) and image build succeeded",
    ),
    Item("1.2.1", "Branch up to date", Kind.GATE, REVIEW, "head contains base"),
    Item(
        "1.2.2",
        "Clean git history",
        Kind.ADVICE,
        REVIEW,
        "no fixup!/wip, subject lines that say something",
    ),
    Item(
        "1.2.3",
        "Breaking changes identified",
        Kind.GATE,
        REVIEW,
        "each found break is acknowledged in the request; majors of dependencies listed",
    ),
    Item(
        "1.2.4",
        "Feature flags configured",
        Kind.GATE,
        REVIEW,
        "every flag that the request names exists in production, with the stated value",
    ),
    Item("1.3.1", "Deploy to staging", Kind.ACTION, STAGING, "staging serves the very commit"),
    Item(
        "1.3.2",
        "Smoke test on staging",
        Kind.GATE,
        STAGING,
        "all pass, migrations applied, no new Sentry issue",
    ),
    Item(
        "1.3.3",
        "Performance test on staging",
        Kind.GATE,
        STAGING,
        "p95 < 500 ms; no upward memory trend over the window. Required for high risk, optional otherwise",
    ),
    Item(
        "1.3.4",
        "Review commits going to production",
        Kind.ACTION,
        CHANGE_SET,
        "list shown to the approver: commits, authors, PRs, tickets, migrations",
    ),
    Item(
        "1.3.5",
        "Risk assessment",
        Kind.ACTION,
        CHANGE_SET,
        "low / medium / high with the reasons; a person may raise it, never lower it",
    ),
    Item(
        "1.3.6",
        "Deployment window selected",
        Kind.GATE,
        WINDOW,
        "now (or the scheduled time) is inside the window of the risk (item 7.1.1)",
    ),
    Item(
        "1.3.7",
        "Notify team in Slack",
        Kind.ACTION,
        TELLING,
        "message posted with what, when, duration, risk, rollback plan, changes, who, on-call",
    ),
    Item(
        "1.3.8",
        "Notify on-call engineer",
        Kind.ACTION,
        TELLING,
        "who is on call is known, told, and has confirmed (medium and high risk)",
    ),
    Item(
        "1.3.9",
        "Update status page",
        Kind.ACTION,
        TELLING,
        "scheduled maintenance exists (high risk only)",
    ),
    Item(
        "1.3.10",
        "No conflicting deployment",
        Kind.GATE,
        BEFORE,
        "nothing in progress; no major outage of the vendors in use",
    ),
    Item("1.4.1", "Production health", Kind.GATE, HEALTH_BEFORE, "healthy"),
    Item(
        "1.4.2",
        "Dashboards green",
        Kind.GATE,
        HEALTH_BEFORE,
        "no alert firing, no incident open, error rate < 1 %",
    ),
    Item(
        "1.4.3",
        "Database backup recent",
        Kind.GATE,
        BEFORE,
        "newest backup < 24 h old and not suspiciously small",
    ),
    Item(
        "1.4.4",
        "Emergency contacts ready",
        Kind.GATE,
        BEFORE,
        "CTO, DevOps lead and on-call have a reachable number; incident team confirmed for high risk",
    ),
    Item(
        "1.4.5",
        "Rollback plan understood",
        Kind.GATE,
        ALWAYS,
        "image and commit now in production are recorded, and that image can still be pulled",
    ),
    Item(
        "2.1.1",
        "Merge to main, CI pipeline",
        Kind.ACTION,
        BY_CI,
        "merged; run green; image of that commit in the registry, by digest",
    ),
    Item(
        "2.1.2",
        "Update the first server",
        Kind.ACTION,
        ROLL_OUT,
        "drained, updated, healthy, right version, back in rotation",
    ),
    Item("2.1.3", "Monitor progress", Kind.GATE, ROLL_OUT, "no red flag during the window"),
    Item(
        "2.1.4",
        "Approval gate",
        Kind.GATE,
        ALWAYS,
        "a person entitled for this risk approved, after seeing the evidence of the first server",
    ),
    Item("2.1.5", "Update the remaining servers", Kind.ACTION, ROLL_OUT, "as 2.1.2, batch by batch"),
    Item("2.1.6", "Post-deployment smoke tests", Kind.GATE, VERIFICATION, "all pass"),
    Item("2.1.7", "Notify Slack", Kind.ACTION, TELLING_LIVE, "posted"),
    Item(
        "2.3.1",
        "Manual deployment (CI broken, infrastructure change)",
        Kind.ACTION,
        MANUAL,
        "as 2.1.2-2.1.5 without CI",
    ),
    Item("3.1.1", "Health checks passing", Kind.GATE, VERIFICATION, "healthy, database connected"),
    Item("3.1.2", "Version confirmed", Kind.GATE, VERIFICATION, "every server serves the new version"),
    Item("3.1.3", "Key features functioning", Kind.GATE, VERIFICATION, "all pass with the demo account"),
    Item("3.1.4", "No new errors", Kind.GATE, VERIFICATION, "no new issue type, error rate < 1 %"),
    Item(
        "3.1.5",
        "Metrics normal",
        Kind.GATE,
        VERIFICATION,
        "error rate < 1 %, p95 < 500 ms, traffic as usual for the time of day",
    ),
    Item("3.2.1", "Watch the dashboard, 15 to 60 min", Kind.GATE, AFTERWARDS, "no red flag, no worsening trend"),
    Item(
        "3.2.2",
        "Database performance",
        Kind.GATE,
        AFTERWARDS,
        "no slow query (mean > 100 ms) that was not there before",
    ),
    Item("3.2.3", "Audit log writes", Kind.GATE, AFTERWARDS, "> 0 rows in the last 15 min"),
    Item(
        "3.2.4",
        "Resource utilisation",
        Kind.GATE,
        AFTERWARDS,
        "CPU < 70 %, memory < 80 %, disk < 80 %, connections < 80 % of the pool",
    ),
    Item(
        "3.3.1",
        "Update Slack",
        Kind.ACTION,
        TELLING_OVER,
        "completion posted in the thread of the announcement",
    ),
    Item("3.3.2", "Update status page", Kind.ACTION, TELLING_OVER, "the maintenance opened at 1.3.9 is resolved"),
    Item("3.3.3", "Notify stakeholders", Kind.ACTION, TELLING_LIVE, "sent (high risk)"),
    Item("3.4.1", "Final health check", Kind.GATE, AFTERWARDS, "all normal"),
    Item("3.4.2", "No incidents", Kind.GATE, AFTERWARDS, "none since the start; ticket volume as usual"),
    Item("3.4.3", "Documentation", Kind.ACTION, AFTERWARDS, "log entry written, tickets closed"),
    Item("3.4.4", "Tag release", Kind.ACTION, AFTERWARDS, "annotated tag on the commit"),
    Item(
        "4.1.1",
        "Decide whether to roll back",
        Kind.ACTION,
        ALWAYS,
        "`roll back now`, `consider`, or `stay`, with the rule that says so",
    ),
    Item("4.2.1", "Rollback through CI", Kind.ACTION, HOMEWARD, "revert commit deployed"),
    Item(
        "4.2.2",
        "Rollback to the previous image",
        Kind.ACTION,
        HOMEWARD,
        "every touched server serves the recorded image",
    ),
    Item(
        "4.2.3",
        "Verify rollback",
        Kind.GATE,
        HOMEWARD,
        "healthy, < 1 % errors, p95 < 500 ms, features work, no new errors",
    ),
    Item("4.2.4", "Communicate rollback", Kind.ACTION, HOMEWARD, "reason, time, status, impact, next steps"),
    Item(
        "4.2.5",
        "Incident report",
        Kind.ACTION,
        HOMEWARD,
        "timeline filled in from the record; root cause and actions left for people",
    ),
    Item(
        "4.3.1",
        "May the database be rolled back",
        Kind.GATE,
        HOMEWARD,
        "refuses on destructive, on > 1 h, on data written; says which",
    ),
    Item(
        "4.3.2",
        "Roll the database back",
        Kind.ACTION,
        HOMEWARD,
        "approved by CTO or DevOps lead; application stopped; down migration; verified; restarted",
    ),
    Item(
        "5.2.1",
        "Assess urgency, get approval",
        Kind.GATE,
        HOTFIX,
        "affected users / exploited hole / cannot wait stated; CTO or tech lead approved",
    ),
    Item(
        "5.2.2",
        "Hotfix branch",
        Kind.GATE,
        HOTFIX,
        "branched from production, small, holds a test, tests pass",
    ),
    Item(
        "5.2.3",
        "Fast-track review",
        Kind.GATE,
        HOTFIX,
        "`[HOTFIX]` PR with labels, one approval, CI green",
    ),
    Item("5.2.4", "Deploy the hotfix", Kind.ACTION, HOTFIX, "as there"),
    Item("5.2.5", "Verify the hotfix", Kind.GATE, HOTFIX, "bug gone, nothing new, 30-60 min watched"),
    Item(
        "5.2.6",
        "After the hotfix",
        Kind.ACTION,
        HOTFIX,
        "post-mortem opened (required for security), back-merge to main done, team told",
    ),
    Item("6.1.1", "Test migration in staging", Kind.GATE, MIGRATION_ON_STAGING, "applied there"),
    Item("6.1.2", "Reversibility", Kind.GATE, MIGRATION, "known; irreversible ones need CTO"),
    Item("6.1.3", "Duration estimate", Kind.GATE, MIGRATION_ON_STAGING, "< 5 min in business hours, else off-hours"),
    Item(
        "6.1.4",
        "Backup",
        Kind.ACTION,
        MIGRATION,
        "custom-format dump taken, readable by pg_restore, uploaded, checksum verified",
    ),
    Item(
        "6.2.1",
        "Safety class",
        Kind.GATE,
        MIGRATION,
        "safe / risky / dangerous per statement; dangerous needs CTO",
    ),
    Item(
        "6.3.1",
        "Code before migration",
        Kind.GATE,
        MIGRATION,
        "the compatible code is live first; expand → migrate → backfill → contract order kept",
    ),
    Item(
        "6.3.2",
        "Run the migration",
        Kind.ACTION,
        MIGRATION,
        "maintenance announced if > 5 min; deployed; `_prisma_migrations` says finished; custom integrity queries pass",
    ),
    Item("6.3.3", "Application connects", Kind.GATE, MIGRATION, "database connected"),
    Item("6.3.4", "Key queries work", Kind.GATE, MIGRATION, "configured queries answer"),
    Item(
        "6.3.5",
        "No missing data",
        Kind.GATE,
        MIGRATION,
        "equal, or grown by writes that the time explains; never smaller",
    ),
    Item(
        "7.1.1",
        "Windows",
        Kind.GATE,
        WINDOW,
        "low Mon-Thu 9-17; medium Mon-Thu before 9 or after 18; high Tue-Thu 6-8; emergency any "
        "time. Never Friday afternoon or evening, weekends, the day before a holiday, known peaks "
        "(Monday morning)",
    ),
    Item(
        "7.2.1",
        "Frequency and batching",
        Kind.ADVICE,
        ADVICE,
        "warns on a large batch or on many deployments in a day",
    ),
    Item(
        "8.1",
        "Roles",
        Kind.GATE,
        ALWAYS,
        "who may approve what: low and medium tech lead; high CTO; emergency CTO or tech lead; "
        "database rollback CTO or DevOps lead; security patch security lead. Nobody approves his own "
        "deployment",
    ),
    Item(
        "9.1",
        "Deployment metrics",
        Kind.ACTION,
        OUTSIDE,
        "frequency > 1 per week; lead time < 1 h; success > 95 %; rollback < 5 %; MTTR < 10 min",
    ),
    Item(
        "9.2",
        "Quarterly review",
        Kind.ACTION,
        OUTSIDE,
        "report with trend and bottleneck, posted; reminder to review the checklist itself",
    ),
    Item(
        "10.1",
        "Build fails",
        Kind.ACTION,
        ADVICE,
        "a failed step shows its log lines and the advice of section 10",
    ),
    Item("10.2", "Image fails to start", Kind.ACTION, ADVICE, "the same"),
    Item(
        "10.3",
        "Health checks fail after deployment",
        Kind.ACTION,
        ADVICE,
        "the same; rollback immediately",
    ),
    Item("10.4", "Database migration fails", Kind.ACTION, ADVICE, "the same; escalate to the DevOps lead"),
)

ITEMS: Mapping[str, Item] = MappingProxyType({item.number: item for item in _ROWS})
