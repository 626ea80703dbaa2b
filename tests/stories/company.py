"""The company of the stories: its limits, the systems that only some stories look at, and its block documents."""

from deployments.save_blocks import blocks_of
from deployments.settings import Settings

ENVIRONMENT = "story"
# A story need not watch for longer than the metrics need to show what there is to see.
LIMITS = {
    "first_server_watch": 1,
    "immediate_watch": 4,
    "extended_watch": 8,
    "hotfix_watch": 8,
    "watch_window": 4,
    # What a machine that stands still for some seconds does not exceed; a story that is about the end of it says less.
    "boot": 20,
    "heartbeat_stale": 10,
    # On a busy machine a scrape comes late, and the numbers are not away for that.
    "unknown_patience": 30,
    "sample_age": 10,
    # Of forty that come to each server in four seconds; a busy machine has sent 19.
    "least_requests": 8,
    # A machine that stands still for a second makes a tenth of the requests slow, and no version is bad for that.
    "p95": 2.5,
    "p95_roll_back": 8,
}


# What takes seconds or many questions, and few stories look at: such a story says that its company has it.
PERFORMANCE = ("staging_metrics", "load_test")
OUTSIDE = (
    "on_call",
    "statuspage",
    "status_pages",
    "sentry",
    "doppler",
    "snyk",
    "jira",
    "notion",
    "grafana",
    "mail",
)
MIGRATIONS = ("prisma", "staging_database", "scratch_database")
REPORTS = ("incidents",)
LEFT_ASIDE = PERFORMANCE + OUTSIDE + MIGRATIONS + REPORTS


class Blocks:
    """The block documents of the stories: only what differs from the story before is saved again."""

    def __init__(self) -> None:
        self._saved: dict[tuple[str, str], str] = {}

    def save(self, settings: Settings) -> None:
        """Let these settings hold."""
        for name, blocks in blocks_of(settings).items():
            for block in blocks:
                key, content = (name, block.get_block_type_slug()), block.model_dump_json()
                if self._saved.get(key) != content:
                    block.save(name, overwrite=True)
                    self._saved[key] = content
