"""A page of the documents that is written from code."""

import sys
from pathlib import Path


def write_or_check(page: Path, text: str, words: list[str], *, module: str) -> int:
    """Write the page; with --check write nothing, and return 1 and say what to type if it is out of date."""
    if "--check" not in words:
        page.write_text(text, encoding="utf-8")
        return 0
    if page.exists() and page.read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write(f"docs/{page.name} is out of date; write it with python -m deployments.{module}\n")
    return 1
