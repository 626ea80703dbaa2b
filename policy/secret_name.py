"""The name of a secret, which stands in the settings; whatever cannot be one may be the secret itself."""

import re
from typing import Annotated, Any, get_args

from pydantic import BeforeValidator

from policy.typed import refusal

EXPECTED = "letters, digits and underscores"
_NAME = re.compile(r"[A-Za-z0-9_]+")
# So much in one piece, digits among it, is what systems give out as tokens, not what people call one.
_TOKEN = re.compile(r"(?=[A-Za-z]*[0-9])[A-Za-z0-9]{20,}")


def is_secret_name(text: str) -> bool:
    """Whether a secret can have that name, in the environment and as a file."""
    return _NAME.fullmatch(text) is not None


def say_unshown(found: object) -> str:
    """Describe what stands in the place of a name, and show nothing of it."""
    if found == "":
        return "found nothing"
    size = f" of {len(found)} characters" if isinstance(found, str) else ""
    return f"found something{size} that is not shown, for it may be the secret itself"


def _read_name(value: object) -> object:
    if not isinstance(value, str) or not is_secret_name(value):
        raise refusal(f"expected the name of a secret ({EXPECTED}), {say_unshown(value)}")
    if _TOKEN.search(value):
        raise refusal(f"expected the name of a secret, such as GITHUB_TOKEN, {say_unshown(value)}")
    return value


SecretName = Annotated[str, BeforeValidator(_read_name)]


def names_a_secret(annotation: Any) -> bool:
    """Whether a field of that type holds the name of a secret, or may."""
    return annotation == SecretName or SecretName in get_args(annotation)
