"""Who may approve what (8.1)."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from policy.judgement import Judgement, failed, passed, unknown
from policy.limits import Risk
from policy.table import NAME, Table
from policy.typed import refusal, tidy

# GitHub commits made on its pages carry such an address instead of the author's own.
_NO_REPLY = re.compile(r"(?:\d+\+)?([^@+]+)@users\.noreply\.github\.com")
# What Unicode does not take apart and people leave out or type otherwise.
_PLAIN_LETTERS = str.maketrans(
    {**dict.fromkeys("\u2018\u2019\u02bc", "'"), **dict.fromkeys("\u2010\u2013", "-")}
    | {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "\u0131": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"}
)


class Role(StrEnum):
    """A role of section 8."""

    DEVELOPER = "developer"
    TECH_LEAD = "tech lead"
    DEVOPS_LEAD = "devops lead"
    ON_CALL = "on-call engineer"
    CTO = "cto"
    SECURITY_LEAD = "security lead"


class Occasion(StrEnum):
    """What is to be approved."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    EMERGENCY = "emergency"
    DATABASE_ROLLBACK = "database rollback"
    SECURITY_PATCH = "security patch"
    LIVING_HOLD = "living hold"

    @classmethod
    def of_risk(cls, risk: Risk) -> "Occasion":
        """Return the occasion of a release of that risk."""
        return cls(risk.value)


_ENTITLED = {
    Occasion.LOW: frozenset({Role.TECH_LEAD}),
    Occasion.MEDIUM: frozenset({Role.TECH_LEAD}),
    Occasion.HIGH: frozenset({Role.CTO}),
    Occasion.EMERGENCY: frozenset({Role.CTO, Role.TECH_LEAD}),
    Occasion.DATABASE_ROLLBACK: frozenset({Role.CTO, Role.DEVOPS_LEAD}),
    Occasion.SECURITY_PATCH: frozenset({Role.SECURITY_LEAD}),
    Occasion.LIVING_HOLD: frozenset({Role.CTO, Role.DEVOPS_LEAD}),
}


class Deputy(Table):
    """A role that a person holds for somebody else, from the first to the last of the named days."""

    role: Role = Field(description="The role that is stood in for.")
    first_day: date = Field(alias="from", description="The first day.")
    last_day: date = Field(alias="until", description="The last day.")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> "Deputy":
        if self.last_day < self.first_day:
            raise ValueError(f"until {self.last_day} lies before from {self.first_day}")
        return self


class Person(Table):
    """One person of the roster, with every name by which the systems know them."""

    name: Annotated[str, NAME] = Field(description="The person's name, as it is typed into forms.")
    roles: tuple[Role, ...] = Field(default=(), description="The roles of section 8 that the person holds.")
    github: tuple[str, ...] = Field(default=(), description="Every GitHub login of the person.")
    emails: tuple[str, ...] = Field(default=(), description="Every mail address the person commits with.")
    slack: str | None = Field(default=None, description="The person's Slack member id.")
    phone: str | None = Field(default=None, description="A number at which the person answers.")
    deputies: tuple[Deputy, ...] = Field(default=(), description="The roles the person stands in for, by date.")

    @property
    def identities(self) -> frozenset[str]:
        """Every name, login and address of the person, as they are compared."""
        return frozenset(_same_spelling(name) for name in (self.name, *self.github, *self.emails))

    @property
    def code_secret(self) -> str:
        """The name of the secret behind the person's one-time codes, such as TOTP_TOMAS_LIMA."""
        plain = unicodedata.normalize("NFKD", self.name).upper()
        letters = (_letter(letter) for letter in plain if not unicodedata.combining(letter))
        return "TOTP_" + "".join(letters)

    def is_named(self, identity: str) -> bool:
        """Whether the name, login or mail address is this person's."""
        return _same_spelling(identity) in self.identities

    def roles_on(self, day: date) -> frozenset[Role]:
        """Return the roles the person holds on `day`, their own and as a deputy."""
        standing_in = {deputy.role for deputy in self.deputies if deputy.first_day <= day <= deputy.last_day}
        return frozenset(self.roles) | standing_in


class Roster(Table):
    """Everybody who may decide something; no name, login or address belongs to two people."""

    people: tuple[Person, ...] = Field(min_length=1, description="The people, in any order.")

    @field_validator("people")
    @classmethod
    def _identities_are_unique(cls, people: tuple[Person, ...]) -> tuple[Person, ...]:
        """Nobody is taken for somebody else, neither by a form or a commit nor by a message on Slack."""
        named = [
            (_same_spelling(name), index)
            for index, person in enumerate(people)
            for name in (person.name, *person.github, *person.emails)
        ]
        for index, person in enumerate(people):
            if "" in person.identities:
                raise refusal(f"{_who(people, index)} has an empty name, login or mail address")
        members = [(person.slack, index) for index, person in enumerate(people) if person.slack]
        for words in (named, members):
            _refuse_two_owners(people, words)
        return people

    @field_validator("people")
    @classmethod
    def _code_secrets_are_unique(cls, people: tuple[Person, ...]) -> tuple[Person, ...]:
        owners: dict[str, int] = {}
        for index, person in enumerate(people):
            other = owners.setdefault(person.code_secret, index)
            if other != index:
                raise refusal(
                    f"{_who(people, other)} and {_who(people, index)} would share the secret {person.code_secret};"
                    " tell them apart by a middle name"
                )
        return people

    @field_validator("people")
    @classmethod
    def _every_occasion_has_somebody(cls, people: tuple[Person, ...]) -> tuple[Person, ...]:
        held = {role for person in people for role in person.roles}
        for occasion, roles in _ENTITLED.items():
            if not roles & held:
                raise refusal(f"nobody is {_either(roles)}, so nobody could approve: {occasion}")
        return people

    def find(self, identity: str) -> Person | None:
        """Return the person with that name, login or mail address."""
        return next((person for person in self.people if person.is_named(identity)), None)

    def holders(self, role: Role, *, on: date) -> tuple[Person, ...]:
        """Return everybody who holds the role on that day."""
        return tuple(person for person in self.people if role in person.roles_on(on))


def _refuse_two_owners(people: Sequence[Person], words: Iterable[tuple[str, int]]) -> None:
    owners: dict[str, int] = {}
    for word, index in words:
        other = owners.setdefault(word, index)
        if other != index:
            raise refusal(
                f"{word!r} belongs to both {_who(people, other)} and {_who(people, index)}, expected one person"
            )


def _who(people: Sequence[Person], index: int) -> str:
    """Name a person and the place in the roster, for two of one name are told apart by nothing else."""
    return f"{people[index].name} (people.{index})"


def entitled(occasion: Occasion, roster: Roster, on: date) -> tuple[Person, ...]:
    """Return everybody whose role, own or deputised, lets them approve on that day."""
    return tuple(person for person in roster.people if person.roles_on(on) & _ENTITLED[occasion])


def find_own_part(person: Person, *, requested_by: str, authors: Iterable[str]) -> str | None:
    """Say what the person did for the release that keeps them from approving it; None when nothing."""
    if person.is_named(requested_by):
        return "requested it"
    author = next((author for author in sorted(authors) if person.is_named(author)), None)
    return f"wrote a commit of it as {author}" if author is not None else None


def judge_approver(
    name: str,
    *,
    occasion: Occasion,
    roster: Roster,
    requested_by: str,
    authors: Iterable[str],
    on: date,
    reason: str = "",
) -> Judgement:
    """Pass when the person's role entitles them and they neither requested nor wrote what they approve.

    In an emergency their own part is allowed when they give a reason.
    """
    if not _same_spelling(requested_by):
        return unknown("who requested this is not known, so nobody can be told apart from the requester")
    wrote = frozenset(authors)
    could = entitled(occasion, roster, on)
    free = [one for one in could if find_own_part(one, requested_by=requested_by, authors=wrote) is None]
    who_could = f"may approve ({occasion}): {', '.join(one.name for one in free) or 'nobody today; name a deputy'}"
    person = roster.find(name)
    if person is None:
        return failed(f"{name!r} is not in the roster; {who_could}")
    held = ", ".join(sorted(person.roles_on(on))) or "no role"
    if person not in could:
        return failed(f"{person.name} ({held}) is not {_either(_ENTITLED[occasion])}; {who_could}")
    own_part = find_own_part(person, requested_by=requested_by, authors=wrote)
    if own_part is None:
        return passed(f"{person.name} ({held}) may approve: {occasion}")
    if occasion is not Occasion.EMERGENCY:
        return failed(f"{person.name} {own_part} and may not approve it; {who_could}")
    return _judge_own_emergency(f"{person.name} ({held}) {own_part}", reason.strip())


def _judge_own_emergency(who: str, reason: str) -> Judgement:
    if not reason:
        return failed(f"{who}; in an emergency that is allowed with a reason, and none is given")
    return passed(f"{who} and approves it in an emergency: {reason}")


def _either(roles: Iterable[Role]) -> str:
    return " or ".join(sorted(roles))


def _letter(letter: str) -> str:
    """Spell a letter with what the name of a secret may hold."""
    if letter.isascii():
        return letter if letter.isalnum() else "_"
    return f"U{ord(letter):X}"


def _same_spelling(identity: str) -> str:
    """Bring spellings of one name together: case, blanks, accents, unseen letters and GitHub's no-reply addresses."""
    apart = unicodedata.normalize("NFKD", tidy(identity))
    letters = "".join(letter for letter in apart if not unicodedata.combining(letter) and letter.isprintable())
    plain = " ".join(letters.casefold().translate(_PLAIN_LETTERS).split())
    no_reply = _NO_REPLY.fullmatch(plain)
    return no_reply[1] if no_reply else plain
