"""Prometheus' answers as far as they are read, and how moments and spans are spelled to it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, Field


@dataclass(frozen=True, slots=True)
class Point:
    """One value at one time."""

    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests a second over a span, and over the same span a week before; None where there was no value."""

    now: float | None
    last_week: float | None


class Series(BaseModel):
    """One series: its labels, and its value or its values, each with its time."""

    metric: dict[str, str]
    value: tuple[float, str] | None = None
    values: list[tuple[float, str]] = []


class Data(BaseModel):
    """What a query answers."""

    kind: Literal["vector", "matrix"] = Field(alias="resultType")
    result: list[Series]


class Result(BaseModel):
    """An answer that was given, and what Prometheus remarks about it."""

    status: Literal["success"]
    data: Data
    warnings: list[str] = []


def instant(query: str, at: datetime | None) -> dict[str, str]:
    """Return what is asked of one moment; of now where none is named."""
    return {"query": query} if at is None else {"query": query, "time": stamp(at)}


def read_number(value: tuple[float, str] | None) -> float | None:
    """Return the number of a value; None where there is none, or it is no number."""
    number = float(value[1]) if value else math.nan
    return number if math.isfinite(number) else None


def errors_of(requests: float | None, server: str, errors: Mapping[str, float]) -> float | None:
    """No counter of failures yet is a true zero beside requests that were counted; NaN stays the value that it is."""
    if requests is None:
        return None
    return errors.get(server, 0.0)


def add_up(series: Mapping[str, list[tuple[float, float]]]) -> dict[str, float]:
    """The sum over all servers at each moment, by the moment as it was asked."""
    sums: dict[str, float] = {}
    for values in series.values():
        for at, value in values:
            moment = f"{at:.3f}"
            sums[moment] = sums.get(moment, 0.0) + value
    return sums


def duration(seconds: float | None) -> timedelta | None:
    """Return so many seconds; None for none."""
    return None if seconds is None else timedelta(seconds=seconds)


def stamp(at: datetime) -> str:
    """Spell a moment as Prometheus reads it."""
    return f"{at.timestamp():.3f}"


def spell_span(span: timedelta) -> str:
    """Spell a span as Prometheus reads it."""
    return f"{round(span.total_seconds() * 1000)}ms"
