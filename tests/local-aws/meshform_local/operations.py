"""The CloudFormation operations: RoleARN, who may pass it, and what AWS refuses while a stack is busy.

MiniStack ignores RoleARN altogether. Hangs on `handlers._ACTION_HANDLERS` (operation -> function of the parsed
parameters, answering (status, headers, body)), `_stacks`, `_change_sets`, and on the text of DescribeStacks, into
which the RoleARN is spliced.
"""

import re
from urllib.parse import urlparse

from . import principals

TAKES_ROLE = ("CreateStack", "UpdateStack", "DeleteStack", "CreateChangeSet", "ContinueUpdateRollback", "RollbackStack")
_VIRTUAL_HOST = re.compile(r"(?P<bucket>.+)\.s3[.-](?P<region>[a-z0-9-]+)\.amazonaws\.com")
_fired = {"role": False, "describe": False}


class _Answer(Exception):
    """An error answer of CloudFormation."""

    def __init__(self, code: str, message: str, status: int = 400):
        super().__init__(message)
        self.code, self.status = code, status


def _parameter(params, name: str) -> str:
    from ministack.services.cloudformation import helpers

    return helpers._p(params, name)


def _stack_of(params):
    from ministack.services.cloudformation import handlers

    stack = handlers._resolve_stack(_parameter(params, "StackName"))
    return stack if stack and stack["StackStatus"] != "DELETE_COMPLETE" else None


def _change_set_of(params):
    from ministack.services.cloudformation import changesets

    return changesets._find_change_set(_parameter(params, "ChangeSetName"), _parameter(params, "StackName"))[1]


def _checked_role(params) -> str | None:
    """The execution role of the request: it exists here, trusts CloudFormation, and the caller may pass it."""
    from ministack.core.responses import get_account_id, get_region

    role_arn = _parameter(params, "RoleARN")
    if not role_arn:
        return None
    _fired["role"] = True
    caller = principals.caller_actor()
    if principals.account_of(role_arn) != get_account_id():
        raise _Answer("ValidationError", f"Cross-account pass role is not allowed: {role_arn}")
    reason = principals.denial(
        caller, "iam:PassRole", role_arn, get_region(), {"iam:PassedToService": "cloudformation.amazonaws.com"}
    )
    if reason:
        raise _Answer("AccessDenied", reason, 403)
    role = principals.find_role(role_arn)
    if role is None or not principals.trusts_service(role, "cloudformation.amazonaws.com"):
        raise _Answer("ValidationError", f"Role {role_arn} is invalid or cannot be assumed")
    return role_arn


def _refuse_busy(action: str, params) -> None:
    """AWS lets nothing start on a stack that is busy, and nothing update one whose creation failed."""
    from ministack.services.cloudformation import _stacks

    stack = _stack_of(params)
    if action == "ExecuteChangeSet":
        change_set = _change_set_of(params)
        stack = _stacks.get(change_set["StackName"]) if change_set else None
    if stack is None:
        return
    status, identifier = stack["StackStatus"], stack["StackId"]
    busy = status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"
    if action == "DeleteStack" and busy and status != "DELETE_IN_PROGRESS":
        raise _Answer("ValidationError", f"Stack [{stack['StackName']}] cannot be deleted while in status {status}")
    if action in ("CreateChangeSet", "ExecuteChangeSet", "UpdateStack") and busy:
        raise _Answer("ValidationError", f"Stack:{identifier} is in {status} state and can not be updated.")
    broken = status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED")
    if action in ("CreateChangeSet", "UpdateStack") and (broken or status == "UPDATE_ROLLBACK_FAILED"):
        raise _Answer("ValidationError", f"Stack:{identifier} is in {status} state and can not be updated.")
    if action == "CreateStack" and broken:
        raise _Answer("AlreadyExistsException", f"Stack [{stack['StackName']}] already exists")


def _restore_failed_rollback(stack) -> None:
    """MiniStack forgets what a failed rollback could not delete; AWS tries again when the stack is deleted."""
    if stack and stack["StackStatus"] == "ROLLBACK_FAILED":
        for logical_id, record in (stack.get("_rollback_failed") or {}).items():
            if "Properties" in record:
                stack["_resources"].setdefault(
                    logical_id,
                    {
                        **record,
                        "LogicalResourceId": logical_id,
                        "ResourceStatus": "DELETE_FAILED",
                        "Attributes": {},
                        "Timestamp": stack["LastUpdatedTime"],
                    },
                )


def _fetch_template_as_caller(params) -> None:
    """Let a virtual-hosted TemplateURL work, and ask for the caller's s3:GetObject as AWS does."""
    from ministack.core.responses import get_region

    url = _parameter(params, "TemplateURL")
    if not url:
        return
    parsed = urlparse(url)
    host = _VIRTUAL_HOST.fullmatch(parsed.hostname or "")
    if host and host["bucket"] != "s3":
        path = f"/{host['bucket']}{parsed.path}"
        params["TemplateURL"] = [f"https://s3.{host['region']}.amazonaws.com{path}"]
    else:
        path = parsed.path
    reason = principals.denial(
        principals.caller_actor(), "s3:GetObject", f"arn:aws:s3:::{path.lstrip('/')}", get_region()
    )
    if reason:
        raise _Answer("ValidationError", f"S3 error: Access Denied ({reason})", 400)


def _wrapped(action: str, native):
    """One operation with our refusals before it and the role kept after it."""
    from ministack.services.cloudformation import _stacks, changesets, helpers

    def operation(params):
        try:
            _refuse_busy(action, params)
            role_arn = _checked_role(params) if action in TAKES_ROLE else None
            _fetch_template_as_caller(params)
        except (_Answer, principals.Refused) as refusal:
            code = getattr(refusal, "code", "ValidationError")
            return helpers._error(code, str(refusal), getattr(refusal, "status", 400))
        # The task that works on the stack may start before this function returns, so the role is set first.
        stack, new_role = _stack_of(params), role_arn
        if action == "ExecuteChangeSet" and (change_set := _change_set_of(params)):
            stack, new_role = _stacks.get(change_set["StackName"]), change_set.get("_role_arn")
        if action == "DeleteStack":
            _restore_failed_rollback(stack)
        keeps = stack is not None and new_role and action not in ("CreateStack", "CreateChangeSet")
        previous = stack.get("_role_arn") if keeps else None
        if keeps:
            stack["_role_arn"] = new_role
        status, headers, body = native(params)
        if status >= 400:
            if keeps:
                stack["_role_arn"] = previous
        elif role_arn and action == "CreateChangeSet":
            identifier = re.search(rb"<Id>([^<]+)</Id>", body)[1].decode()
            changesets._find_change_set(identifier)[1]["_role_arn"] = role_arn
        elif role_arn and action == "CreateStack":
            _stacks[_parameter(params, "StackName")]["_role_arn"] = role_arn
        return status, headers, body

    return operation


def _describe_with_role(native):
    """DescribeStacks, with the RoleARN that MiniStack leaves out."""
    from ministack.services.cloudformation import _stacks

    def describe(params):
        status, headers, body = native(params)
        text = body.decode()
        for stack in _stacks.values():
            role_arn = stack.get("_role_arn")
            marker = f"<StackId>{stack['StackId']}</StackId>"
            if role_arn and marker in text:
                _fired["describe"] = True
                text = text.replace(marker, f"{marker}<RoleARN>{role_arn}</RoleARN>")
        return status, headers, text.encode()

    return describe


def install() -> None:
    """Wrap the operations that start something, and DescribeStacks."""
    from ministack.services.cloudformation import handlers

    for action in (*TAKES_ROLE, "ExecuteChangeSet"):
        handlers._ACTION_HANDLERS[action] = _wrapped(action, handlers._ACTION_HANDLERS[action])
    handlers._ACTION_HANDLERS["DescribeStacks"] = _describe_with_role(handlers._ACTION_HANDLERS["DescribeStacks"])


def fired() -> dict:
    """Which hooks have been used since the start."""
    return dict(_fired)
