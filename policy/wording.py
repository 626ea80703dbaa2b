"""How clauses that others wrote become sentences that people read."""


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
