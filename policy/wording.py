"""How names, numbers and what others wrote become sentences that people read."""

from collections.abc import Iterable


def short(commit: str) -> str:
    """Name a commit as people do, by its first seven digits."""
    return commit[:7] or "an unnamed commit"


def short_digest(digest: str | None) -> str:
    """Name an image by its algorithm and the first twelve digits, as Docker does."""
    return digest[:19] if digest else "an image without digest"


def where_record(key: str) -> str:
    """Say where the record of a release is read."""
    return f"the record: `python -m deployments.verify_record {key}`"


def counted(number: int, noun: str) -> str:
    """Say a number with its noun: `1 commit`, `3 commits`, `1,000 rows`."""
    return f"{number} {noun}" if number == 1 else f"{number:,} {noun}s"


def listed(names: Iterable[str], *, most: int = 5) -> str:
    """Name the first few and count the others."""
    everything = list(names)
    shown = ", ".join(everything[:most])
    return shown if len(everything) <= most else f"{shown} and {len(everything) - most} more"


def as_sentences(*clauses: str) -> str:
    """Return each clause as one sentence: it begins with a capital, unless with a name, and has one full stop."""
    return " ".join(_as_sentence(clause) for clause in clauses if clause.strip())


def as_clause(text: str) -> str:
    """Return the text without the full stop at its end, for a sentence that goes on behind it."""
    return text.strip().removesuffix(".")


def say_error(error: BaseException) -> str:
    """Return what an exception says, or its kind where it says nothing: Prefect's `ObjectNotFound` says "None"."""
    said = str(error).strip()
    return said if said not in ("", "None") else type(error).__name__


def _as_sentence(clause: str) -> str:
    said = as_clause(clause)
    first = said.partition(" ")[0].rstrip(",:;")
    begun = said[:1].upper() + said[1:] if first.isalpha() and first.islower() else said
    return begun if begun.endswith(("?", "!", "…")) else f"{begun}."
