"""Amazon States Language, as far as CreateStateMachine checks it; MiniStack takes any text.

Source: the Amazon States Language specification (states-language.net) and Step Functions' validation of definitions.
"""

import json

_STATES = {
    "Task": {"Resource"},
    "Pass": set(),
    "Wait": set(),
    "Choice": {"Choices"},
    "Succeed": set(),
    "Fail": set(),
    "Parallel": {"Branches"},
    "Map": set(),
}
_ENDS_ITSELF = {"Succeed", "Fail"}
_WAITS = ("Seconds", "SecondsPath", "Timestamp", "TimestampPath")


def problems(definition: str, check_task=None) -> list[str]:
    """What is wrong with a definition; `check_task(path, state, language)` answers what is wrong with one task."""
    try:
        machine = json.loads(definition)
    except ValueError as wrong:
        return [f"it is no JSON: {wrong}"]
    if not isinstance(machine, dict):
        return ["it is no JSON object"]
    found: list[str] = []
    _check_machine(machine, "", machine.get("QueryLanguage", "JSONPath"), found, set(), check_task)
    return found


def tasks(definition: str) -> list[dict]:
    """Every Task state of a definition, also inside branches."""
    found: list[dict] = []
    problems(definition, lambda _path, state, _language: found.append(state) or [])
    return found


def _check_machine(machine: dict, path: str, language: str, found: list, names: set, check_task) -> None:
    states, start = machine.get("States"), machine.get("StartAt")
    if not isinstance(states, dict) or not states:
        found.append(f"{path or '/'} has no States")
        return
    if start not in states:
        found.append(f"{path}/StartAt: {start!r} is no state")
    for name, state in states.items():
        here = f"{path}/States/{name}"
        if name in names:
            found.append(f"{here}: the name is used twice")
        if len(name) > 80:
            found.append(f"{here}: the name is longer than 80 characters")
        names.add(name)
        if not isinstance(state, dict) or state.get("Type") not in _STATES:
            found.append(f"{here}: unknown Type {state.get('Type') if isinstance(state, dict) else state!r}")
            continue
        _check_state(state, states, here, state.get("QueryLanguage", language), found, names, check_task)
    _check_reachable(states, start, path, found)


def _check_state(state: dict, states: dict, here: str, language: str, found: list, names: set, check_task) -> None:
    kind = state["Type"]
    for member in sorted(_STATES[kind] - set(state)):
        found.append(f"{here}: {kind} needs {member}")
    if kind in _ENDS_ITSELF or kind == "Choice":
        if "Next" in state or "End" in state:
            found.append(f"{here}: {kind} has neither Next nor End")
    elif ("Next" in state) == bool(state.get("End")):
        found.append(f"{here}: exactly one of Next and End")
    for target in _followers(state):
        if target not in states:
            found.append(f"{here}: Next {target!r} is no state")
    if kind == "Wait" and sum(name in state for name in _WAITS) != 1:
        found.append(f"{here}: exactly one of {', '.join(_WAITS)}")
    _check_handlers(state, here, found)
    if language == "JSONPath":
        for member in ("Parameters", "ResultSelector"):
            _check_template(state.get(member), f"{here}/{member}", found)
    for number, branch in enumerate(state.get("Branches") or []):
        _check_machine(branch, f"{here}/Branches[{number}]", language, found, names, check_task)
    if kind == "Map":
        inner = state.get("ItemProcessor") or state.get("Iterator")
        if not isinstance(inner, dict):
            found.append(f"{here}: Map needs ItemProcessor")
        else:
            _check_machine(inner, f"{here}/ItemProcessor", language, found, names, check_task)
    if kind == "Task" and check_task:
        found.extend(check_task(here, state, language))


def _followers(state: dict) -> list[str]:
    targets = [state["Next"]] if "Next" in state else []
    targets += [state["Default"]] if "Default" in state else []
    targets += [choice.get("Next") for choice in state.get("Choices") or []]
    return targets + [catcher.get("Next") for catcher in state.get("Catch") or []]


def _check_handlers(state: dict, here: str, found: list) -> None:
    for member in ("Retry", "Catch"):
        handlers = state.get(member) or []
        for number, handler in enumerate(handlers):
            errors = handler.get("ErrorEquals")
            if not isinstance(errors, list) or not errors:
                found.append(f"{here}/{member}[{number}]: ErrorEquals is empty")
            elif "States.ALL" in errors and (len(errors) > 1 or number != len(handlers) - 1):
                found.append(f"{here}/{member}[{number}]: States.ALL stands alone and last")
            if handler.get("IntervalSeconds", 1) < 1 or handler.get("BackoffRate", 1) < 1:
                found.append(f"{here}/{member}[{number}]: IntervalSeconds and BackoffRate are at least 1")


def _check_template(template, here: str, found: list) -> None:
    """A member named `x.$` holds a path or an intrinsic function."""
    if isinstance(template, list):
        for item in template:
            _check_template(item, here, found)
    if not isinstance(template, dict):
        return
    for key, value in template.items():
        if key.endswith(".$"):
            if not isinstance(value, str) or not value.startswith(("$", "States.")):
                found.append(f"{here}/{key}: {value!r} is neither a path nor an intrinsic function")
        else:
            _check_template(value, f"{here}/{key}", found)


def _check_reachable(states: dict, start, path: str, found: list) -> None:
    reached, waiting = set(), [start]
    while waiting:
        name = waiting.pop()
        if name in reached or name not in states or not isinstance(states[name], dict):
            continue
        reached.add(name)
        waiting += _followers(states[name])
    for name in states:
        if name not in reached:
            found.append(f"{path}/States/{name}: no state leads to it")
    if not any(isinstance(s, dict) and (s.get("End") or s.get("Type") in _ENDS_ITSELF) for s in states.values()):
        found.append(f"{path or '/'}: no state ends it")
