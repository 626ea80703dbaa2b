"""May a release leave the pipeline out, and be built on the servers (2.3)."""

from collections.abc import Sequence
from dataclasses import dataclass

from policy.judgement import Judgement, attested, failed, passed
from policy.release import ManualReason
from policy.wording import listed, short


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What the pipeline did for a commit: `state` is None where it never began, `conclusion` until it ends."""

    commit: str
    state: str | None
    conclusion: str | None
    failed_steps: Sequence[str]
    has_image: bool
    url: str | None

    @property
    def is_fine(self) -> bool:
        """Whether there is nothing that the standard way would miss."""
        return self.conclusion == "success" and self.has_image

    @property
    def sentence(self) -> str:
        """What it did, in one clause."""
        name = f"the pipeline of {short(self.commit)}"
        if self.is_fine:
            return f"{name} is green and its image is in the registry"
        if self.conclusion == "success":
            return f"{name} is green, and the registry has no image of it"
        if self.conclusion is not None:
            found = f" ({listed(self.failed_steps)})" if self.failed_steps else ""
            return f"{name} ended with {self.conclusion}{found}"
        return f"{name} is {self.state}" if self.state else f"{name} did not begin"


def judge_manual(reason: ManualReason, explanation: str, pipeline: Pipeline, *, by: str) -> Judgement:
    """Pass where the pipeline did not do its work; else somebody has to say why it is left out.

    A pipeline that ended badly may have found a fault of the code, which no other way of building mends.
    """
    why = explanation.strip()
    if why:
        return attested(f"{reason}: {why}; {pipeline.sentence}", by=by)
    if reason is ManualReason.INFRASTRUCTURE:
        return failed(f"explanation: what changes in the infrastructure is not said; {pipeline.sentence}")
    if pipeline.is_fine:
        return failed(
            f"explanation: {pipeline.sentence}, and nobody says why it is left out: use the deployment `production`",
            link=pipeline.url,
        )
    if pipeline.conclusion not in (None, "success"):
        return failed(
            f"explanation: {pipeline.sentence}: it may have found a fault of the code, and nobody says otherwise",
            link=pipeline.url,
        )
    if pipeline.state in (None, "queued", "completed"):
        return passed(f"{reason}: {pipeline.sentence}", link=pipeline.url)
    return failed(
        f"explanation: {pipeline.sentence}, and nobody says why it is not waited for: use the deployment `production`",
        link=pipeline.url,
    )
