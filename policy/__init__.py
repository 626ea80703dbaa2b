"""Why: every decision. Pure: no Prefect, no I/O, no environment; the time comes in as an argument."""
