"""What a host of the lab says of itself: what runs on it and how full its disk is.

The hosts share the process table and the disk of one machine, so each has commands of its own.
"""

from pathlib import Path

WITHOUT_COMPOSE = "without-compose"
PROCESSES = "processes"
USUAL = "/sbin/init\nsshd: /usr/sbin/sshd -D\n/usr/bin/dockerd -H fd://\n"
PS = """\
#!/bin/sh
# What runs on this host of the lab.
if [ "$*" != "-eo args" ]; then echo "ps: the lab knows only: ps -eo args" >&2; exit 1; fi
echo COMMAND
exec cat '{file}'
"""
DF = """\
#!/bin/sh
# The disk of this host is nearly full.
echo 'Filesystem 1024-blocks Used Available Capacity Mounted on'
echo '/dev/vda1 41152736 {used} {left} {share}% /'
"""
BLOCKS = 41_152_736


def furnish(host: Path) -> None:
    """Nothing unusual runs on the host, its disk is the machine's, and its Docker has Compose."""
    (host / PROCESSES).write_text(USUAL)
    _command(host, "ps", PS.format(file=host / PROCESSES))
    (host / "bin" / "df").unlink(missing_ok=True)
    (host / WITHOUT_COMPOSE).unlink(missing_ok=True)


def run_also(host: Path, process: str) -> None:
    """Let this command line be among what runs on the host."""
    with (host / PROCESSES).open("a") as file:
        file.write(f"{process}\n")


def use_disk(host: Path, share: float) -> None:
    """Let the host's disk be in use by this share."""
    used = round(BLOCKS * share)
    _command(host, "df", DF.format(used=used, left=BLOCKS - used, share=round(share * 100)))


def lose_compose(host: Path) -> None:
    """Let the host's Docker be without Compose v2."""
    (host / WITHOUT_COMPOSE).touch()


def _command(host: Path, name: str, text: str) -> None:
    command = host / "bin" / name
    draft = command.with_suffix(".draft")
    draft.write_text(text)
    draft.chmod(0o755)
    draft.replace(command)
