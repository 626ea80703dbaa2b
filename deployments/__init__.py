"""From a settings file to block documents in Prefect."""
