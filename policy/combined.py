"""One judgement out of many: as bad as the worst, naming all that is wrong."""

from collections.abc import Iterable
from dataclasses import replace

from policy.judgement import Judgement, Verdict, failed, unknown, worst_of


def combine(parts: Iterable[Judgement], *, well: str = "") -> Judgement:
    """Return the worst verdict with every sentence that stops; when none does, `well` or what passed is said.

    Without any part the answer is unknown: nothing was asked.
    """
    judged = list(parts)
    worst = worst_of(judged)
    wrong = [part.sentence for part in judged if part.verdict is Verdict.FAILED]
    unanswered = [part.sentence for part in judged if part.verdict is Verdict.UNKNOWN]
    excepted = tuple(name for part in judged for name in part.excepted)
    if wrong:
        also = f"; not known: {'; '.join(unanswered)}" if unanswered else ""
        return replace(failed("; ".join(wrong) + also, link=worst.link), excepted=excepted)
    if unanswered or not judged:
        return replace(unknown("; ".join(unanswered) or worst.sentence, link=worst.link), excepted=excepted)
    noted = [part.sentence for part in judged if part.verdict in (Verdict.WAIVED, Verdict.ATTESTED)]
    fine = [part.sentence for part in judged if part.sentence not in noted]
    return Judgement(worst.verdict, "; ".join((*((well,) if well else fine), *noted)), worst.link, excepted)
