"""When, and in what order: each phase of the checklist is a flow."""
