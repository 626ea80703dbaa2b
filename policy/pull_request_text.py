"""What somebody wrote themselves into a pull request: words, tickets and pictures."""

import re
from collections.abc import Iterable, Iterator, Sequence

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_CODE = re.compile(r"(```|~~~).*?(?:\1|\Z)|`[^`\n]*`", re.DOTALL)
_HEADING = re.compile(r"#{1,6}(\s|$)")
_TICKED = re.compile(r"\[[xX]\]")
_URL = re.compile(r"https?://[^\s<>\"')\]]+", re.IGNORECASE)
_MARKDOWN_IMAGE = re.compile(r"!\[[^\]]*\]\(\s*<?([^)\s>]+)")
_HTML_IMAGE = re.compile(r"<(?:img|video|source)\b[^>]*?\bsrc\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE)
# What is dragged into GitHub's form is kept under such an address, without an ending.
_UPLOADED = re.compile(r"https://github\.com/(?:user-attachments/assets|[\w.-]+/[\w.-]+/assets/\d+)/[\w-]+", re.I)
_PICTURE_ENDING = re.compile(r"\.(?:png|jpe?g|gif|webp|avif|svg|mp4|mov|webm)(?:[?#].*)?$", re.IGNORECASE)
# What bots put into a description: badges, buttons, graphs, faces. A screenshot may be called save-button.png.
_BADGE = re.compile(
    r"badge|shields\.io|button[\w-]*(?:\.svg|/?(?:[?#]|$))|(?:open|fix)[-_]in[-_][\w-]+\.svg"
    r"|//(?:[\w-]+\.)*(?:codecov\.io|contrib\.rocks|githubassets\.com|reviewable\.io)/"
    r"|//(?:static\.graphite\.(?:dev|com)|developer\.stackblitz\.com|avatars\.githubusercontent\.com)/"
    r"|//(?:www\.)?(?:cursor\.com|gitpod\.io|codesandbox\.io/static|res\.cloudinary\.com/snyk|api\.segment\.io)/",
    re.IGNORECASE,
)
_ANY_TICKET = re.compile(r"(?<![A-Za-z0-9])[A-Z][A-Z0-9]{1,9}-\d+(?![A-Za-z0-9])")
_LEAST_DIFFERENT_LETTERS = 5


def read_own_text(body: str, templates: Iterable[str]) -> str:
    """Return the body without comments and without the lines of the templates."""
    given = [line for template in templates for line in _lines(template)]
    whole = {_plain(line) for line in given}
    labels = sorted((_plain(line) for line in given if line.rstrip("*_ ").endswith(":")), key=len, reverse=True)
    kept = (_without_label(line, labels) for line in _lines(body) if _plain(line) not in whole)
    return "\n".join(line for line in kept if line)


def describes(text: str, *, title: str, least_letters: int) -> bool:
    """Whether the text says something of its own, beyond headings, addresses, pictures, tickets and the title."""
    prose = "\n".join(line for line in text.splitlines() if not _HEADING.match(line.strip()))
    for noise in (_MARKDOWN_IMAGE, _HTML_IMAGE, _URL, _ANY_TICKET):
        prose = noise.sub(" ", prose)
    if _plain(prose) == _plain(title):
        return False
    letters = [letter for letter in prose.casefold() if letter.isalpha()]
    return len(letters) >= least_letters and len(set(letters)) >= _LEAST_DIFFERENT_LETTERS


def find_tickets(texts: Iterable[str], *, prefixes: Sequence[str]) -> tuple[str, ...]:
    """Return the ticket keys in the texts, such as HOLI-12; with prefixes also where they are in lower case."""
    pattern = _ANY_TICKET
    if prefixes:
        known = "|".join(re.escape(prefix) for prefix in prefixes)
        pattern = re.compile(rf"(?<![A-Za-z0-9])(?:{known})-\d+(?![A-Za-z0-9])", re.IGNORECASE)
    return tuple(dict.fromkeys(found.upper() for text in texts for found in pattern.findall(text)))


def shows_picture(text: str) -> bool:
    """Whether an image or a video is in the text; a badge or button is neither, and nothing in code is shown."""
    return any(not _BADGE.search(address) for address in _pictures(_CODE.sub(" ", text)))


def _pictures(text: str) -> Iterator[str]:
    for pattern in (_MARKDOWN_IMAGE, _HTML_IMAGE):
        yield from pattern.findall(text)
    yield from _UPLOADED.findall(text)
    yield from (address for address in _URL.findall(text) if _PICTURE_ENDING.search(address))


def _lines(text: str) -> list[str]:
    return [line.strip() for line in _COMMENT.sub("", text).splitlines() if line.strip()]


def _plain(line: str) -> str:
    """Bring a line and its ticked or respaced copy together."""
    return " ".join(_TICKED.sub("[ ]", line).casefold().split())


def _without_label(line: str, labels: Iterable[str]) -> str:
    """Drop the template's `Ticket:` from a line that was filled in behind it."""
    label = next((label for label in labels if line.casefold().startswith(label)), "")
    return line[len(label) :].strip()
