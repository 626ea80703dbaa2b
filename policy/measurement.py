"""What counts as a measured value: absent, not a number, infinite and negative are no value."""

import math
from datetime import timedelta


def measured(value: object) -> float | None:
    """Return the value as a number when it is finite and not negative, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def ratio(part: object, whole: object) -> float | None:
    """Return part of whole when both are measured and the whole is more than nothing, else None."""
    numerator, denominator = measured(part), measured(whole)
    if numerator is None or not denominator:
        return None
    return measured(numerator / denominator)


def measured_time(value: timedelta | None) -> timedelta | None:
    """Return the duration when there is one and it is not negative, else None."""
    return value if value is not None and value >= timedelta(0) else None


def in_ms(duration: timedelta) -> float:
    """Return a latency in milliseconds, the unit in which people compare them."""
    return duration / timedelta(milliseconds=1)
