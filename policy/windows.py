"""When may production be changed (1.3.6, 7.1.1): the company's calendar, judged at one moment."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays
from pydantic import BeforeValidator, Field, PlainSerializer, ValidationInfo, field_validator, model_validator

from policy.judgement import Judgement, failed, passed, unknown
from policy.limits import Risk
from policy.table import NAME, Table
from policy.typed import line
from policy.zone_data import judge_zone_data

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_FRIDAY = 4
_WEEKEND = frozenset({5, 6})
_DAY_END = 24 * 60
_HORIZON = timedelta(days=370)
# Whether the holidays of a place are known is the same in every year.
_ANY_YEAR = 2026


def _read_clock(value: object) -> int:
    """Read `09:00`, a local time of TOML or `24:00` as minutes since midnight."""
    if isinstance(value, time):
        return value.hour * 60 + value.minute
    if isinstance(value, str) and (match := re.fullmatch(r"([01]?\d|2[0-4]):([0-5]\d)", value)):
        minutes = int(match[1]) * 60 + int(match[2])
        if minutes <= _DAY_END:
            return minutes
    raise ValueError(f"{value!r} is no time of day; expected 'HH:MM' between '00:00' and '24:00'")


def _say_clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _read_days(value: object) -> frozenset[int]:
    """Read `Mon-Thu`, `Fri` or `Mon, Wed-Fri` as numbers of weekdays, Monday being 0."""
    days: set[int] = set()
    for part in str(value).split(","):
        ends = [word.strip().capitalize() for word in part.split("-")]
        if len(ends) > 2 or any(word not in _DAYS for word in ends):
            raise ValueError(f"{value!r} names no days; expected for example 'Mon-Thu' or 'Tue, Fri'")
        first, last = _DAYS.index(ends[0]), _DAYS.index(ends[-1])
        days |= {(first + step) % 7 for step in range((last - first) % 7 + 1)}
    return frozenset(days)


def _say_days(days: frozenset[int]) -> str:
    ordered = sorted(days)
    if len(ordered) > 2 and ordered[-1] - ordered[0] == len(ordered) - 1:
        return f"{_DAYS[ordered[0]]}-{_DAYS[ordered[-1]]}"
    return ", ".join(_DAYS[day] for day in ordered)


Clock = Annotated[int, BeforeValidator(_read_clock), PlainSerializer(_say_clock)]
Days = Annotated[frozenset[int], BeforeValidator(_read_days), PlainSerializer(_say_days)]


class Span(Table):
    """Hours on some days of the week in local time; the end itself is outside."""

    days: Days = Field(description="Days of the week, for example Mon-Thu.")
    start: Clock = Field(alias="from", description="The first minute inside, HH:MM.")
    end: Clock = Field(alias="until", description="The first minute after it, HH:MM; 24:00 is the end of the day.")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> "Span":
        if self.end <= self.start:
            raise ValueError(
                f"until {_say_clock(self.end)} does not lie after from {_say_clock(self.start)}; "
                "hours over midnight are written as two spans"
            )
        return self

    def holds(self, local: datetime) -> bool:
        """Whether the local moment lies inside."""
        return local.weekday() in self.days and self.start <= local.hour * 60 + local.minute < self.end

    def __str__(self) -> str:
        return f"{_say_days(self.days)} {_say_clock(self.start)}-{_say_clock(self.end)}"


class Peak(Span):
    """Hours of known high traffic, in which nothing is deployed."""

    reason: Annotated[str, NAME] = Field(description="What is going on then.")


class Freeze(Table):
    """Days on which nothing is deployed, the first and the last included."""

    first_day: date = Field(alias="from", description="The first frozen day.")
    last_day: date = Field(alias="until", description="The last frozen day.")
    reason: Annotated[str, line(1, 500)] = Field(description="Why.")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> "Freeze":
        if self.last_day < self.first_day:
            raise ValueError(f"until {self.last_day} lies before from {self.first_day}")
        return self


def _default_windows() -> dict[Risk, tuple[Span, ...]]:
    def span(days: str, start: str, end: str) -> Span:
        return Span.model_validate({"days": days, "from": start, "until": end})

    return {
        Risk.LOW: (span("Mon-Thu", "09:00", "17:00"),),
        Risk.MEDIUM: (span("Mon-Thu", "00:00", "09:00"), span("Mon-Thu", "18:00", "24:00")),
        Risk.HIGH: (span("Tue-Thu", "06:00", "08:00"),),
    }


def _default_peaks() -> tuple[Peak, ...]:
    monday = {"days": "Mon", "from": "08:00", "until": "12:00", "reason": "Monday morning"}
    return (Peak.model_validate(monday),)


class Calendar(Table):
    """When a company deploys, in its own time zone; the defaults are those of 7.1."""

    time_zone: str = Field(description="The company's time zone, for example America/Los_Angeles.")
    country: str = Field(default="US", description="The country whose public holidays count, two letters.")
    subdivision: str | None = Field(default=None, description="A state or province with holidays of its own.")
    holidays: bool = Field(default=True, description="Whether public holidays and the days before them are closed.")
    days_off: dict[date, Annotated[str, NAME]] = Field(
        default_factory=dict, description="The company's own days off, with a name."
    )
    windows: dict[Risk, tuple[Span, ...]] = Field(
        default_factory=_default_windows,
        description="The open hours per risk; a risk left out keeps its default.",
    )
    peaks: tuple[Peak, ...] = Field(default_factory=_default_peaks, description="Hours of known high traffic.")
    freezes: tuple[Freeze, ...] = Field(default=(), description="Days on which nothing is deployed.")
    avoid_weekends: bool = Field(default=True, description="Whether Saturdays and Sundays are closed.")
    avoid_friday_from: Clock = Field(
        default=12 * 60, description="From when Fridays are closed, HH:MM; 24:00 leaves them open."
    )

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{name!r} is no time zone; expected a name like America/Los_Angeles") from error
        return name

    @field_validator("windows")
    @classmethod
    def _fill_in_defaults(cls, windows: dict[Risk, tuple[Span, ...]]) -> dict[Risk, tuple[Span, ...]]:
        return _default_windows() | windows

    @field_validator("time_zone")
    @classmethod
    def _zone_data_is_young(cls, name: str) -> str:
        judgement = judge_zone_data(ZoneInfo("America/Mexico_City"))
        if not judgement.verdict.lets_pass:
            raise ValueError(judgement.sentence)
        return name

    @field_validator("country")
    @classmethod
    def _country_is_known(cls, country: str) -> str:
        """Also where its holidays close nothing: a country that nobody knows is a slip of the pen."""
        holidays_of(country, [_ANY_YEAR])
        return country

    @field_validator("subdivision")
    @classmethod
    def _subdivision_is_known(cls, subdivision: str | None, info: ValidationInfo) -> str | None:
        if "country" in info.data:
            holidays_of(info.data["country"], [_ANY_YEAR], subdivision=subdivision)
        return subdivision

    @property
    def zone(self) -> tzinfo:
        """The company's time zone."""
        return ZoneInfo(self.time_zone)

    def holiday_on(self, day: date) -> str | None:
        """Return the name of the holiday on `day`, if there is one."""
        if day in self.days_off:
            return self.days_off[day]
        if not self.holidays:
            return None
        return holidays_of(self.country, [day.year], subdivision=self.subdivision).get(day)


@cache
def _holidays_of_year(country: str, year: int, subdivision: str | None) -> Mapping[date, str]:
    return dict(holidays.country_holidays(country, subdiv=subdivision, years=year, language="en_US"))


def holidays_of(country: str, years: Iterable[int], *, subdivision: str | None = None) -> Mapping[date, str]:
    """Return the public holidays of the years, observed days included, with their English names."""
    found: dict[date, str] = {}
    for year in years:
        try:
            found |= _holidays_of_year(country, year, subdivision)
        except NotImplementedError as error:
            place = country if subdivision is None else f"{country}, {subdivision}"
            raise ValueError(f"the public holidays of country {place!r} are not known: {error}") from error
    return found


def judge_window(now: datetime, *, risk: Risk, calendar: Calendar, emergency: bool = False) -> Judgement:
    """Pass when `now` lies in a window of the risk and no rule closes it; an emergency may be at any time."""
    if now.tzinfo is None:
        return unknown(f"{now.isoformat()} has no time zone: whether the window is open cannot be said")
    local = now.astimezone(calendar.zone)
    moment = f"{_say_moment(local)} ({calendar.time_zone})"
    if emergency:
        return passed(f"{moment}: an emergency may be deployed at any time")
    reasons = list(_list_closed(local, calendar))
    window = next((span for span in calendar.windows[risk] if span.holds(local)), None)
    hours = ", ".join(str(span) for span in calendar.windows[risk]) or "never open"
    if window is None:
        reasons.insert(0, f"the window for {risk} risk is {hours}")
    if not reasons:
        return passed(f"{moment} is inside the window for {risk} risk, {window}")
    opening = next_opening(now, risk=risk, calendar=calendar)
    when = f"the next window opens {_say_moment(opening)}" if opening else "no window opens within a year"
    return failed(f"{moment} is closed for {risk} risk: {'; '.join(reasons)}. For {risk} risk {when}")


def _say_moment(local: datetime) -> str:
    return f"{_say_day(local)} {local:%H:%M %Z}"


def _say_day(day: date) -> str:
    return f"{_DAYS[day.weekday()]} {day.day} {day:%b}"


def _list_closed(local: datetime, calendar: Calendar) -> Iterator[str]:
    """Give every reason that closes the moment, whatever the windows say: deny wins."""
    today = local.date()
    tomorrow = today + timedelta(days=1)
    for freeze in calendar.freezes:
        if freeze.first_day <= today <= freeze.last_day:
            yield f"frozen from {_say_day(freeze.first_day)} to {_say_day(freeze.last_day)}: {freeze.reason}"
    if name := calendar.holiday_on(today):
        yield f"today, {_say_day(today)}, is {name}"
    if name := calendar.holiday_on(tomorrow):
        yield f"tomorrow, {_say_day(tomorrow)}, is {name}"
    if calendar.avoid_weekends and local.weekday() in _WEEKEND:
        yield "nothing is deployed at weekends"
    if local.weekday() == _FRIDAY and local.hour * 60 + local.minute >= calendar.avoid_friday_from:
        yield f"nothing is deployed on Fridays from {_say_clock(calendar.avoid_friday_from)}"
    for peak in calendar.peaks:
        if peak.holds(local):
            yield f"{peak.reason} ({peak}) is known for high traffic"


def next_opening(now: datetime, *, risk: Risk, calendar: Calendar) -> datetime | None:
    """Return the first open moment from `now` on, in local time; None when none comes within a year."""
    zone = calendar.zone
    spans = calendar.windows[risk]
    end = now.astimezone(UTC) + _HORIZON
    day = now.astimezone(zone).date()
    while datetime.combine(day, time(), UTC) < end:
        edges = _list_edges(day, calendar, spans) if _may_open(day, calendar, spans) else ()
        for moment in sorted({now, *(edge for edge in edges if edge >= now)}):
            local = moment.astimezone(zone)
            if any(span.holds(local) for span in spans) and not any(_list_closed(local, calendar)):
                return local
        day += timedelta(days=1)
    return None


def _may_open(day: date, calendar: Calendar, spans: Iterable[Span]) -> bool:
    """Whether a day has hours at all and is not frozen: most days need no closer look."""
    frozen = any(freeze.first_day <= day <= freeze.last_day for freeze in calendar.freezes)
    return not frozen and any(day.weekday() in span.days for span in spans)


def _list_edges(day: date, calendar: Calendar, spans: Iterable[Span]) -> Iterator[datetime]:
    """Give the moments of a local day at which it may open: on a day when clocks change, every minute."""
    midnight = datetime.combine(day, time(), calendar.zone).astimezone(UTC)
    following = datetime.combine(day + timedelta(days=1), time(), calendar.zone).astimezone(UTC)
    length = round((following - midnight) / timedelta(minutes=1))
    if length != _DAY_END:
        edges: Iterable[int] = range(length)
    else:
        edges = {0, *(span.start for span in spans), *(peak.end for peak in calendar.peaks)}
    for minutes in edges:
        yield midnight + timedelta(minutes=minutes)


def read_calendar(table: Mapping[str, object], *, time_zone: str, country: str) -> Calendar:
    """Build the calendar from the settings' table and the company's own zone and country."""
    return Calendar.model_validate({"time_zone": time_zone, "country": country, **table})
