"""A check of one's own is one file on the worker: what the how-to shows is what works."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from blocks.company import Company
from blocks.errors import Misconfigured
from flows.hotfix import make_room
from flows.opening import open_release
from policy.items import Way
from policy.judgement import Verdict
from policy.record import Event
from policy.release import HotfixRequest
from tasks.doctor_systems import try_worker
from tasks.item import answer, write_down
from tasks.own_checks import own_checks, read_own_checks
from tasks.run import Run
from tests.core.scene import begun
from tests.core.world import World
from tests.policy import releases
from tests.serving import served

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "own-check.md"
(SHOWN,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
Begin = Callable[[tuple[str, ...]], Run]
ADDRESS = "http://10.0.3.12:8025"
HEAD = """
from policy.items import Kind
from policy.judgement import passed
from tasks.own_checks import own_check
"""
CHECK = """
@own_check({number!r}, "Always well")
def always_well(run):
    {docstring}
    {body}
"""


class Queue:
    """The mail server of the how-to."""

    def __init__(self) -> None:
        self.url = ""
        self.answer: Response = JSONResponse({"waiting": 7})
        self.app = Starlette(routes=[Route("/queue", self._show)])

    async def _show(self, _request: Request) -> Response:
        return self.answer


@pytest.fixture
def queue() -> Iterator[Queue]:
    queue = Queue()
    with served(queue.app) as queue.url:
        yield queue


@pytest.fixture
def begin(company: Company, world: World) -> Begin:
    """Begin a release of the company with the checks of these files."""
    return lambda files: begun(with_checks(company, files), world, steps=0).run


def written(folder: Path, text: str, *, name: str = "mail_queue") -> tuple[str, ...]:
    file = folder / f"{name}.py"
    file.write_text(text, encoding="utf-8")
    return (str(file),)


def check(number: str = "1.4.101", *, docstring: str = '"""Always."""', body: str = 'return passed("well")') -> str:
    return HEAD + CHECK.format(number=number, docstring=docstring, body=body)


def with_checks(company: Company, files: tuple[str, ...]) -> Company:
    return replace(company, rules=company.rules.model_copy(update={"own_checks": list(files)}))


def test_what_the_how_to_shows_has_less_than_fifteen_lines() -> None:
    assert len(SHOWN.splitlines()) < 15


@pytest.mark.parametrize(
    ("shown", "says"),
    [
        (JSONResponse({"waiting": 7}), (Verdict.PASSED, "7 mails wait, the limit is 100")),
        (JSONResponse({"waiting": 101}), (Verdict.FAILED, "101 mails wait, the limit is 100")),
        (JSONResponse({"queued": 7}), (Verdict.UNKNOWN, "could not be asked: KeyError: 'waiting'")),
        (Response("Bad gateway", status_code=502), (Verdict.UNKNOWN, "could not be asked: JSONDecodeError: ")),
    ],
    ids=["short", "long", "another answer", "an error page"],
)
def test_what_the_how_to_shows_is_asked_and_stands_in_the_record(
    begin: Begin, tmp_path: Path, queue: Queue, shown: Response, says: tuple[Verdict, str]
) -> None:
    assert ADDRESS in SHOWN
    queue.answer = shown
    run = begin(written(tmp_path, SHOWN.replace(ADDRESS, queue.url)))
    (question,) = own_checks(run, "1.4")

    judgement = answer(question, run)
    write_down(run, question.item, judgement)

    assert (judgement.verdict, judgement.sentence[: len(says[1])]) == says
    row = run.record.last(Event.JUDGED)
    assert row is not None
    assert (row.item, row.facts["title"], row.facts["verdict"]) == ("1.4.101", "Mail queue is short", says[0])


def test_what_does_not_answer_is_unknown(begin: Begin, tmp_path: Path) -> None:
    run = begin(written(tmp_path, SHOWN.replace(ADDRESS, "http://127.0.0.1:9")))
    (question,) = own_checks(run, "1.4")

    judgement = answer(question, run)

    assert judgement.verdict is Verdict.UNKNOWN
    assert judgement.sentence.startswith("could not be measured: ConnectError")


@pytest.mark.parametrize("body", ["return True", "return None", "pass"])
def test_what_is_no_judgement_is_no_evidence(begin: Begin, tmp_path: Path, body: str) -> None:
    run = begin(written(tmp_path, check(body=body)))
    (question,) = own_checks(run, "1.4")

    judgement = answer(question, run)

    assert judgement.verdict is Verdict.UNKNOWN
    assert "expected a Judgement" in judgement.sentence


def test_each_phase_asks_its_own_in_the_order_of_their_numbers(begin: Begin, tmp_path: Path) -> None:
    files = (
        *written(tmp_path, check("1.4.102"), name="second"),
        *written(tmp_path, check("3.1.101") + check("1.4.101").replace("always_well", "first"), name="others"),
    )
    run = begin(files)

    assert [question.item.number for question in own_checks(run, "1.4")] == ["1.4.101", "1.4.102"]
    assert [question.item.number for question in own_checks(run, "3.1")] == ["3.1.101"]
    assert own_checks(run, "1.1") == ()


def test_an_item_of_the_checklist_that_a_file_imports_is_not_asked_twice(tmp_path: Path) -> None:
    text = "from tasks.verification import metrics_normal\n" + check()

    assert [question.item.number for question in read_own_checks(written(tmp_path, text))] == ["1.4.101"]


def test_a_file_that_is_edited_under_way_changes_no_release(begin: Begin, tmp_path: Path) -> None:
    run = begin(written(tmp_path, check()))
    before = own_checks(run, "1.4")

    written(tmp_path, "nonsense(")

    assert own_checks(run, "1.4") == before


BAD = [
    ("", r"mail_queue\.py holds no check; expected a function under @own_check"),
    ("x = (", r"mail_queue\.py: SyntaxError: "),
    ("import no_such_module_here", r"mail_queue\.py, line 1: ModuleNotFoundError: No module named"),
    ("import sys\nsys.exit(3)", r"mail_queue\.py, line 2: SystemExit: 3"),
    (check("1.4.1"), r"ValueError: number: found '1\.4\.1', expected a section"),
    (check(docstring="..."), r"1\.4\.101: expected a title, and a docstring"),
    (check() + check().replace("always_well", "other"), r"1\.4\.101 stands in .*mail_queue\.py and again in"),
]


@pytest.mark.parametrize(("text", "complaint"), BAD)
def test_a_file_that_is_wrong_is_refused_before_anything_is_touched(
    company: Company, tmp_path: Path, world: World, text: str, complaint: str
) -> None:
    wrong = with_checks(company, written(tmp_path, text))

    with pytest.raises(Misconfigured, match=f"own_checks: .*{complaint}"):
        open_release(releases.request(), wrong, way=Way.STANDARD, key="20261124-180000-1f2e3d4c")

    assert world.acts == []
    assert company.store.list("") == ()


def test_no_release_is_sent_home_for_a_hotfix_whose_checks_are_wrong(
    company: Company, tmp_path: Path, world: World
) -> None:
    process = begun(company, world, steps=0)
    urgent: Any = {"urgency": "users are actively affected", "can_wait": "no", "explanation": "logins fail since 3"}
    request = HotfixRequest.model_validate({**releases.request().model_dump(), **urgent})

    with pytest.raises(Misconfigured, match="own_checks: "):
        make_room(with_checks(company, (str(tmp_path / "nowhere.py"),)), request)

    process.go_on()


@pytest.mark.parametrize(("name", "verdict"), [("mail_queue", Verdict.PASSED), ("nowhere", Verdict.FAILED)])
def test_the_doctor_reads_them(company: Company, tmp_path: Path, name: str, verdict: Verdict) -> None:
    written(tmp_path, check())
    found = {one.tried: one for one in try_worker(with_checks(company, (str(tmp_path / f"{name}.py"),)))}

    assert found["own checks"].judgement.verdict is verdict
