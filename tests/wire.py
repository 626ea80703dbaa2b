"""A proxy on the wire: passes everything on, and lets a test act at a chosen request or answer."""

import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Thread

LARGEST = 65536
Look = Callable[[bytes], bool]


class Proxy:
    """A way to a server on this machine; a connection whose request or answer is not let through is cut.

    A request that is not let through gets `refusal` as its answer.
    """

    def __init__(
        self,
        port: int,
        *,
        request: Look = lambda _: True,
        answer: Callable[[bytes, bytes], bool] = lambda _asked, _answer: True,
        refusal: bytes = b"",
    ) -> None:
        self._upstream = port
        self._request = request
        self._answer = answer
        self._refusal = refusal
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no new connection."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                connection = _Connection(client, socket.create_connection(("127.0.0.1", self._upstream)))
                Thread(target=self._pass_on, args=(connection,), daemon=True).start()
                Thread(target=self._pass_back, args=(connection,), daemon=True).start()

    def _pass_on(self, connection: "_Connection") -> None:
        with suppress(OSError):
            while data := connection.client.recv(LARGEST):
                if data.startswith((b"PUT ", b"GET ", b"HEAD ", b"POST ", b"DELETE ")):
                    connection.asked = data
                    if not self._request(data):
                        connection.client.sendall(self._refusal)
                        break
                connection.server.sendall(data)
            connection.close()

    def _pass_back(self, connection: "_Connection") -> None:
        with suppress(OSError):
            while data := connection.server.recv(LARGEST):
                if not data.startswith(b"HTTP/1.1 100") and not self._answer(connection.asked, data):
                    break
                connection.client.sendall(data)
            connection.close()


class _Connection:
    """One client's connection, the server's beside it, and what was asked on it last."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client = client
        self.server = server
        self.asked = b""

    def close(self) -> None:
        """Let go of both."""
        for end in (self.client, self.server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
