"""A stand-in for Docker and Compose: the words that roll-outs use, the rest is refused."""
