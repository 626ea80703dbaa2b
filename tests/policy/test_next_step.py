"""What to do next fits what was found, and the row's own advice comes only where the fault says nothing of its own."""

import pytest

from policy.judgement import Verdict
from policy.next_step import Cause, Kind, Serving, judge_serving, next_step, next_step_of_tools

SECRET = "/srv/secrets/SLACK_TOKEN"
USUAL = "invite the bot"


@pytest.mark.parametrize(
    ("cause", "verdict", "said"),
    [
        (None, Verdict.FAILED, USUAL),
        (None, Verdict.UNKNOWN, f"try it again; if it stays so: {USUAL}"),
        (Cause(Kind.SECRET_MODE, "SLACK_TOKEN", SECRET), Verdict.FAILED, f"chmod 600 {SECRET}"),
        (Cause(Kind.SECRET_ABSENT, "SLACK_TOKEN", SECRET), Verdict.FAILED, f"cat > {SECRET}"),
        (Cause(Kind.SECRET_EMPTY, "SLACK_TOKEN", SECRET), Verdict.FAILED, f"the value of SLACK_TOKEN into {SECRET}"),
        (Cause(Kind.SECRET_UNREADABLE, "SLACK_TOKEN", SECRET), Verdict.FAILED, f"chown USER {SECRET}"),
        (Cause(Kind.SECRET_NO_FILE, "SLACK_TOKEN", SECRET), Verdict.FAILED, f"in the place of {SECRET}"),
        (Cause(Kind.SECRET_WITHOUT_FOLDER, "SLACK_TOKEN"), Verdict.FAILED, "set `secrets` in the settings"),
        (Cause(Kind.SECRET_MISNAMED, ""), Verdict.FAILED, "the name of the secret into the settings, not its value"),
        (Cause(Kind.TOKEN_REFUSED, "GitHub"), Verdict.FAILED, "a new token at GitHub"),
        (Cause(Kind.SCOPE_LACKING, "im:write"), Verdict.FAILED, "the scope im:write"),
        (Cause(Kind.LOGIN_REFUSED, "database holi"), Verdict.FAILED, "(database holi)"),
        (Cause(Kind.SETTING, "limits.disk", "c.toml"), Verdict.FAILED, "mend limits.disk in c.toml"),
        (Cause(Kind.SETTINGS_ABSENT, "THE_VARIABLE", "c.toml"), Verdict.FAILED, "name your file in THE_VARIABLE"),
        (Cause(Kind.FILE_ABSENT, "SSH", "/srv/key"), Verdict.FAILED, "put the file /srv/key there"),
        (Cause(Kind.HOST_KEY_OTHER, "SSH", "/k", "10.0.1.11", 2222), Verdict.FAILED, "ssh-keyscan -p 2222 10.0.1.11"),
        (Cause(Kind.HOST_KEY_OTHER, "SSH", "/k", "10.0.1.11", 2222), Verdict.FAILED, "deploy nothing"),
        (Cause(Kind.HOST_KEY_UNKNOWN, "SSH", "/k", "10.0.1.11"), Verdict.FAILED, "-p 22 10.0.1.11 >> /k"),
        (
            Cause(Kind.USER_REFUSED, "deploy", "/srv/key"),
            Verdict.FAILED,
            "/srv/key into ~/.ssh/authorized_keys of deploy",
        ),
        (Cause(Kind.PROGRAM_ABSENT, "socat", "balancer.x", "10.0.1.10"), Verdict.FAILED, "install socat on 10.0.1.10"),
        (Cause(Kind.SOCKET_SILENT, "socat stdio /s", "", "10.0.1.10"), Verdict.UNKNOWN, "show info | socat stdio /s"),
        (Cause(Kind.BACKEND_UNKNOWN, "socat stdio /s", "balancer.backend"), Verdict.UNKNOWN, "`balancer.backend`"),
        (Cause(Kind.STORE_UNMARKED, "/mnt/store"), Verdict.UNKNOWN, "mount /mnt/store on the worker"),
        (Cause(Kind.STORE_UNMARKED, "/mnt/store"), Verdict.UNKNOWN, "do not mark the empty folder"),
        (Cause(Kind.NO_ANSWER, "Sentry"), Verdict.UNKNOWN, "whether the worker reaches it"),
    ],
)
def test_advice_belongs_to_what_was_found(cause: Cause | None, verdict: Verdict, said: str) -> None:
    assert said in next_step(cause, verdict, usual=USUAL)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.NO_ANSWER])
def test_every_named_fault_has_advice_of_its_own(kind: Kind) -> None:
    said = next_step(Cause(kind, "name", "file", "host", 22), Verdict.FAILED, usual=USUAL)

    assert said
    assert USUAL not in said


def a_serving(
    *, held: bool = False, there: bool = True, running: bool = True, by_digest: bool = True, exit_code: int | None = 0
) -> Serving:
    return Serving(
        "web-server-1 does so",
        held=held,
        there=there,
        running=running,
        by_digest=by_digest,
        exit_code=exit_code,
        look_at_hold="cat HOLD",
        look_at_log="show the log",
        start="start it so",
    )


@pytest.mark.parametrize(
    ("serving", "verdict", "said", "advice"),
    [
        (a_serving(), Verdict.PASSED, "does so", ()),
        (a_serving(held=True), Verdict.FAILED, "HOLD", ("cat HOLD", "Break hold/break-hold", "remove the file")),
        (a_serving(held=True, running=False, exit_code=1), Verdict.FAILED, "HOLD", ("cat HOLD",)),
        (a_serving(there=False, running=False), Verdict.FAILED, "does so", ("by its digest",)),
        (a_serving(running=False, exit_code=137), Verdict.FAILED, "killed", ("show the log", "start it so")),
        (a_serving(running=False, exit_code=1), Verdict.FAILED, "does so", ("show the log", "start it so")),
        (a_serving(by_digest=False), Verdict.FAILED, "no way back", ("pull the image",)),
    ],
)
def test_what_a_server_runs_comes_with_what_to_do(
    serving: Serving, verdict: Verdict, said: str, advice: tuple[str, ...]
) -> None:
    judgement, step = judge_serving(serving)

    assert judgement.verdict is verdict
    assert said in judgement.sentence
    assert all(words in step for words in advice)
    assert bool(step) is bool(advice)


def test_a_container_that_ended_by_itself_is_not_called_killed() -> None:
    judgement, _ = judge_serving(a_serving(running=False, exit_code=1))

    assert "killed" not in judgement.sentence


def test_a_folder_that_is_not_writable_is_not_told_to_install_anything() -> None:
    assert next_step_of_tools((), directory="/srv/app") == "let the user own /srv/app there"
    assert "install flock there" in next_step_of_tools(("flock",), directory="/srv/app")
