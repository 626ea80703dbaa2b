"""Checks of the company's own, from Python files that the settings name (docs/how-to/own-check.md)."""

import sys
import traceback
from collections.abc import Callable, Iterable
from functools import cache, wraps
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import httpx

from blocks.errors import BlockError, Misconfigured, Unreachable
from policy.checklist import ITEMS
from policy.items import Kind
from policy.judgement import Judgement, unknown
from policy.own_checks import own_item
from tasks.item import Question
from tasks.run import Run

Ask = Callable[[Run], Judgement]


def own_check(number: str, title: str, *, kind: Kind = Kind.GATE) -> Callable[[Ask], Question]:
    """Make a function a check of one's own; its docstring says when it passes.

    The number is a section and three digits, such as 1.4.101. What the function raises is unknown, never passed.
    """

    def bind(ask: Ask) -> Question:
        item = own_item(number, title, kind=kind, passes=ask.__doc__ or "")
        return Question(item, _answering(ask))

    return bind


def _answering(ask: Ask) -> Ask:
    @wraps(ask)
    def answer(run: Run) -> Judgement:
        try:
            found: object = ask(run)
        except BlockError:
            raise
        except (ConnectionError, TimeoutError, httpx.TransportError) as error:
            raise Unreachable(_say(error)) from error
        except Exception as error:  # noqa: BLE001  (whatever a company's own code raises is no evidence)
            return unknown(f"could not be asked: {_say(error)}")
        return found if isinstance(found, Judgement) else unknown(f"answered {found!r}, expected a Judgement")

    return answer


def own_checks(run: Run, section: str) -> tuple[Question, ...]:
    """Return the company's own checks of this section, in the order of their numbers."""
    questions = read_own_checks(tuple(run.company.rules.own_checks))
    return tuple(question for question in questions if question.item.section == section)


# A process asks to its end what it read first: a file that is edited meanwhile changes no release under way.
@cache
def read_own_checks(files: tuple[str, ...]) -> tuple[Question, ...]:
    """Return every check of these files; raises Misconfigured naming the file and what is wrong with it."""
    read: dict[str, str] = {}
    questions: list[Question] = []
    for file in files:
        found = tuple(_questions_of(_load(Path(file))))
        if not found:
            raise Misconfigured(f"own_checks: {file} holds no check; expected a function under @own_check")
        for question in found:
            number = question.item.number
            if number in read:
                raise Misconfigured(f"own_checks: {number} stands in {read[number]} and again in {file}")
            read[number] = file
        questions += found
    return tuple(sorted(questions, key=lambda question: question.item.number))


def _load(file: Path) -> ModuleType:
    spec = spec_from_file_location(f"own_checks_{file.stem}", file)
    if not file.is_file() or spec is None or spec.loader is None:
        raise Misconfigured(f"own_checks: {file} is no Python file on this machine")
    # As an import does: what a dataclass is made of is looked up by the name of its module.
    module = sys.modules[spec.name] = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise Misconfigured(f"own_checks: {file}{_line_in(file, error)}: {_say(error)}") from error
    return module


def _questions_of(module: ModuleType) -> Iterable[Question]:
    """What was imported from the checklist's own items is not asked twice."""
    found = (value for value in vars(module).values() if isinstance(value, Question))
    return (question for question in found if question.item.number not in ITEMS)


def _line_in(file: Path, error: BaseException) -> str:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    return f", line {lines[-1]}" if lines else ""


def _say(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
