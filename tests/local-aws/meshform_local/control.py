"""What a test may turn while the server runs: seed, delay, order, faults, the lock on root keys; and the call log.

Everything here is read at each call, so many seeds need no restart.
"""

import asyncio
import copy
import threading
from dataclasses import dataclass, field


@dataclass
class Control:
    """The knobs of `POST /_local/control`; the field names on the wire are in `WIRE_NAMES`."""

    seed: int = 0
    delay_ms: int = 20
    # These logical ids come as late, or as early, as their edges allow.
    late: str | None = None
    early: str | None = None
    # verb -> logical id -> reason; under "step": integration -> [{"error", "cause", "times"}], used up in order
    fail: dict = field(default_factory=lambda: {"create": {}, "update": {}, "delete": {}, "step": {}})
    # How long after a cross-account grant the other account starts to see the database (RAM is not instant).
    share_delay_ms: int = 0
    # How many grants of one account may run at the same time before ConcurrentModificationException.
    grants_in_flight: int = 1
    # Whether a shared catalog can be read only by an LF administrator of the reading account or a granted role.
    catalog_needs_admin: bool = True
    # How long Wait states, Retry intervals and crawls take, as a part of what they say.
    wait_scale: float = 0.01
    # ruleset -> "PASS", "FAIL" or "ERROR"
    quality: dict = field(default_factory=dict)
    # crawler -> the status that its runs end with
    crawlers: dict = field(default_factory=dict)
    # The mutating call with this number, counted from when this was set, is done and never answered: whoever made it can be killed.
    hold_after: int | None = None
    # Only calls about this stack count towards it.
    hold_stack: str | None = None


WIRE_NAMES = {
    "seed": "seed",
    "delayMs": "delay_ms",
    "late": "late",
    "early": "early",
    "shareDelayMs": "share_delay_ms",
    "grantsInFlight": "grants_in_flight",
    "catalogNeedsAdmin": "catalog_needs_admin",
    "waitScale": "wait_scale",
    "quality": "quality",
    "crawlers": "crawlers",
    "holdAfter": "hold_after",
    "holdStack": "hold_stack",
}

_initial = Control()
control = Control()
# True once the bootstrap is over: root keys are refused from then on (their signature is never checked).
locked = False

# How many mutating calls there were since holdAfter was set, and whether one is held.
_mutating = 0
held = False

_log: list[dict] = []
_log_lock = threading.Lock()


def set_initial(seed: int, delay_ms: int) -> None:
    """Keep what the command line said, so that a reset comes back to it."""
    global control
    _initial.seed = seed
    _initial.delay_ms = delay_ms
    control = copy.deepcopy(_initial)


def reset() -> None:
    """Everything back to just started."""
    global control, locked, _mutating, held
    control = copy.deepcopy(_initial)
    locked, held, _mutating = False, False, 0
    clear_log()


def set_locked(value: bool) -> None:
    """Lock or unlock the root keys."""
    global locked
    locked = value


def update(changes: dict) -> None:
    """Apply a partial update; an unknown name is an error, since a misspelt knob would prove nothing."""
    for name in changes:
        if name not in WIRE_NAMES and name != "fail":
            raise ValueError(f"unknown control {name!r}; known: {', '.join([*WIRE_NAMES, 'fail'])}")
    global _mutating, held
    if "holdAfter" in changes:
        _mutating, held = 0, False
    for name, value in changes.items():
        if name == "fail":
            for verb, reasons in (value or {}).items():
                if verb not in control.fail:
                    raise ValueError(f"unknown verb {verb!r} in fail; known: {', '.join(control.fail)}")
                control.fail[verb] = copy.deepcopy(dict(reasons or {}))
        else:
            setattr(control, WIRE_NAMES[name], value)


def take_step_fault(integration: str) -> dict | None:
    """The next fault of an integration (`glue:startCrawler` also means `aws-sdk:glue:startCrawler`)."""
    with _log_lock:
        for name in (integration, integration.removeprefix("aws-sdk:")):
            for fault in control.fail["step"].get(name) or []:
                if fault.get("times", 1) > 0:
                    fault["times"] = fault.get("times", 1) - 1
                    return fault
    return None


async def hold(stack: str | None) -> None:
    """Keep the answer of a mutating call about a stack back while it is the one that holdAfter names."""
    global _mutating, held
    if control.hold_stack not in (None, stack):
        return
    _mutating += 1
    mine = control.hold_after
    if mine is None or mine != _mutating:
        return
    held = True
    while held and control.hold_after == mine:
        await asyncio.sleep(0.02)


def as_json() -> dict:
    """The knobs as they stand."""
    knobs = {wire: getattr(control, name) for wire, name in WIRE_NAMES.items()}
    return {**knobs, "fail": control.fail, "locked": locked, "held": held}


def record_call(entry: dict) -> None:
    """Add one API call to the log."""
    with _log_lock:
        _log.append(entry)


def calls() -> list[dict]:
    """The API calls since the last clear, in order."""
    with _log_lock:
        return list(_log)


def clear_log() -> None:
    """Forget the API calls."""
    with _log_lock:
        _log.clear()
