"""Schedule expressions as EventBridge, its Scheduler and Glue read them.

Sources: EventBridge: cron and rate expressions (six fields; rate's unit is singular for 1), Scheduler: schedule types
(`at(...)`, both forms of the unit), Glue: time-based schedules (`cron(...)` alone).
"""

import re

from .principals import Refused

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)(s?)\)")
_AT = re.compile(r"at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)")


def _cron_is_right(expression: str) -> bool:
    from ministack.services import eventbridge

    inner = re.fullmatch(r"cron\((.*)\)", expression)
    return bool(inner) and len(inner[1].split()) == 6 and eventbridge._parse_cron_fields(expression) is not None


def check(expression: str, forms: tuple[str, ...], words: str, strict_rate: bool = False) -> None:
    """Refuse an expression that is in none of these forms ("cron", "rate", "at")."""
    rate = _RATE.fullmatch(expression)
    right = {
        "cron": _cron_is_right(expression),
        "rate": bool(rate) and int(rate[1]) > 0 and (not strict_rate or (int(rate[1]) == 1) == (rate[3] == "")),
        "at": bool(_AT.fullmatch(expression)),
    }
    if not any(right[form] for form in forms):
        raise Refused(f"{words}: {expression!r} (cron has six fields; known here: {', '.join(forms)})")
