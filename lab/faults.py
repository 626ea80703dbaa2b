"""What may be wrong in a company before anybody releases: ten faults, each by name, which `make doctor` has to find."""

from collections.abc import Callable
from dataclasses import dataclass

from lab.client import Lab
from lab.history import CI, CI_FILE, DEPLOY_JOB


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: its name, what is so, and how the lab comes to be so."""

    name: str
    sentence: str
    begin: Callable[[Lab], object]


FAULTS = (
    Fault(
        "clock-ahead",
        "The clock of web-server-2 is five minutes ahead.",
        lambda lab: lab.set_clock("web-server-2", ahead=300),
    ),
    Fault(
        "disk-nearly-full",
        "The disk of web-server-1 is in use by 96 %.",
        lambda lab: lab.do("use_disk", host="web-server-1", share=0.96),
    ),
    Fault(
        "without-compose",
        "The Docker of web-server-2 has no Compose v2.",
        lambda lab: lab.do("lose_compose", host="web-server-2"),
    ),
    Fault(
        "worker-on-a-target",
        "A Prefect worker runs on web-server-1, which it would update under its own feet.",
        lambda lab: lab.do(
            "run_on_host",
            host="web-server-1",
            process="/opt/countersign/.venv/bin/python /opt/countersign/.venv/bin/prefect worker start --pool x",
        ),
    ),
    Fault(
        "prefect-database-on-a-target",
        "Prefect's database runs on web-server-2.",
        lambda lab: lab.do(
            "run_on_host", host="web-server-2", process="postgres: prefect prefect 10.0.4.10(52362) idle"
        ),
    ),
    Fault(
        "other-host-key",
        "The staging server shows another SSH key than the one in known_hosts.",
        lambda lab: lab.rotate_host_key("staging"),
    ),
    Fault(
        "deploy-job-left",
        "The pipeline still deploys production after each push to main.",
        lambda lab: lab.ship("1.4.9", files={CI_FILE: CI + DEPLOY_JOB}),
    ),
    Fault(
        "github-reads-only",
        "The token's account may read the repository and not write to it.",
        lambda lab: lab.do("take_writing"),
    ),
    Fault(
        "bot-not-in-alerts",
        "Our bot is not in the Slack channel where people are paged.",
        lambda lab: lab.do("put_bot_out", channel="C0ALERTS"),
    ),
    Fault(
        "sentry-refuses",
        "The token for Sentry may no longer read issues.",
        lambda lab: lab.do("forbid", vendor="sentry"),
    ),
)
