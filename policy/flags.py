"""Does every flag that the request names have its stated value in production (1.2.4)."""

from collections.abc import Mapping
from difflib import get_close_matches

from policy.combined import combine
from policy.judgement import Judgement, failed, not_applicable, passed, unknown
from policy.wording import counted

# A longer value is a key or a text, not a flag: if it stands under a flag's name it is not repeated.
_LONGEST_SHOWN = 40


def judge_flags(stated: Mapping[str, str], found: Mapping[str, str | None] | None, *, config: str) -> Judgement:
    """Pass when each stated flag exists in the production config with exactly the stated value.

    `found` holds the config's values by name, None for one that may not be read; it is None itself when the
    config could not be read. Of other names than the stated ones nothing is ever said but a likely spelling.
    """
    if not stated:
        return not_applicable("the request names no flag")
    if found is None:
        return unknown(f"{config} could not be read, so {', '.join(stated)} could not be checked")
    if not found:
        return unknown(f"{config} answered without a single name, so {', '.join(stated)} could not be checked")
    parts = [_judge_flag(name, value, found, config) for name, value in stated.items()]
    shown = ", ".join(f"{name} is {_show(value)}" for name, value in stated.items())
    return combine(parts, well=f"{counted(len(stated), 'flag')} as stated in {config}: {shown}")


def _judge_flag(name: str, stated: str, found: Mapping[str, str | None], config: str) -> Judgement:
    if name not in found:
        likely = get_close_matches(name, found, n=1)
        return failed(f"{name} does not exist in {config}{f'; did you mean {likely[0]}?' if likely else ''}")
    value = found[name]
    if value is None:
        return unknown(f"{name} exists in {config}, but its value may not be read with this token")
    if not value.strip():
        return failed(f"{name} is empty in {config}, stated is {_show(stated)}: an empty flag decides nothing")
    if value != stated:
        return failed(f"{name} is {_show(value)} in {config}, stated is {_show(stated)}")
    return passed(f"{name} is {_show(value)}")


def _show(value: str) -> str:
    if len(value) > _LONGEST_SHOWN or not value.isprintable():
        return f"a value of {counted(len(value), 'character')} (not shown)"
    return f"{value!r}"
