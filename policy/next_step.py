"""What to do next follows from what was found; only where that says nothing of its own is a row's advice right."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum, auto

from policy.judgement import Judgement, Verdict, failed, passed

# 128 and the number of the signal: what ends so was killed, and did not end by itself.
_KILLED = 128 + 9
_TOKENS = 'docs/your-company.md, "What the tokens may do"'


class Kind(StrEnum):
    """Why a system was not even asked, or did not let us in."""

    SECRET_MISNAMED = auto()
    SECRET_WITHOUT_FOLDER = auto()
    SECRET_ABSENT = auto()
    SECRET_NO_FILE = auto()
    SECRET_MODE = auto()
    SECRET_UNREADABLE = auto()
    SECRET_EMPTY = auto()
    TOKEN_REFUSED = auto()
    SCOPE_LACKING = auto()
    LOGIN_REFUSED = auto()
    SETTING = auto()
    SETTINGS_ABSENT = auto()
    FILE_ABSENT = auto()
    HOST_KEY_OTHER = auto()
    HOST_KEY_UNKNOWN = auto()
    USER_REFUSED = auto()
    PROGRAM_ABSENT = auto()
    SOCKET_SILENT = auto()
    BACKEND_UNKNOWN = auto()
    STORE_UNMARKED = auto()
    NO_ANSWER = auto()


@dataclass(frozen=True, slots=True)
class Cause:
    """One fault: of what kind, of which secret, file, user or system, and where; rows with the same one have one fault.

    `file` is where the fault is mended; `host` and `port` are those of SSH.
    """

    kind: Kind
    name: str
    file: str = ""
    host: str = ""
    port: int = 22


@dataclass(frozen=True, slots=True)
class Serving:
    """What a server's engine says of the container, and how a person reaches it: the lines to type."""

    sentence: str
    held: bool
    there: bool
    running: bool
    by_digest: bool
    exit_code: int | None
    look_at_hold: str
    look_at_log: str
    start: str


def next_step(cause: Cause | None, verdict: Verdict, *, usual: str) -> str:
    """Say what mends the fault that was found; `usual` is what the row says where the fault has no name."""
    if cause is None:
        return f"try it again; if it stays so: {usual}" if verdict is Verdict.UNKNOWN and usual else usual
    if cause.kind is Kind.NO_ANSWER:
        return f"see whether the worker reaches it, and whether its address in the settings is right; then: {usual}"
    return _SAID[cause.kind].format(name=cause.name, file=cause.file, host=cause.host, port=cause.port, tokens=_TOKENS)


_SAID = {
    Kind.SECRET_MISNAMED: "write the name of the secret into the settings, not its value, and save them:"
    " python -m deployments.save_blocks says which setting it is",
    Kind.SECRET_WITHOUT_FOLDER: "set `secrets` in the settings to the folder that holds the file {name}, or put {name}"
    " into the worker's environment",
    Kind.SECRET_ABSENT: "as the worker's user write the value into the file: (umask 077; cat > {file})",
    Kind.SECRET_NO_FILE: "put a file with the value in the place of {file}, of mode 0600",
    Kind.SECRET_MODE: "chmod 600 {file}",
    Kind.SECRET_UNREADABLE: "let the worker's user own it and read it: chown USER {file}; chmod 600 {file}",
    Kind.SECRET_EMPTY: "write the value of {name} into {file}",
    Kind.TOKEN_REFUSED: "make a new token at {name} and write it into its secret: {tokens}",
    Kind.SCOPE_LACKING: "give the token the scope {name} (OAuth & Permissions), and install the app again",
    Kind.LOGIN_REFUSED: "log in by hand as the settings say ({name}), and mend the user there or the password in its"
    " secret",
    Kind.SETTING: "mend {name} in {file}: docs/settings.md says of each setting what is expected",
    Kind.SETTINGS_ABSENT: "copy docs/example.toml to {file} and make it yours, or name your file in {name}",
    Kind.FILE_ABSENT: "put the file {file} there, or name the right one in the settings",
    Kind.HOST_KEY_OTHER: "if the machine was set up anew, compare its fingerprint on its own console (`ssh-keygen -lf"
    " /etc/ssh/ssh_host_ed25519_key.pub`) and renew its line in {file} (`ssh-keyscan -p {port} {host}`); if it was"
    " not, somebody stands in between: deploy nothing",
    Kind.HOST_KEY_UNKNOWN: "compare its fingerprint on its own console (`ssh-keygen -lf"
    " /etc/ssh/ssh_host_ed25519_key.pub`), then add its line: ssh-keyscan -p {port} {host} >> {file}",
    Kind.USER_REFUSED: "put the public half of {file} into ~/.ssh/authorized_keys of {name} there",
    Kind.PROGRAM_ABSENT: "install {name} on {host}, or name there in {file} what takes its place",
    Kind.SOCKET_SILENT: "on {host}, as the user of the settings, type: echo show info | {name}; let HAProxy run, and"
    " let that user write to its socket (`stats socket … level admin`)",
    Kind.BACKEND_UNKNOWN: "put the backend of HAProxy's configuration that holds the servers into `{file}`; on {host}"
    " this lists them: echo show backend | {name}",
    Kind.STORE_UNMARKED: "mount {name} on the worker, or name the right folder in `store.folder`; do not mark the empty"
    " folder where it would be mounted: holds and records would begin anew beside those there are. Only a store that"
    " never held anything is marked, once: python -m deployments.save_blocks",
}


def next_step_of_tools(missing: Collection[str], *, directory: str) -> str:
    """Say what mends a server that lacks programs, or whose directory the user may not write into."""
    own = f"let the user own {directory}"
    return (
        f"install {', '.join(missing)} there (util-linux, coreutils, diffutils), and {own}"
        if missing
        else f"{own} there"
    )


def judge_serving(serving: Serving) -> tuple[Judgement, str]:
    """Pass if the container runs from an image that has a digest; with it goes what to do where it does not."""
    if serving.held:
        return (
            failed("a file HOLD is there: somebody repairs by hand, and no release touches it"),
            f"see who and why: {serving.look_at_hold}; when the repair is done, remove the file"
            " (`Break hold/break-hold` frees the environment, and leaves this file)",
        )
    if not serving.there:
        return failed(serving.sentence), "start the service there from an image that was pulled by its digest"
    if not serving.running:
        killed = " (it was killed: by a person, or for want of memory)" if serving.exit_code == _KILLED else ""
        return failed(f"{serving.sentence}{killed}"), f"see why: {serving.look_at_log}; then start it: {serving.start}"
    if not serving.by_digest:
        return (
            failed(f"{serving.sentence}, so there is no way back to it"),
            "pull the image from the registry by its digest there, and start the service from that",
        )
    return passed(serving.sentence), ""
