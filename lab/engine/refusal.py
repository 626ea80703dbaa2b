"""How the stand-in says no."""


class RefusedError(Exception):
    """The command is not carried out; the message goes to standard error and the code is the exit status."""

    def __init__(self, message: str, *, code: int = 1) -> None:
        super().__init__(message)
        self.code = code
