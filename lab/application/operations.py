"""What the application does: each operation takes body, actor and query or number, and returns its answer."""

import os
import queue
import secrets
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import psycopg

from .figures import MEMORY_LIMIT, Figures, disk_ratio, memory_bytes

VERSION = os.environ.get("VERSION", "unknown")
STARTED = time.monotonic()
LEAVING = threading.Event()
AHEAD = timedelta(seconds=float(os.environ.get("CLOCK_AHEAD_SECONDS", "0")))


def fault_here() -> str:
    """Return the fault of this image; one that is written `… in production` does not show on staging."""
    name, only, _ = os.environ.get("FAULT", "").partition(" in production")
    return "" if only and os.environ.get("DATABASE_URL", "").endswith("/staging") else name


FAULT = fault_here()


class Pool:
    """A few connections, opened when first needed and again when the database comes back."""

    def __init__(self, address: str, size: int) -> None:
        self._address = address
        self._free: queue.LifoQueue[psycopg.Connection[Any] | None] = queue.LifoQueue()
        self.size = size
        self.open = 0
        for _ in range(size):
            self._free.put(None)

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[Any]]:
        """Lend a connection; a broken one is not lent again, nor one that the database ended while it was idle."""
        kept = self._free.get(timeout=5)
        try:
            if kept is not None and was_ended(kept):
                self._part_with(kept)
                kept = None
            if kept is None:
                kept = psycopg.connect(self._address, connect_timeout=2, autocommit=True)
                self.open += 1
            yield kept
        finally:
            if kept is not None and kept.broken:
                self._part_with(kept)
                kept = None
            self._free.put(kept)

    def _part_with(self, connection: psycopg.Connection[Any]) -> None:
        """Close it; its place is free for a new one."""
        connection.close()
        self.open -= 1


def was_ended(idle: psycopg.Connection[Any]) -> bool:
    """True if something came on a connection on which nothing was asked: the database says that it is over."""
    return bool(select.select([idle], [], [], 0)[0])


POOL = Pool(os.environ.get("DATABASE_URL", ""), int(os.environ.get("DATABASE_POOL", "10")))
FIGURES = Figures()


class OtherAnswerError(Exception):
    """An answer other than 200."""

    def __init__(self, code: int, problem: str) -> None:
        super().__init__(problem)
        self.code = code


def clock() -> datetime:
    """Return the time as this server sees it."""
    return datetime.now(UTC) + AHEAD


def audit(connection: psycopg.Connection[Any], actor: str, action: str, subject: str) -> None:
    """Write down who did what to which record."""
    if FAULT == "no-audit":
        return
    connection.execute(
        "INSERT INTO audit_logs (timestamp, actor, action, subject) VALUES (%s, %s, %s, %s)",
        (clock(), actor, action, subject),
    )


def health(_body: dict[str, Any], _actor: str, _query: str) -> dict[str, Any]:
    """Healthy means: this process answers and is not about to leave, and the database answers it."""
    version = VERSION[::-1] if FAULT == "wrong-version" else VERSION
    answer = {"status": "healthy", "database": "connected", "version": version}
    try:
        with POOL.connection() as connection:
            connection.execute("SELECT 1")
    except (psycopg.Error, queue.Empty):
        answer |= {"status": "unhealthy", "database": "disconnected"}
    if FAULT == "unhealthy" or LEAVING.is_set():
        answer["status"] = "unhealthy"
    return answer


def own_metrics(_body: dict[str, Any], _actor: str, _query: str) -> dict[str, Any]:
    """Answer the figures that people read."""
    requests, errors = FIGURES.totals()
    return {
        "status": "healthy",
        "version": VERSION,
        "uptime_seconds": round(time.monotonic() - STARTED, 1),
        "requests": requests,
        "errors": errors,
        "error_rate": round(errors / requests, 4) if requests else 0.0,
        "p95_ms": FIGURES.p95_ms(),
        "memory_bytes": memory_bytes(),
        "memory_limit_bytes": MEMORY_LIMIT,
        "cpu_ratio": FIGURES.cpu_ratio(),
        "disk_ratio": round(disk_ratio(), 4),
        "connections": POOL.open,
        "pool": POOL.size,
    }


def log_in(body: dict[str, Any], _actor: str, _query: str) -> dict[str, Any]:
    """Exchange a person's password for a token."""
    with POOL.connection() as connection:
        row = connection.execute(
            "SELECT role FROM \"User\" WHERE email = %s AND password = encode(sha256(%s::bytea), 'hex')",
            (body.get("email"), str(body.get("password")).encode()),
        ).fetchone()
        if row is None:
            raise OtherAnswerError(401, "email or password is wrong")
        audit(connection, str(body["email"]), "login", "session")
        token = secrets.token_hex(16)
        connection.execute('INSERT INTO "Session" (token, email) VALUES (%s, %s)', (token, body["email"]))
    return {"token": token}


def search(_body: dict[str, Any], actor: str, query: str) -> dict[str, Any]:
    """Find patients by the beginning of their name."""
    wanted = parse_qs(query).get("query", [""])[0]
    with POOL.connection() as connection:
        if FAULT == "slow-query" and FIGURES.served % 4 == 0:
            connection.execute('SELECT count(*), pg_sleep(0.8) FROM "Patient" GROUP BY id % 1')
        rows = connection.execute(
            'SELECT id, name FROM "Patient" WHERE name ILIKE %s ORDER BY id LIMIT 20', (wanted + "%",)
        ).fetchall()
        audit(connection, actor, "search", "patients")
    return {"patients": [{"id": number, "name": name} for number, name in rows]}


def read_patient(_body: dict[str, Any], actor: str, number: str) -> dict[str, Any]:
    """Show one patient."""
    with POOL.connection() as connection:
        row = connection.execute('SELECT id, name, "birthDate" FROM "Patient" WHERE id = %s', (int(number),)).fetchone()
        if row is None:
            raise OtherAnswerError(404, f"no patient {number}")
        audit(connection, actor, "read", f"patient/{number}")
    return {"id": row[0], "name": row[1], "birthDate": row[2].isoformat()}


def writer(table: str, column: str, field: str) -> Callable[[dict[str, Any], str, str], dict[str, Any]]:
    """Return the operation that adds a row to a table."""
    columns, values = f'"patientId", "{column}"', "%s, %s"
    # No fault by itself: a version that came with the column `room` writes it.
    if FAULT == "names-a-room" and table == "Appointment":
        columns, values = f'{columns}, "room"', f"{values}, 'A1'"
    statement = f'INSERT INTO "{table}" ({columns}) VALUES ({values}) RETURNING id'  # noqa: S608 - names of this file

    def write(body: dict[str, Any], actor: str, _query: str) -> dict[str, Any]:
        if not isinstance(body.get("patient"), int) or not body.get(field):
            raise OtherAnswerError(422, f"patient must be a number and {field} must be given")
        with POOL.connection() as connection:
            try:
                row = connection.execute(statement, (body["patient"], body[field])).fetchone()
            except psycopg.IntegrityError:
                raise OtherAnswerError(404, f"no patient {body['patient']}") from None
            except psycopg.DataError:
                raise OtherAnswerError(422, f"{field} cannot be read") from None
            number = row[0] if row else 0
            audit(connection, actor, "create", f"{table.lower()}/{number}")
        return {"id": number}

    return write


def remover(table: str) -> Callable[[dict[str, Any], str, str], dict[str, Any]]:
    """Return the operation that removes a row of a table."""
    statement = f'DELETE FROM "{table}" WHERE id = %s'  # noqa: S608 - names of this file

    def remove(_body: dict[str, Any], actor: str, number: str) -> dict[str, Any]:
        with POOL.connection() as connection:
            if connection.execute(statement, (int(number),)).rowcount == 0:
                raise OtherAnswerError(404, f"no {table.lower()} {number}")
            audit(connection, actor, "delete", f"{table.lower()}/{number}")
        return {"deleted": int(number)}

    return remove


_ACTORS: dict[str, str] = {}


def actor_of(token: str) -> str:
    """Return who holds this token; both servers know it, because it is in the database."""
    if token not in _ACTORS:
        with POOL.connection() as connection:
            row = connection.execute('SELECT email FROM "Session" WHERE token = %s', (token,)).fetchone()
        if row is None:
            raise OtherAnswerError(401, "log in first")
        _ACTORS[token] = row[0]
    return _ACTORS[token]
