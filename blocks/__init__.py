"""How to talk to one outside system: configuration and a few verbs, one file each. No block decides."""
