"""Only what is wholly a yes is one (1.3.8)."""

import pytest

from policy.reply import Reply, agrees_by_emoji, read_reply, refuses_by_emoji


@pytest.mark.parametrize(
    "text",
    [
        "ok",
        "OK!",
        "👍",
        "👍🏽",
        "+1",
        ":white_check_mark:",
        ":+1::skin-tone-3:",
        "yes, ready",
        "Yes, I'm here",
        "yes I\u2019m here and ready",
        "ok I'm here",
        "ok, now I can",
        "I am ready",
        "all set",
        "all good here",
        "good to go",
        "on it",
        "I'm on it!",
        "yes :slightly_smiling_face:",
        "ready :rocket:",
        "Yep, thanks",
        "ack",
        "100%",
        "go ahead",
        "I'll be here",
        "sí, lista",
        "Sí, aquí estoy",
        "estoy lista, gracias",
        "listo",
        "ya estoy listo",
        "claro que sí",
        "good morning, yes",
        "Buenos días, lista",
        "por supuesto",
        "dale, adelante",
    ],
)
def test_a_yes_in_the_words_that_people_type(text: str) -> None:
    assert read_reply(text) is Reply.YES


@pytest.mark.parametrize(
    "text",
    [
        "can't",
        "can\u2019t today",
        "No.",
        "no, on a plane",
        "no puedo",
        "👎",
        "-1",
        "never at that hour",
        "I wouldn't",
        "nunca a esa hora",
        "I am unable, ask Diego",
        "cannot, call Bea",
        "unavailable until six",
    ],
)
def test_a_no(text: str) -> None:
    assert read_reply(text) is Reply.NO


@pytest.mark.parametrize(
    "text",
    [
        "I won't be available, call somebody else",
        "I'm never available at that hour",
        "I wouldn't be ready",
        "isn't here, call Bea",
        "I haven't been ready all day",
        "nunca lista",
        "I am unable, ask Diego, he is available",
        "sorry, in surgery, available after 14:00",
        "ready in an hour",
        "ready this afternoon",
        "ok, but later",
        "ok but only until 6",
        "ready except for the next hour",
        "sure, Bea is available",
        "not available",
        "no problem, I'm here",
        "ready?",
        "yes :shrug:",
        "👍 🚫",
        "hold on",
        "wait",
        "sorry, just out of surgery",
        "un momento",
    ],
)
def test_what_holds_more_than_a_yes_is_asked_on(text: str) -> None:
    assert read_reply(text) is Reply.UNCLEAR


@pytest.mark.parametrize("text", ["which release", "noted", "thanks!", "present the want list", ""])
def test_what_says_neither(text: str) -> None:
    assert read_reply(text) is Reply.NOTHING


@pytest.mark.parametrize(
    ("name", "says"), [("+1::skin-tone-3", (True, False)), ("x", (False, True)), ("eyes", (False, False))]
)
def test_an_emoji_says_yes_or_no_or_neither(name: str, says: tuple[bool, bool]) -> None:
    assert (agrees_by_emoji(name), refuses_by_emoji(name)) == says
