"""What the APIs that we answer ourselves have in common: the form of an answer, and who may ask."""

import json

from . import principals


def json_answer(status: int, content: dict, request_id: str, code: str | None = None) -> tuple:
    """An answer of a JSON service; an error's code stands in the header and in the body, where SDKs look for it."""
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-requestid": request_id}
    if code:
        headers["x-amzn-errortype"] = code
        content = {"__type": code, "Message": content["message"], "message": content["message"]}
    return status, headers, json.dumps(content).encode()


def authorised_actor(service: str, action: str, resources: list[str], headers: dict, request_id: str):
    """The caller, when its signature is right and its policies allow the action on every resource; else the refusal."""
    from ministack.core import iam_evaluator
    from ministack.core.responses import get_region
    from ministack.core.router import extract_access_key_id

    key = extract_access_key_id(headers, {})
    for resource in resources:
        denied = iam_evaluator.enforce(key, f"{service}:{action}", service, get_region(), resource_arn=resource)
        if isinstance(denied, iam_evaluator.AuthError):
            code = {"InvalidClientTokenId": "UnrecognizedClientException", "ExpiredToken": "ExpiredTokenException"}.get(
                denied.code, denied.code
            )
            return None, json_answer(
                403 if service == "lakeformation" else 400, {"message": denied.message}, request_id, code
            )
        if denied is not None:
            message = (
                f"User: {denied.principal_arn} is not authorized to perform: {service}:{action} on resource: {resource}"
            )
            return None, json_answer(
                403 if service == "lakeformation" else 400, {"message": message}, request_id, "AccessDeniedException"
            )
    return principals.caller_actor(), None
