"""Around every create, update and delete of a resource: rights, delay, faults, honest events.

MiniStack runs handlers on the event loop, where a delay would freeze the server, so `stacks._runs_on_worker_thread`
answers True for every type. Hangs on `_provision_resource`, `_update_resource` and `_delete_resource`, which
`stacks` imports by name from `provisioners`; nested stacks use the originals, so both places are replaced and a
context variable keeps one resource from being handled twice.
"""

import contextvars
import threading
import time

from . import control, permissions, principals, recorded_types, stack_policies
from .principals import Actor, Refused

# The resource that is being worked on: (verb, logical id). Set while a wrap is active.
_inside: contextvars.ContextVar = contextvars.ContextVar("meshform_inside", default=None)
# On whose rights the current resource is made.
current_actor: contextvars.ContextVar = contextvars.ContextVar("meshform_actor", default=None)
# Which stack and logical id own what is being made.
current_owner: contextvars.ContextVar = contextvars.ContextVar("meshform_owner", default=None)

_counts: dict[str, int] = {}
_counts_lock = threading.Lock()
_fired = {"create": False, "update": False, "delete": False, "cleanup": False}


def reset() -> None:
    """Forget what was provisioned."""
    with _counts_lock:
        _counts.clear()


def summary() -> dict:
    """Resource type -> how many were created, and whether anything is behind them."""
    with _counts_lock:
        return {
            kind: {"count": count, "kind": "recorded" if kind in recorded_types.registered else "emulated"}
            for kind, count in sorted(_counts.items())
        }


def fired() -> dict:
    """Which wraps have been used since the start."""
    return dict(_fired)


def _stack(stack_name: str) -> dict:
    from ministack.services.cloudformation import _stacks

    stack = _stacks.get(stack_name)
    if stack is None:
        raise Refused(f"stack {stack_name} is gone (was the local AWS reset?)")
    return stack


def actor_of_stack(stack: dict) -> Actor:
    """The execution role of the operation, or the caller who started it."""
    role_arn = stack.get("_role_arn")
    if not role_arn:
        return principals.caller_actor()
    role = principals.find_role(role_arn)
    if role is None:
        raise Refused(f"Role {role_arn} is invalid or cannot be assumed")
    return principals.role_actor(role)


def _around(verb, resource_type, logical_id, properties, stack_name, name, work):
    """Do one resource's work with everything that belongs around it."""
    from ministack.core.responses import get_region

    if _inside.get() is not None and _inside.get()[1] == logical_id:
        return work()  # a replacement or a create in place of an update: already looked after
    _fired[verb] = True
    stack = _stack(stack_name)
    # A nested stack works on the rights of the stack around it.
    actor = current_actor.get() or actor_of_stack(stack)
    tokens = [
        (_inside, _inside.set((verb, logical_id))),
        (current_actor, current_actor.set(actor)),
        (current_owner, current_owner.set((stack["StackId"], logical_id))),
    ]
    try:
        if control.control.delay_ms:
            time.sleep(control.control.delay_ms / 1000)
        permissions.refuse_unless_allowed(actor, verb, resource_type, properties, get_region(), name)
        reason = control.control.fail[verb].get(logical_id)
        if reason:
            raise Refused(reason)
        result = work()
        if verb == "create":
            with _counts_lock:
                _counts[resource_type] = _counts.get(resource_type, 0) + 1
        return result
    finally:
        for variable, token in reversed(tokens):
            variable.reset(token)


def _wrapped_provision(native):
    def provision(resource_type, logical_id, props, stack_name):
        return _around(
            "create",
            resource_type,
            logical_id,
            props,
            stack_name,
            f"{stack_name}-{logical_id}-LOCAL",
            lambda: native(resource_type, logical_id, props, stack_name),
        )

    return provision


def _wrapped_update(native):
    from ministack.services.cloudformation import provisioners

    def update(resource_type, physical_id, old_props, new_props, stack_name, logical_id=None, old_attrs=None):
        def work():
            # Imported here because the types ask this module on whose rights they work.
            from . import lake_types

            if resource_type in lake_types.DELETE_THEN_CREATE and provisioners._replacing_change(
                resource_type, old_props, new_props
            ):
                return lake_types.replace_delete_first(
                    resource_type, physical_id, old_props, new_props, stack_name, logical_id
                )
            return native(resource_type, physical_id, old_props, new_props, stack_name, logical_id, old_attrs)

        if old_props == new_props:
            return work()  # AWS does not touch an unchanged resource, so neither rights nor faults matter
        replaces = provisioners._replacing_change(resource_type, old_props, new_props)
        renamed = resource_type == "AWS::S3::Bucket" and old_props.get("BucketName") != new_props.get("BucketName")
        action = "Update:Replace" if replaces or renamed else "Update:Modify"
        stack_policies.refuse_unless_allowed(_stack(stack_name), action, resource_type, logical_id or physical_id)
        return _around("update", resource_type, logical_id or physical_id, new_props, stack_name, physical_id, work)

    return update


def _wrapped_delete(native):
    def delete(resource_type, physical_id, props, stack_name=None, logical_id=None):
        def work():
            return native(resource_type, physical_id, props, stack_name, logical_id)

        if not stack_name or not logical_id:
            return work()
        stack = _stack(stack_name)
        cleaning = stack["StackStatus"] == "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
        if cleaning:
            _event(stack, logical_id, resource_type, "DELETE_IN_PROGRESS", physical_id)
        result = _around("delete", resource_type, logical_id, props, stack_name, physical_id, work)
        if cleaning:
            _event(stack, logical_id, resource_type, "DELETE_COMPLETE", physical_id)
        return result

    return delete


def _event(stack, logical_id, resource_type, status, physical_id):
    from ministack.services.cloudformation import stacks

    stacks._add_event(stack["StackId"], stack["StackName"], logical_id, resource_type, status, physical_id=physical_id)


def _wrapped_outputs(native):
    """The outputs are resolved between the last resource and the cleanup: the moment AWS announces the cleanup."""

    def resolve(outputs_defs, conditions, resources, param_values, mappings, stack_name, stack_id):
        result = native(outputs_defs, conditions, resources, param_values, mappings, stack_name, stack_id)
        stack = _stack(stack_name)
        if stack["StackStatus"] == "UPDATE_IN_PROGRESS":
            _fired["cleanup"] = True
            stack["StackStatus"] = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
            _event(stack, stack_name, "AWS::CloudFormation::Stack", stack["StackStatus"], stack_id)
        return result

    return resolve


def install() -> None:
    """Replace the functions in every module that holds them by name."""
    from ministack.services.cloudformation import provisioners, stacks

    provision = _wrapped_provision(provisioners._provision_resource)
    update = _wrapped_update(provisioners._update_resource)
    delete = _wrapped_delete(provisioners._delete_resource)
    for module in (provisioners, stacks):
        module._provision_resource = provision
        module._update_resource = update
        module._delete_resource = delete
    stacks._runs_on_worker_thread = lambda _resource_type: True
    stacks._resolve_stack_outputs = _wrapped_outputs(stacks._resolve_stack_outputs)
