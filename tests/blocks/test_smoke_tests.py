"""3.1.3: what is tried with the demo account, and what a company left out."""

from typing import Any

import pytest

from blocks.application import SMOKE_TESTS, Application
from policy.judgement import Verdict
from tasks.smoke_tests import judge_smoke_tests


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (SMOKE_TESTS, "login, patient record, appointment, prescription work for the demo account"),
        (("patient record",), "login, patient record work for the demo account"),
        ((), "login works for the demo account"),
    ],
    ids=["all", "nothing is written", "the login alone"],
)
def test_only_what_the_settings_name_is_tried(settings: dict[str, Any], names: tuple[str, ...], sentence: str) -> None:
    application = Application(**settings["application"] | {"smoke_tests": names}, secrets_folder=settings["secrets"])

    judgement = judge_smoke_tests(application)

    assert (judgement.verdict, judgement.sentence) == (Verdict.PASSED, sentence)
