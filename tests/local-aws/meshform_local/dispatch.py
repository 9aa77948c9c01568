"""Every request once more: the Lake Formation API, shared Glue catalogs, and the call log.

Hangs on `app._dispatch_service_request`, which MiniStack looks up at call time, after it has read the body, set
account and region and pinned the signature. Calls that MiniStack answers before that point are not logged.
"""

import re
from urllib.parse import parse_qs

from . import control, glue_api, lake_api

_READS = re.compile(r"(Describe|Get|List|Head|Search|BatchGet|Lookup|Validate|Estimate|Detect|Select)")
_READ_ACTIONS = frozenset(
    {
        "AssumeRole",
        "AssumeRoleWithWebIdentity",
        "AssumeRoleWithSAML",
        "DecodeAuthorizationMessage",
    }
)
_SCOPE = re.compile(r"Credential=[^/]+/[^/]+/[^/]+/([^/,]+)/")
_fired = {"dispatch": False}


def is_mutating(action: str) -> bool:
    """Whether an action changes something. GetTemplate, HeadBucket, AssumeRole and the like do not."""
    return action not in _READ_ACTIONS and not _READS.match(action)


def _form(headers, body, query_params) -> dict:
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {**parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True), **query_params}
    return query_params


def _action(service, method, path, headers, body, query_params) -> str:
    from ministack.core.iam_actions import extract_iam_action

    if service == "lakeformation":
        return path.strip("/")
    if headers.get("x-amz-target"):
        return headers["x-amz-target"].rsplit(".", 1)[-1]
    form = _form(headers, body, query_params)
    if form.get("Action"):
        return form["Action"][0]
    if service == "s3":
        return _s3_action(method, path, query_params)
    found = extract_iam_action(service, method, path, headers, body, form)
    return found.split(":", 1)[1] if found else f"{method} {path}"


def _s3_action(method, path, query_params) -> str:
    """The operation, not the IAM action: HeadBucket is allowed by s3:ListBucket but is called HeadBucket."""
    from ministack.core.iam_actions import extract_iam_action

    depth = len([part for part in path.split("/") if part])
    if not query_params or set(query_params) <= {
        "x-id",
        "list-type",
        "prefix",
        "delimiter",
        "max-keys",
        "encoding-type",
    }:
        plain = {
            ("HEAD", 1): "HeadBucket",
            ("HEAD", 2): "HeadObject",
            ("GET", 0): "ListBuckets",
            ("PUT", 1): "CreateBucket",
            ("DELETE", 1): "DeleteBucket",
            ("GET", 1): "ListObjects",
        }.get((method, min(depth, 2)))
        if plain:
            return plain
    found = extract_iam_action("s3", method, path, {}, b"", query_params)
    return found.split(":", 1)[1] if found else f"{method}Object"


def _service(method, path, headers, body, query_params) -> str:
    from ministack.core.router import detect_service

    scope = _SCOPE.search(headers.get("authorization", ""))
    if scope and scope[1] == "lakeformation":
        return "lakeformation"
    return detect_service(method, path, headers, _form(headers, body, query_params))


def _stack_name(service, headers, body, query_params) -> str | None:
    if service != "cloudformation":
        return None
    name = (_form(headers, body, query_params).get("StackName") or [None])[0]
    return name.split("/")[1] if name and name.startswith("arn:") else name


def install() -> None:
    """Wrap the dispatcher."""
    from ministack import app
    from ministack.core import iam_evaluator
    from ministack.core.responses import get_account_id, get_region

    native = app._dispatch_service_request

    async def dispatch(method, path, headers, body, query_params, request_id):
        _fired["dispatch"] = True
        service = _service(method, path, headers, body, query_params)
        action = _action(service, method, path, headers, body, query_params)
        principal = iam_evaluator.request_caller_arn(headers, query_params)
        account, region = get_account_id(), get_region()
        if service == "lakeformation":
            answer = lake_api.handle(action, headers, body, request_id)
        elif service == "glue" and action in glue_api.HANDLED:
            answer = glue_api.handle(action, headers, body, request_id)
        else:
            answer = await native(method, path, headers, body, query_params, request_id)
        stack = _stack_name(service, headers, body, query_params)
        control.record_call(
            {
                "service": service,
                "action": action,
                "account": account,
                "region": region,
                "principal": principal,
                "mutating": is_mutating(action),
                "status": answer[0],
                "stack": stack,
            }
        )
        if is_mutating(action):
            await control.hold(stack)
        return answer

    app._dispatch_service_request = dispatch


def fired() -> dict:
    """Which hooks have been used since the start."""
    return dict(_fired)
