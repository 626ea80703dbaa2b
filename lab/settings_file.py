"""Writes the settings of this lab, with the same keys as for a real company."""

import json
import unicodedata
from collections.abc import Mapping
from typing import Any

from lab import prisma_cli
from lab.balancer import BACKEND, Balancer
from lab.home import SIGNING_KEY, Home
from lab.object_store import BACKUPS
from lab.postgres import PROGRAMS
from lab.processes import program
from lab.ssh_hosts import SshHosts

CHANNELS = {"C0DEPLOYMENTS": "deployments", "C0ALERTS": "alerts", "C0ENGINEERING": "engineering"}
# The real one keeps a scheduled message from its last minute on; the lab's minutes are seconds.
SLACK_LAST_CHANCE = 2.0
PEOPLE = (
    ("Tomas Lima", "tech lead", "tlima", "tomas", "U0TOMAS", "+1 555 0101"),
    ("Carla Ortiz", "cto", "cortiz", "carla", "U0CARLA", "+1 555 0102"),
    ("Dora Levin", "devops lead", "dlevin", "dora", "U0DORA", "+1 555 0103"),
    ("Omar Reyes", "on-call engineer", "oreyes", "omar", "U0OMAR", "+1 555 0104"),
    ("Sofia Brandt", "security lead", "sbrandt", "sofia", "U0SOFIA", "+1 555 0105"),
    ("Dev Anand", "developer", "devanand", "dev", "U0DEV", "+1 555 0106"),
    ("Ana Souza", "developer", "anasouza", "ana", "U0ANA", "+1 555 0107"),
)
ON_CALL = "U0OMAR"
# Each request of the lab's application leaves an audit row; those that change something are counted apart.
AUDITED = 'sum(increase(http_requests_total{method="POST",code="200"}[$span]))'
ALWAYS = [{"days": "Mon-Sun", "from": "00:00", "until": "24:00"}]
# Whoever tries the lab on a Friday evening or a Sunday releases as on any other day.
ALWAYS_OPEN: dict[str, Any] = {
    "windows": {"low": ALWAYS, "medium": ALWAYS, "high": ALWAYS},
    "peaks": [],
    "holidays": False,
    "avoid_weekends": False,
    "avoid_friday_from": "24:00",
}
# A product of somebody's own has no metrics yet and no database; each is added to the settings when it is there.
ONLY_OF_THE_PORTAL = (
    *("staging_metrics", "staging_database", "load_test", "prisma", "prometheus"),
    *("database", "backups", "scratch_database"),
)
LIMITS: dict[str, float | int] = {
    # Long enough for a whole window of the new version, or there is nothing to compare at the gate.
    "first_server_watch": 8,
    "immediate_watch": 3,
    "extended_watch": 6,
    "hotfix_watch": 6,
    "watch_interval": 0.5,
    "watch_window": 5,
    "warm_up": 0.5,
    "roll_back_after": 2,
    "consider_after": 4,
    "sample_age": 5,
    # Of fifty that come to each of two servers in a window; a busy machine sends fewer.
    "least_requests": 10,
    "unknown_patience": 5,
    "audit_window": 60,
    "heartbeat": 1,
    "heartbeat_stale": 10,
    "drain": 15,
    "drain_home": 3,
    "boot": 15,
    "build": 30,
    "staging": 30,
    "staging_watch": 6,
    "load_share": 0.8,
    "approval": 600,
    "wrong_code_delay": 0.5,
    "reminder": 120,
    "choice": 10,
    "dead_man": 30,
    "on_call_patience": 5,
    "slow_query_calls": 5,
}


def spelt(text: str) -> str:
    """Return how a name is compared, as the gate compares it: case, accents, doubled blanks mean nothing."""
    apart = unicodedata.normalize("NFKD", " ".join(text.split()))
    letters = "".join(letter for letter in apart if not unicodedata.combining(letter) and letter.isprintable())
    return " ".join(letters.casefold().split())


def find_name(said: str) -> str | None:
    """Return who of the company is meant by a name, a login or a mail address."""
    by_word = {
        spelt(word): str(person["name"])
        for person in people()
        for word in (person["name"], *person["github"], *person["emails"])
    }
    return by_word.get(spelt(said))


def people() -> list[dict[str, Any]]:
    """Return the roster."""
    return [
        {
            "name": name,
            "roles": [role],
            "github": [login],
            "emails": [f"{mail}@holilabs.xyz"],
            "slack": slack,
            "phone": phone,
        }
        for name, role, login, mail, slack, phone in PEOPLE
    ]


def settings(home: Home, balancer: Balancer, hosts: SshHosts) -> dict[str, Any]:
    """Return every setting of this lab."""

    def server(name: str) -> dict[str, Any]:
        return {
            "name": name,
            "host": home.address("ssh_" + name),
            "port": home.ports["ssh_" + name],
            "service": home.servers[name],
            "directory": str(home.project(name)),
            "health": home.url("app_" + name) + "/api/health",
        }

    registry = f"127.0.0.1:{home.ports['registry']}"
    return {
        "environment": "production",
        "time_zone": "America/Los_Angeles",
        "country": "US",
        "secrets": str(home.secrets),
        "spool": str(home.folder("spool")),
        "prefect_ui": home.url("prefect"),
        "store": {"folder": str(home.folder("store"))},
        "people": people(),
        "fleet": {
            "user": home.user,
            "key_file": str(home.secrets / "id_ed25519"),
            "known_hosts": str(hosts.known_hosts),
            "compose_file": home.product.compose_file,
            "servers": [{**server(name), "balancer_name": name} for name in home.web_servers],
        },
        "staging": {"branch": "staging", **server("staging")},
        "staging_metrics": {"url": home.url("prometheus"), "scrape_interval": 1},
        **_migrations(home),
        "load_test": {"program": program("k6"), "rate": 20, "duration": 5},
        "balancer": {
            "host": home.address("ssh_balancer"),
            "port": home.ports["ssh_balancer"],
            "directory": str(home.folder("hosts/balancer/opt/haproxy")),
            "socket_command": balancer.socket_command(),
            "backend": BACKEND,
        },
        "application": {
            "url": home.url("balancer"),
            "host_header": "api.holilabs.xyz",
            "health": "/api/health",
            "metrics": "/api/health/metrics",
            "demo_user": "demo@holilabs.xyz",
            "demo_password": "DEMO_PASSWORD",
        },
        "github": {
            "url": home.url("github"),
            "repository": home.product.repository,
            "token": "GITHUB_TOKEN",
            "workflow": "ci.yml",
            "main": "main",
        },
        "slack": {
            "url": home.url("slack") + "/api/",
            "token": "SLACK_TOKEN",
            "deployments": "C0DEPLOYMENTS",
            "alerts": "C0ALERTS",
            "engineering": "C0ENGINEERING",
            "last_chance": SLACK_LAST_CHANCE,
        },
        "pagerduty": {"url": home.url("pagerduty"), "routing_key": "PAGERDUTY_ROUTING_KEY"},
        "prometheus": {"url": home.url("prometheus"), "scrape_interval": 1, "queries": {"audited_query": AUDITED}},
        "database": {
            "host": "127.0.0.1",
            "port": home.ports["postgres"],
            "name": "holi",
            "user": "holi",
            "password": "DATABASE_PASSWORD",
            "sslmode": "disable",
            "pool": 60,
            "audit_table": "audit_logs",
            "audit_actor": "actor",
            "audit_own": ["demo@holilabs.xyz"],
            "key_queries": {
                "patients by name": 'SELECT id FROM "Patient" ORDER BY name',
                "appointments to come": 'SELECT id FROM "Appointment" WHERE "startsAt" > now()',
            },
        },
        "backups": {
            "bucket": BACKUPS,
            "endpoint": home.url("s3"),
            "region": "us-east-1",
            "access_key": "BACKUP_ACCESS_KEY",
            "secret_key": "BACKUP_SECRET_KEY",
            "encryption": "AES256",
            "pg_dump": str(PROGRAMS / "pg_dump"),
            "pg_restore": str(PROGRAMS / "pg_restore"),
        },
        "scratch_database": {
            "host": "127.0.0.1",
            "port": home.ports["prefect_postgres"],
            "user": "scratch",
            "password": "SCRATCH_PASSWORD",
            "sslmode": "disable",
            "patience": 60,
        },
        "registry": {
            "url": home.url("registry"),
            "name": f"{registry}/{home.product.image}",
            "user": "ci",
            "password": "REGISTRY_PASSWORD",
        },
        "incidents": {"where": "github"},
        "coverage": {"artifact": "coverage"},
        "security": {"scanners": ["pnpm audit", "gitleaks", "code scanning", "Snyk"]},
        "signing": {"key": SIGNING_KEY, "public_keys": {"worker-1": home.public_key()}},
        "calendar": ALWAYS_OPEN,
        "limits": LIMITS,
    }


def of_own_product(known: dict[str, Any]) -> dict[str, Any]:
    """Return what is left for a product of somebody's own: a health check, a login, and no database."""
    left = {name: table for name, table in known.items() if name not in ONLY_OF_THE_PORTAL}
    left["application"] = {**known["application"], "smoke_tests": []}
    left["security"] = {"scanners": [name for name in known["security"]["scanners"] if name != "Snyk"]}
    return left


def _migrations(home: Home) -> dict[str, Any]:
    """What section 6 needs; without Node a release with migrations is refused, and everything else works."""
    if not prisma_cli.is_possible():
        return {}
    database = {
        "host": "127.0.0.1",
        "port": home.ports["postgres"],
        "name": "staging",
        "user": "holi",
        "password": "DATABASE_PASSWORD",
        "sslmode": "disable",
    }
    prisma = {"directory": str(prisma_cli.FOLDER), "environment": prisma_cli.ENVIRONMENT}
    return {"staging_database": database, "prisma": prisma}


def as_toml(tables: Mapping[str, Any], prefix: str = "") -> str:
    """Return nested mappings as TOML: plain values first, then tables."""
    plain, nested = [], []
    for word, value in tables.items():
        key = word if word.replace("_", "").replace("-", "").isalnum() else json.dumps(word)
        name = f"{prefix}.{key}" if prefix else key
        if isinstance(value, dict):
            nested.append(f"\n[{name}]\n{as_toml(value, name)}")
        elif isinstance(value, list) and value and isinstance(value[0], dict) and len(value[0]) > 3:
            nested += [f"\n[[{name}]]\n{as_toml(entry, name)}" for entry in value]
        else:
            plain.append(f"{key} = {_value(value)}\n")
    return "".join(plain + nested)


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_value(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_value(entry) for entry in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value)
