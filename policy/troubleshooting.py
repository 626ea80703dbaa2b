"""Section 10: what a failed step is told beside its log lines."""

import re
from collections.abc import Sequence

SHOWN_LINES = 12

ADVICE = {
    "10.1": "Check the build's log: usually TypeScript or ESLint errors. Fix them locally and push the fix.",
    "10.2": "Check the container's log: usually a missing environment variable or dependency.",
    "10.3": "Check the log of the health endpoint: likely the database connection. It is rolled back at once.",
    "10.4": "Check the migration's log; if it was applied in part, it needs hands. Escalate to the DevOps lead.",
}

# What the checklist's section 10 has no advice for.
KILLED_ADVICE = (
    "Check that its first process hears SIGTERM and ends: usually a shell in front of it keeps the signal (`exec`"
    " in the entrypoint, or `init: true`)"
)

_CREDENTIAL = r"(password|passwd|pwd|token|secret|authorization|bearer|api[_-]?key)"
# Among them what Postgres says of a key, and CURP and RFC, by which Mexico numbers people.
_PRIVATE = (
    re.compile(r"://[^/\s:]*:\S+@"),
    re.compile(rf"(?i){_CREDENTIAL}(\W+(bearer|basic|token))?\W+\S+"),
    re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"),
    re.compile(r"\b\d[\d -]{6,}\d\b"),
    re.compile(r"'[^']*'|\"[^\"]*\""),
    re.compile(r"=\s*\([^)]*\)"),
    re.compile(r"(?i)\b[a-zñ&]{3,4}\d{6}[a-z0-9]{3,8}\b"),
    re.compile(r"(?<=\b[Pp]atient )[A-ZÀ-Þ]\w+(?: [A-ZÀ-Þ]\w+)*|(?<=\b[Pp]aciente )[A-ZÀ-Þ]\w+(?: [A-ZÀ-Þ]\w+)*"),
)


def advice_for(number: str) -> str:
    """Return the advice of section 10 under this number."""
    return ADVICE[number]


def explain(number: str, log: str) -> str:
    """Return the log's last lines without what could be a person's or a secret, and the advice."""
    lines = redact(log.splitlines()[-SHOWN_LINES:])
    shown = " / ".join(lines) if lines else "the log is empty"
    return f"{shown}. {advice_for(number)}"


def redact(lines: Sequence[str]) -> list[str]:
    """Blank out whatever may name a patient or hold a secret: addresses, numbers, quoted text, credentials."""
    redacted = []
    for line in lines:
        text = line.strip()
        for pattern in _PRIVATE:
            text = pattern.sub("[…]", text)
        if text:
            redacted.append(text)
    return redacted
