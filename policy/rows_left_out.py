"""What PostgreSQL says, without what it quotes of a row, which may be a patient's."""

import re

# A value stands in quotes after a colon or the word value, a whole row or a key in brackets. Where the value has a line
# of its own the quotes or brackets are not closed on this one.
_OF_A_ROW = re.compile(r"(: |\b[Vv]alue )[\"'](?:.*[\"']|.*$)|(?:(?<=\)=)|(?<=row contains ))\((?:.*\)|.*$)", re.DOTALL)


def leave_rows_out(words: str) -> str:
    """Return PostgreSQL's sentence with […] where it quotes what stood in a row."""
    return _OF_A_ROW.sub(lambda found: f"{found[1] or ''}[…]", words)
