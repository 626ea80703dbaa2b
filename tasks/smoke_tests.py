"""The smoke tests: what a user does, done with the demo account, and cleaned up."""

from blocks.application import Application, Session, SmokeTest
from blocks.errors import Refused
from policy.judgement import Judgement, failed, passed


def judge_smoke_tests(application: Application, *, at: str | None = None) -> Judgement:
    """Pass when the login and every smoke test that the settings name work; `at` asks one server directly.

    Raises Unreachable when the application does not answer at all: that is no verdict on its features.
    """
    done: list[str] = []
    try:
        session = application.log_in(at=at)
        done.append("login")
        for what in application.smoke_tests:
            _try(what, application, session)
            done.append(what)
    except Refused as error:
        worked = f" ({', '.join(done)} worked)" if done else ""
        return failed(f"{error}{worked}")
    works = "works" if len(done) == 1 else "work"
    return passed(f"{', '.join(done)} {works} for the demo account")


def _try(what: SmokeTest, application: Application, session: Session) -> None:
    """What a test makes it takes away again."""
    match what:
        case "patient record":
            application.read_patient(session)
        case "appointment":
            application.delete_appointment(session, application.create_appointment(session))
        case "prescription":
            application.delete_prescription(session, application.create_prescription(session))
