"""State machines with their role: each step is asked of IAM, may be made to fail, and is written down.

MiniStack walks the states, retries and catches; it asks nobody. Hangs on `stepfunctions._execute_task` (says which
state of which execution runs), `_run_sub_machine` (branches), `_invoke_resource` and `_invoke_with_callback` (the call itself), `_SERVICE_DISPATCH`
(where our answers stand) and `_scaled_sleep` (Wait states and Retry intervals, by the control `waitScale`).
"""

import contextvars
import threading
import time

from . import control, permissions, principals, step_integrations
from .principals import Refused
from .step_answers import Call, StepError

# The task that runs in this thread: {"state", "execution", "attempt"}.
_task: contextvars.ContextVar = contextvars.ContextVar("meshform_task", default=None)
# The call that our handler in `_SERVICE_DISPATCH` answers.
_call: contextvars.ContextVar = contextvars.ContextVar("meshform_call", default=None)

_UNASSUMED = (
    "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the "
    "provided role {}"
)
_steps: list[dict] = []
_lock = threading.Lock()
_fired = {"step": False, "wait": False}


def reset() -> None:
    """Forget the steps."""
    with _lock:
        _steps.clear()


def steps() -> list[dict]:
    """What machines did, in order: one entry for each attempt."""
    with _lock:
        return [dict(step) for step in _steps]


def fired() -> dict:
    """Which hooks have been used since the start."""
    return dict(_fired)


def _role_of(execution: dict) -> str:
    from ministack.services import stepfunctions

    machine = stepfunctions._state_machines.get(execution["stateMachineArn"])
    if machine is None:
        raise StepError("States.Runtime", f"state machine {execution['stateMachineArn']} is gone")
    return machine["roleArn"]


def _actor(role_arn: str, machine: str):
    role = principals.find_role(role_arn)
    if role is None or not principals.trusts_service(role, "states.amazonaws.com", machine):
        raise StepError("States.TaskFailed", _UNASSUMED.format(role_arn))
    return principals.role_actor(role, "states")


def _prepared(resource: str, parameters, execution: dict) -> tuple[step_integrations.Integration, Call]:
    from ministack.core.responses import get_account_id, get_region

    name, pattern = step_integrations.split(resource) or (str(resource), "")
    known = step_integrations.INTEGRATIONS.get(name)
    if known is None:
        raise StepError("States.Runtime", f"the local AWS has no integration {resource}")
    call = Call(
        parameters if isinstance(parameters, dict) else {},
        get_account_id(),
        get_region(),
        _actor(_role_of(execution), execution["stateMachineArn"]),
        pattern,
        execution["executionArn"],
        execution["stateMachineArn"],
    )
    return known, call


def _ask(known: step_integrations.Integration, call: Call) -> list[str]:
    """Ask IAM for the call and, with .sync, for the polls; answers the actions."""
    asked = known.asks(call)
    if call.waits:
        asked = asked + [(action, arn) for action in known.polls for _, arn in known.asks(call)]
    for action, arn in asked:
        # A bus has a policy of its own, which step_answers asks too.
        reason = principals.denial(call.actor, action, arn, call.region)
        if reason:
            raise StepError(known.denied, reason)
    for parameter, service in known.passes:
        try:
            role = permissions.as_role_arn(str(call.parameters.get(parameter)), call.account)
            principals.refuse_passing(call.actor, role, service, call.region)
        except Refused as refusal:
            raise StepError(known.denied, str(refusal)) from None
        asked = [*asked, ("iam:PassRole", role)]
    return list(dict.fromkeys(action for action, _ in asked))


def _around(resource: str, parameters, work):
    """One attempt of one step, with everything that belongs around it."""
    from ministack.services import stepfunctions

    task = _task.get()
    if task is None:
        return work()  # TestState has no execution
    _fired["step"] = True
    task["attempt"] += 1
    execution = task["execution"]
    name, pattern = step_integrations.split(resource) or (str(resource), "")
    entry = {
        "execution": execution["executionArn"],
        "machine": execution["stateMachineArn"],
        "state": task["state"],
        "attempt": task["attempt"],
        "integration": name,
        "pattern": pattern,
        "actions": [],
        "principal": None,
        "parameters": parameters,
        "outcome": "succeeded",
        "cause": None,
    }
    with _lock:
        _steps.append(entry)
    try:
        known, call = _prepared(resource, parameters, execution)
        entry["principal"] = call.actor.arn
        entry["actions"] = _ask(known, call)
        fault = control.take_step_fault(name)
        if fault:
            raise StepError(fault["error"], fault.get("cause") or "a fault of the control API")
        token = _call.set(call)
        try:
            return work()
        finally:
            _call.reset(token)
    except (StepError, stepfunctions._ExecutionError) as failure:
        entry["outcome"], entry["cause"] = failure.error, failure.cause
        raise stepfunctions._ExecutionError(failure.error, failure.cause) from None
    except Refused as refusal:
        entry["outcome"], entry["cause"] = "States.TaskFailed", str(refusal)
        raise stepfunctions._ExecutionError("States.TaskFailed", str(refusal)) from None


def _wrapped_task(native):
    def execute(state_def, raw_input, execution, ctx):
        task = {"state": ctx["State"]["Name"], "execution": execution, "attempt": 0} if execution else None
        token = _task.set(task)
        try:
            return native(state_def, raw_input, execution, ctx)
        finally:
            _task.reset(token)

    return execute


def _own_state(native):
    """The branches of a Parallel state share one context, in which each would find the state of another."""

    def run(states, start_at, input_data, execution, ctx):
        return native(states, start_at, input_data, execution, {**ctx})

    return run


def _answered(run):
    def handler(resource, parameters):
        return run(_call.get())

    return handler


def _sleep(seconds) -> None:
    _fired["wait"] = True
    scaled = seconds * control.control.wait_scale
    if scaled > 0:
        time.sleep(scaled)


def install() -> None:
    """Wrap the walk of MiniStack."""
    from ministack.services import stepfunctions

    native_invoke, native_callback = stepfunctions._invoke_resource, stepfunctions._invoke_with_callback

    def invoke(resource, input_data):
        return _around(resource, input_data, lambda: native_invoke(resource, input_data))

    def callback(resource, input_data, token, state_def):
        return _around(resource, input_data, lambda: native_callback(resource, input_data, token, state_def))

    stepfunctions._run_sub_machine = _own_state(stepfunctions._run_sub_machine)
    stepfunctions._execute_task = _wrapped_task(stepfunctions._execute_task)
    stepfunctions._invoke_resource = invoke
    stepfunctions._invoke_with_callback = callback
    stepfunctions._scaled_sleep = _sleep
    for name, known in step_integrations.INTEGRATIONS.items():
        if known.run:
            stepfunctions._SERVICE_DISPATCH[f"arn:aws:states:::{name}"] = _answered(known.run)
