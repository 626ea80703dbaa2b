"""Who may approve what (8.1)."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from policy.judgement import Judgement, Verdict
from policy.limits import Risk
from policy.roles import Occasion, Person, Role, Roster, entitled, judge_approver
from policy.typed import explain

TODAY = date(2026, 11, 24)
PEOPLE: list[dict[str, Any]] = [
    {
        "name": "Tomas Lima",
        "roles": ["tech lead"],
        "github": ["tlima", "tomas-at-home"],
        "emails": ["tomas@x.yz"],
    },
    {"name": "Carla Ortiz", "roles": ["cto"], "github": ["cortiz"], "emails": ["carla@x.yz"]},
    {"name": "Dora Levin", "roles": ["devops lead"], "github": ["dlevin"]},
    {"name": "Omar Reyes", "roles": ["on-call engineer"]},
    {"name": "Sofia Brandt", "roles": ["security lead"]},
    {
        "name": "Ana Souza",
        "roles": ["developer"],
        "deputies": [{"role": "tech lead", "from": "2026-12-01", "until": "2026-12-05"}],
    },
    {"name": "Dev Anand", "github": ["danand"], "emails": ["dev@x.yz"]},
]
ROSTER = Roster.model_validate({"people": PEOPLE})
NAMES = [person.name for person in ROSTER.people]


def judge(
    name: str,
    occasion: Occasion = Occasion.LOW,
    *,
    requested_by: str = "Dev Anand",
    authors: tuple[str, ...] = ("danand", "dev@x.yz"),
    on: date = TODAY,
    reason: str = "",
) -> Judgement:
    return judge_approver(
        name,
        occasion=occasion,
        roster=ROSTER,
        requested_by=requested_by,
        authors=authors,
        on=on,
        reason=reason,
    )


@pytest.mark.parametrize(
    ("occasion", "names"),
    [
        (Occasion.LOW, ["Tomas Lima"]),
        (Occasion.MEDIUM, ["Tomas Lima"]),
        (Occasion.HIGH, ["Carla Ortiz"]),
        (Occasion.EMERGENCY, ["Tomas Lima", "Carla Ortiz"]),
        (Occasion.DATABASE_ROLLBACK, ["Carla Ortiz", "Dora Levin"]),
        (Occasion.SECURITY_PATCH, ["Sofia Brandt"]),
        (Occasion.LIVING_HOLD, ["Carla Ortiz", "Dora Levin"]),
    ],
)
def test_the_role_entitles(occasion: Occasion, names: list[str]) -> None:
    assert [person.name for person in entitled(occasion, ROSTER, TODAY)] == names
    assert [name for name in NAMES if judge(name, occasion).verdict is Verdict.PASSED] == names


def test_a_deputy_is_entitled_on_the_named_days_only() -> None:
    days = (date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 5), date(2026, 12, 6))

    assert [judge("Ana Souza", on=day).verdict.lets_pass for day in days] == [False, True, True, False]
    assert [person.name for person in ROSTER.holders(Role.TECH_LEAD, on=days[1])] == [
        "Tomas Lima",
        "Ana Souza",
    ]


def test_every_risk_is_an_occasion() -> None:
    assert [Occasion.of_risk(risk) for risk in Risk] == [Occasion.LOW, Occasion.MEDIUM, Occasion.HIGH]


@pytest.mark.parametrize("name", ["Tomas Lima", "tlima", "TOMAS@x.yz", "  tomas   lima ", "Tomás Lima"])
def test_an_approver_is_known_by_any_of_their_names(name: str) -> None:
    assert judge(name).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("requested_by", "authors", "says"),
    [
        ("Tomas Lima", (), "Tomas Lima requested it"),
        ("TLIMA", (), "Tomas Lima requested it"),
        ("Dev Anand", ("Tomas-At-Home",), "wrote a commit of it as Tomas-At-Home"),
        ("Dev Anand", ("dev@x.yz", "Tomas@X.yz"), "wrote a commit of it as Tomas@X.yz"),
        ("Dev Anand", ("tomas lima",), "wrote a commit of it as tomas lima"),
        ("Dev Anand", ("4711+tlima@users.noreply.github.com",), "wrote a commit of it as 4711+tlima"),
        ("Dev Anand", ("tlima@users.noreply.github.com",), "wrote a commit of it as tlima@users"),
        ("Tomás Lima", (), "Tomas Lima requested it"),
        ("Dev Anand", ("Tomás Lima", "tomas@mac.local"), "wrote a commit of it as Tomás Lima"),
        ("Dev Anand", ("Toma\u0301s Lima",), "wrote a commit of it as Tom"),
        ("Dev Anand", ("Tom\u200bas Lima",), "wrote a commit of it as Tom"),
        ("Dev Anand", ("Tom\u200das\u00a0Lima\ufeff",), "wrote a commit of it as Tom"),
        ("Dev Anand", ("TOMAS\u3000Łima",), "wrote a commit of it as"),
    ],
)
def test_nobody_approves_what_they_requested_or_wrote(requested_by: str, authors: tuple[str, ...], says: str) -> None:
    judgement = judge("Tomas Lima", requested_by=requested_by, authors=authors)

    assert judgement.verdict is Verdict.FAILED
    assert says in judgement.sentence
    assert "may approve (low): nobody today; name a deputy" in judgement.sentence


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Søren Łukasik", "Soren Lukasik"),
        ("İpek Y\u0131lmaz", "Ipek Yilmaz"),
        ("Þóra Œrsted", "Thora Oersted"),
        ("Bríd O'Neill-Strauß", "Brid O\u2019Neill\u2010Strauss"),
        ("김철수", "\u1100\u1175\u11b7\u110e\u1165\u11af\u1109\u116e"),
    ],
)
def test_a_name_is_one_name_with_and_without_its_accents(name: str, typed: str) -> None:
    for one, other in ((name, typed), (typed, name)):
        assert Person(name=one).is_named(other)


@pytest.mark.parametrize("other", ["Tomas Lime", "Tom Lima", "Tomasz Lima", "张伟", "t lima"])
def test_another_name_is_somebody_else(other: str) -> None:
    assert judge("Tomas Lima", authors=(other,)).verdict is Verdict.PASSED


def test_in_an_emergency_the_own_release_needs_a_reason() -> None:
    refused = judge("Carla Ortiz", Occasion.EMERGENCY, requested_by="cortiz", reason="  ")
    allowed = judge("Carla Ortiz", Occasion.EMERGENCY, requested_by="cortiz", reason="nobody else awake")

    assert refused.verdict is Verdict.FAILED
    assert "with a reason, and none is given" in refused.sentence
    assert allowed.verdict is Verdict.PASSED
    assert "requested it and approves it in an emergency: nobody else awake" in allowed.sentence


@pytest.mark.parametrize("occasion", [one for one in Occasion if one is not Occasion.EMERGENCY])
def test_a_reason_opens_nothing_but_an_emergency(occasion: Occasion) -> None:
    for name in NAMES:
        assert judge(name, occasion, requested_by=name, reason="urgent").verdict is Verdict.FAILED


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Bob", "'Bob' is not in the roster; may approve (low): Tomas Lima"),
        ("", "'' is not in the roster"),
        ("Dev Anand", "Dev Anand (no role) is not tech lead; may approve (low): Tomas Lima"),
        ("Carla Ortiz", "Carla Ortiz (cto) is not tech lead"),
    ],
)
def test_a_refusal_says_who_could(name: str, says: str) -> None:
    judgement = judge(name)

    assert judgement.verdict is Verdict.FAILED
    assert says in judgement.sentence


def test_an_unknown_requester_leaves_it_unknown() -> None:
    assert judge("Tomas Lima", requested_by=" ").verdict is Verdict.UNKNOWN


def test_a_requester_outside_the_roster_is_somebody_else() -> None:
    assert judge("Tomas Lima", requested_by="the scheduler", authors=()).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("people", "says"),
    [
        (
            [*PEOPLE, {"name": "tomas  LIMA"}],
            r"'tomas lima' belongs to both Tomas .*people.0. and tomas LIMA .people.7.",
        ),
        (
            [*PEOPLE, {"name": "Eve", "github": ["TLima"]}],
            r"'tlima' belongs to both Tomas Lima .people.0. and Eve .people.7.",
        ),
        (
            [*PEOPLE, {"name": "Eve", "emails": ["tomás lima"]}],
            r"'tomas lima' belongs to both Tomas Lima .people.0. and Eve .people.7.",
        ),
        ([*PEOPLE, {"name": "Eve", "emails": [""]}], r"Eve .people.7. has an empty name, login or mail address"),
        ([*PEOPLE, {"name": "Eve", "emails": [" "]}], r"emails\n  expected visible characters, found ' '"),
        (PEOPLE[1:], "nobody is tech lead, so nobody could approve: low"),
        ([one for one in PEOPLE if one["name"] != "Sofia Brandt"], "nobody is security lead"),
        ([], "people"),
        ([*PEOPLE, {"name": "Eve", "roles": ["boss"]}], "roles"),
        ([*PEOPLE, {"name": "Eve", "title": "boss"}], "title"),
        (
            [
                *PEOPLE,
                {"name": "Eve", "deputies": [{"role": "cto", "from": "2026-12-05", "until": "2026-12-01"}]},
            ],
            "until 2026-12-01 lies before from 2026-12-05",
        ),
    ],
)
def test_a_wrong_roster_is_refused(people: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Roster.model_validate({"people": people})


@given(
    st.sampled_from(NAMES),
    st.sampled_from(Occasion),
    st.sampled_from(NAMES),
    st.sets(st.sampled_from(["tlima", "cortiz", "dlevin", "danand", "Sofia Brandt"])),
    st.dates(date(2026, 11, 1), date(2026, 12, 31)),
)
def test_whoever_passes_without_a_reason_is_entitled_and_had_no_part(
    name: str, occasion: Occasion, requested_by: str, authors: set[str], on: date
) -> None:
    judgement = judge(name, occasion, requested_by=requested_by, authors=tuple(authors), on=on)

    if judgement.verdict is Verdict.PASSED:
        person = ROSTER.find(name)
        assert person in entitled(occasion, ROSTER, on)
        assert name != requested_by
        assert person is not None
        assert not any(person.is_named(author) for author in authors)


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("Tomas Lima", "TOTP_TOMAS_LIMA"),
        ("João O'Neill-Souza", "TOTP_JOAO_O_NEILL_SOUZA"),
        ("张伟", "TOTP_U5F20U4F1F"),
    ],
)
def test_each_person_has_a_secret_of_their_own(name: str, secret: str) -> None:
    assert Person(name=name).code_secret == secret


def test_a_message_on_slack_is_for_one_person() -> None:
    dora, omar = ({**one, "slack": "U0DORA"} for one in PEOPLE[2:4])

    with pytest.raises(ValidationError, match=r"'U0DORA' belongs to both Dora Levin .people.2. and Omar Reyes"):
        Roster.model_validate({"people": [*PEOPLE[:2], dora, omar, *PEOPLE[4:]]})


def test_who_has_no_slack_and_one_telephone_on_duty_are_nobody_s_fault() -> None:
    people = [{**one, "slack": None, "phone": "+1 555 0100"} for one in PEOPLE]

    assert Roster.model_validate({"people": people}).people


def test_a_refusal_of_the_roster_names_its_place_and_shows_nobody_else() -> None:
    people = [{**one, "phone": "+1 555 0199"} for one in PEOPLE]

    with pytest.raises(ValidationError) as caught:
        Roster.model_validate({"people": [*people, {"name": "Tomas Lima"}]})

    assert explain(caught.value) == (
        "people: 'tomas lima' belongs to both Tomas Lima (people.0) and Tomas Lima (people.7), expected one person"
    )


def test_a_wrong_stand_in_is_told_without_the_whole_table() -> None:
    with pytest.raises(ValidationError) as caught:
        Person.model_validate(
            {"name": "Eve", "deputies": [{"role": "cto", "from": "2026-12-05", "until": "2026-12-01"}]}
        )

    assert explain(caught.value) == "deputies.0: until 2026-12-01 lies before from 2026-12-05"


def test_two_people_never_share_a_secret() -> None:
    people = [{"name": "Ana-Maria"}, {"name": "Ana Maria"}, {"name": "Carla", "roles": list(Role)}]

    with pytest.raises(ValidationError, match="would share the secret TOTP_ANA_MARIA"):
        Roster.model_validate({"people": people})
