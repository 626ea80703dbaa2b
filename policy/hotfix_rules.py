"""What a company asks of a hotfix, and of the day after it (5.2.2, 5.2.3, 5.2.6)."""

from typing import Annotated

from pydantic import Field

from policy.table import NAME, Table


class HotfixRules(Table):
    """What marks a hotfix, and when the duties of the day after begin."""

    title: Annotated[str, NAME] = Field(
        default="[HOTFIX]", description="5.2.3: how the title of its pull request begins."
    )
    labels: tuple[str, ...] = Field(default=("hotfix",), description="5.2.3: the labels of its pull request.")
    security_labels: tuple[str, ...] = Field(
        default=("security",), description="5.2.3: and these, where a hole is being exploited."
    )
    tests: tuple[str, ...] = Field(
        default=(
            "**/*.test.*",
            "**/*.spec.*",
            "**/*_test.*",
            "**/test_*",
            "**/__tests__/**",
            "**/tests/**",
            "**/e2e/**",
        ),
        min_length=1,
        description="5.2.2: the files that are tests, by their paths.",
    )
    duties_at: str = Field(
        default="09:00",
        pattern=r"^([01]\d|2[0-3]):[0-5]\d$",
        description="5.2.6: when the duties of the next day begin, and are asked about again, in the company's zone.",
    )
    escalate_after: int = Field(
        default=3, ge=1, description="5.2.6: a duty that was asked about so many times is told to the CTO."
    )
    post_mortem_labels: tuple[str, ...] = Field(
        default=("post-mortem",), description="5.2.6: the labels of the issue of the post-mortem."
    )
