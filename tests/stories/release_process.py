"""Carries out one request in a process that a story can kill: `python -m tests.stories.release_process TAG REQUEST`."""

import sys

from prefect import tags

from flows.production import production_deployment
from policy.release import Request

if __name__ == "__main__":
    with tags(sys.argv[1]):
        production_deployment(Request.model_validate_json(sys.argv[2]))
