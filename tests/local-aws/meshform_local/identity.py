"""Root keys after the bootstrap, and AssumeRole with the whole ARN.

MiniStack never checks the signature of a root key (twelve digits, `test`, or no key), so a test that slips into one
proves nothing: once locked, `iam_evaluator.enforce` and `check_credentials` refuse them (the application imports
both at call time). `sts.handle_request` finds a role by its last name, so an ARN with a wrong path would pass.
"""

from urllib.parse import parse_qs

from . import control, principals

_fired = {"root_guard": False, "assume_role": False}


def _guarded(native):
    """Refuse root keys while locked; the first argument is the access key."""
    from ministack.core import iam_evaluator

    def guarded(access_key_id, *args, **kwargs):
        _fired["root_guard"] = True
        if control.locked and iam_evaluator.is_root_access_key(access_key_id or ""):
            return iam_evaluator.AuthError(
                "InvalidClientTokenId",
                "The security token included in the request is invalid: root keys are refused once the bootstrap is over.",
            )
        return native(access_key_id, *args, **kwargs)

    return guarded


def _strict_assume_role(native):
    """Refuse an AssumeRole whose ARN is not exactly a role's; AWS tells a missing role and a denial no different."""
    from ministack.core import iam_evaluator
    from ministack.services import sts

    async def handle_request(method, path, headers, body, query_params):
        form = parse_qs(body.decode("utf-8", "replace")) if body else {}
        wanted = {**form, **query_params}
        if wanted.get("Action") == ["AssumeRole"]:
            _fired["assume_role"] = True
            role_arn = (wanted.get("RoleArn") or [""])[0]
            if principals.find_role(role_arn) is None and principals.ROLE_ARN.fullmatch(role_arn):
                caller = iam_evaluator.request_caller_arn(headers, query_params)
                return sts._error(
                    403,
                    "AccessDenied",
                    f"User: {caller} is not authorized to perform: sts:AssumeRole on resource: {role_arn}",
                    ns="sts",
                )
        return await native(method, path, headers, body, query_params)

    return handle_request


def install() -> None:
    """Wrap the guards and the token service."""
    from ministack.core import iam_evaluator
    from ministack.services import sts

    iam_evaluator.enforce = _guarded(iam_evaluator.enforce)
    iam_evaluator.check_credentials = _guarded(iam_evaluator.check_credentials)
    sts.handle_request = _strict_assume_role(sts.handle_request)


def fired() -> dict:
    """Which hooks have been used since the start."""
    return dict(_fired)
