"""The newest analysis of each tool and category of a commit (1.1.4)."""

from typing import Any

import pytest

from policy.code_analyses import CodeAnalysis, LookedAt, look_over
from tests.policy.scanned import analysis

PYTHON: dict[str, Any] = {"category": "/language:python"}


@pytest.mark.parametrize(
    ("analyses", "looked"),
    [
        pytest.param([], LookedAt(None, None), id="none"),
        pytest.param([analysis(), analysis(**PYTHON)], LookedAt("b2", None), id="every language"),
        pytest.param(
            [analysis(error="CodeQL ran out of memory"), analysis(at=5, **PYTHON)],
            LookedAt("b2", "CodeQL /language:javascript failed: CodeQL ran out of memory"),
            id="G11 a crash beside another language's success",
        ),
        pytest.param(
            [analysis(error="out of memory"), analysis(error="no code", at=5, **PYTHON)],
            LookedAt(
                "b2",
                "CodeQL /language:javascript failed: out of memory; CodeQL /language:python failed: no code",
            ),
            id="G11 two crashes",
        ),
        pytest.param(
            [analysis(error="out of memory"), analysis(at=5, tool="Semgrep")],
            LookedAt("b2", "CodeQL /language:javascript failed: out of memory"),
            id="G11 a crash beside another tool's success",
        ),
        pytest.param([analysis(error="out of memory"), analysis(at=5)], LookedAt("b2", None), id="G1 analysed again"),
        pytest.param(
            [analysis(), analysis(error="out of memory", at=5)],
            LookedAt("b2", "CodeQL /language:javascript failed: out of memory"),
            id="G1 mirrored",
        ),
        pytest.param(
            [analysis(error="out of memory", number=1), analysis(number=2)],
            LookedAt("b2", None),
            id="G1 in the same second the number decides",
        ),
        pytest.param(
            [analysis("a1"), analysis("a1", **PYTHON), analysis(at=5, **PYTHON)],
            LookedAt("b2", "CodeQL /language:javascript looked last at a1"),
            id="G11 one that looked at the commit before is missing",
        ),
        pytest.param(
            [analysis(at=5), analysis("c3", at=9), analysis("c3", at=9, **PYTHON)],
            LookedAt("b2", None),
            id="a language that came with a later commit",
        ),
        pytest.param([analysis("a1"), analysis("c3", at=5)], LookedAt("c3", None), id="G11 other commits only"),
        pytest.param([analysis("a1", "out of memory"), analysis(at=5)], LookedAt("b2", None), id="a crash before"),
    ],
)
def test_the_newest_analysis_of_each_kind_counts(analyses: list[CodeAnalysis], looked: LookedAt) -> None:
    assert look_over(analyses, commit="b2") == looked
    assert look_over(analyses[::-1], commit="b2").commit == looked.commit
