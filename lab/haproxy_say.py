"""Say one line to a HAProxy socket and print the answer, as `socat stdio SOCKET` does."""

import socket
import sys


def main() -> int:
    """Print the answer; exit 1 with a sentence when the socket does not answer."""
    line = sys.stdin.readline().strip()
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(sys.argv[1])
            connection.sendall(line.encode() + b"\n")
            while part := connection.recv(65536):
                sys.stdout.write(part.decode())
    except OSError as problem:
        print(f"{sys.argv[1]}: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
