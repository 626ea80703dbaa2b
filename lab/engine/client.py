"""The command `docker` on a host of the lab: hands its words, environment and streams to the daemon, and ends as told.

It loads next to nothing, for a release gives some hundred commands: `client.py SOCKET HOST docker-words…`.
"""

# The module `socket` around it takes longer to load than all that happens here.
import _socket
import os
import sys
from array import array

NOT_ANSWERED = 1


def main() -> int:
    """Carry out the command line; the exit status is Docker's."""
    socket, host, *words = sys.argv[1:]
    environment = {**os.environ, "LAB_HOST": host}
    variables = (f"{name}={value}" for name, value in environment.items())
    parts = [os.getcwd(), str(len(words)), *words, *variables]  # noqa: PTH109 - pathlib takes longer to load
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.connect(socket)
        streams = array("i", (0, 1, 2))
        body = "\0".join(parts).encode(errors="surrogateescape")
        connection.sendmsg(
            [len(body).to_bytes(4, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams.tobytes())]
        )
        connection.sendall(body)
        answer = connection.recv(1)
    except OSError:
        answer = b""
    if answer:
        return answer[0]
    sys.stderr.write(f"Cannot connect to the Docker daemon at unix://{socket}. Is the docker daemon running?\n")
    return NOT_ANSWERED


if __name__ == "__main__":
    sys.exit(main())
