"""What somebody says who was asked whether they are ready (1.3.8).

Whatever is not wholly understood is no yes: "ready in an hour" holds a word that agrees, and refuses.
"""

import re
from enum import StrEnum


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


_YES_EMOJIS = _words(
    "+1 100 ballot_box_with_check heavy_check_mark muscle ok ok_hand raised_hand saluting_face thumbsup",
    "white_check_mark",
)
_NO_EMOJIS = _words(
    "-1 negative_squared_cross_mark no_entry no_entry_sign no_good octagonal_sign thumbsdown x",
)
_YES_WORDS = _words(
    "absolutely ack acknowledged affirmative available certainly confirmed confirming definitely go here ok okay okey",
    "prepared ready roger set sure yea yeah yep yes yup",
    "adelante afirmativo aquí aqui atenta atento claro confirmada confirmado confirmo dale disponible lista listo",
    "listos listas presente sale sí si sip vale",
    "👍 ✅ 👌 ✔ 💪",
)
_YES_PHRASES = ("on it", "all good", "good to go", "of course", "de acuerdo", "por supuesto")
_GREETINGS = (
    "good morning",
    "good afternoon",
    "good evening",
    "buenos días",
    "buenos dias",
    "buenas tardes",
    "buenas noches",
)
# They say nothing of their own, so that a yes among them stays one.
_BESIDE_YES = _words(
    "i am i'm im i'll we're we will be can do it it's this that's the for to me my all and now right already here's",
    "still fully very totally please thanks thank you ty cheers hi hey hello there team everybody everyone folks good",
    "ahead let's lets",
    "yo estoy estamos ando soy puedo me ya ahora todo toda todos todas y muy bien por aca acá favor gracias hola",
    "buenas que equipo",
    "coffee clap eyes grin grinning pray raised_hands rocket slightly_smiling_face smile smiley wave wink",
    "🙂 😀 😊 🚀 🙏 🙌 👋",
)
_NO_WORDS = _words(
    "arent cannot cant couldnt dont havent isnt neither never no nope nor not stop unable unavailable wont wouldnt",
    "imposible jamás ni nunca ocupada ocupado tampoco",
    "👎 ❌ 🚫 ⛔",
)
# After them an earlier yes no longer stands.
_NOT_YET = _words(
    "after busy but hold later moment only sorry unless until wait without",
    "después despues disculpa disculpen espera esperen luego momento momentito perdón perdon pero sin solo sólo",
    "todavía",
)
_TONE = "skin-tone-"
_PHRASE = "|".join(_YES_PHRASES + _GREETINGS)
_WORD = re.compile(
    rf":[\w+-]+:|[+-]1(?!\w)|\b(?:{_PHRASE})\b|[^\W_]+(?:'[^\W_]+)*"
    r"|[\u2600-\u27bf\U0001f300-\U0001f3fa\U0001f400-\U0001faff]"
)
_APOSTROPHES = str.maketrans("\u2019\u00b4`", "'''")


class Reply(StrEnum):
    """What an answer means."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "no clear yes"
    NOTHING = "neither"


def read_reply(text: str) -> Reply:
    """Tell a yes from a no: a yes holds no word that is not known to leave it one, and asks nothing."""
    found = _WORD.findall(text.casefold().translate(_APOSTROPHES))
    words = {name_emoji(word) for word in found if not word.strip(":").startswith(_TONE)}
    agreeing = words & (_YES_EMOJIS | _YES_WORDS | {*_YES_PHRASES})
    if any(_refuses(word) for word in words):
        return Reply.UNCLEAR if agreeing else Reply.NO
    if agreeing:
        return Reply.UNCLEAR if "?" in text or words - agreeing - _BESIDE_YES - {*_GREETINGS} else Reply.YES
    return Reply.UNCLEAR if words & _NOT_YET else Reply.NOTHING


def agrees_by_emoji(name: str) -> bool:
    """Whether the emoji under the question says yes."""
    return name_emoji(name) in _YES_EMOJIS


def refuses_by_emoji(name: str) -> bool:
    """Whether the emoji under the question says no."""
    return name_emoji(name) in _NO_EMOJIS


def name_emoji(name: str) -> str:
    """Return the emoji without colons and tone of skin."""
    return name.strip(":").partition("::")[0]


def _refuses(word: str) -> bool:
    return word in _NO_EMOJIS | _NO_WORDS or word.endswith("n't")
