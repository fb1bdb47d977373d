"""A moment as a person writes it: a day, a day with a time, or `2w` for so long ago. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

FORMS = "2026-03-01, or {}2w for the last two weeks (d, w, m, y)"
_AGO = re.compile(r"(\d{1,4})([dwmy])$")
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
_FAR = 365 * 500  # days: nobody's record is older, and a calendar has a first day


def moment(value: str, now: datetime) -> datetime | None:
    """Return the moment with its zone, None for what is none; without a zone it is of the zone of this machine."""
    ago = _AGO.match(value)
    if ago:
        return now - timedelta(days=min(int(ago[1]) * _DAYS[ago[2]], _FAR))
    try:
        found = datetime.fromisoformat(value)
        return found if found.tzinfo else found.astimezone()
    except (ValueError, OverflowError):
        return None
