"""The smoke tests: what a user does, done with the demo account, and cleaned up."""

from collections.abc import Callable

from blocks.application import Application
from blocks.errors import Refused
from policy.judgement import Judgement, failed, passed


def judge_smoke_tests(application: Application, *, at: str | None = None) -> Judgement:
    """Pass when login, patient record, appointment and prescription all work; `at` asks one server directly.

    Raises Unreachable when the application does not answer at all: that is no verdict on its features.
    """
    done: list[str] = []
    try:
        session = application.log_in(at=at)
        done.append("login")
        application.read_patient(session)
        done.append("patient record")
        for what, create, delete in (
            ("appointment", application.create_appointment, application.delete_appointment),
            ("prescription", application.create_prescription, application.delete_prescription),
        ):
            _create_and_delete(create, delete, session)
            done.append(what)
    except Refused as error:
        worked = f" ({', '.join(done)} worked)" if done else ""
        return failed(f"{error}{worked}")
    return passed(f"{', '.join(done)} work for the demo account")


def _create_and_delete(create: Callable[..., object], delete: Callable[..., object], session: object) -> None:
    delete(session, create(session))
