"""From a number to its releases: Prefect's list of runs, by the tags that every run of a release carries (9.1)."""

from collections.abc import Sequence
from urllib.parse import quote

from policy.run_tags import release_tag

# A longer address is cut by some browsers and proxies.
MOST = 60


def link_runs(ui: str, keys: Sequence[str], words: str) -> str:
    """Return the words as a link to the runs of these releases, where there are any; of very many, to the newest."""
    if not keys:
        return words
    tags = ",".join(release_tag(key) for key in keys[-MOST:])
    return f"[{words}]({ui}/v2/runs?tags={quote(tags, safe='')})"
