"""The stand-in's daemon: has everything loaded, and a copy of it carries out each command that a client hands over.

A command whose client is gone ends with it, as one that a time limit killed.
"""

import fcntl
import os
import signal
import socket
import sys
from pathlib import Path

# What a command may need is loaded once, here.
from lab.engine import __main__ as commands
from lab.engine import keeper, registry_client

LOADED = (keeper, registry_client)
HEADER = 4


def serve(path: Path) -> None:
    """Carry out commands until told to end."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(64)
        while True:
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _carry_out(connection)
            connection.close()


def _carry_out(connection: socket.socket) -> None:
    """Become the command of one client, and tell it how that ended."""
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        size, streams, _, _ = socket.recv_fds(connection, HEADER, 3)
        body = _read(connection, int.from_bytes(size)).decode(errors="surrogateescape")
        folder, count, *parts = body.split("\0")
        words, variables = parts[: int(count)], parts[int(count) :]
        os.chdir(folder)
        os.environ.clear()
        for variable in variables:
            name, _, value = variable.partition("=")
            os.environ[name] = value
        for stream, number in zip(streams, (0, 1, 2), strict=True):
            os.dup2(stream, number)
            os.close(stream)
        # From now on the client says nothing more: what still arrives is its end, and the signal ends this process.
        fcntl.fcntl(connection, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(connection, fcntl.F_SETFL, os.O_ASYNC)
        sys.argv = ["docker", *words]
        code = commands.main()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        connection.send(bytes([code]))
        os._exit(code)


def _read(connection: socket.socket, size: int) -> bytes:
    body = b""
    while len(body) < size and (more := connection.recv(size - len(body))):
        body += more
    return body


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
