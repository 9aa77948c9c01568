"""Who exists, who is calling, and what they may do.

MiniStack looks a role up by its last name only and in the caller's account; AWS compares the whole ARN, path
included. Hangs on `iam._roles`, `iam._users` (dicts scoped by account, read with `get_scoped`), and in
`iam_evaluator` on `_resolve_condition_key`, `_principal_org_id`, `_gather_role_policies`,
`_permissions_boundary`, `evaluate`, `resolve_principal` and `_verified_key`.
"""

import json
import re
from dataclasses import dataclass

ACCOUNT = re.compile(r"\d{12}")
ACCOUNT_ROOT = re.compile(r"arn:aws:iam::(\d{12}):root")
ROLE_ARN = re.compile(r"arn:aws:iam::(\d{12}):role/(?:.*/)?([^/]+)")
USER_ARN = re.compile(r"arn:aws:iam::(\d{12}):user/(?:.*/)?([^/]+)")
SESSION_ARN = re.compile(r"arn:aws:sts::(\d{12}):assumed-role/([^/]+)/.+")

# The organization that /_local/setup declared: its id and the accounts in it.
organization_id: str | None = None
organization_accounts: frozenset = frozenset()

_fired = {"principal_arn": False, "organization": False}


class Refused(ValueError):
    """What AWS would answer with an error; MiniStack turns a ValueError of a handler into a failed resource."""


@dataclass(frozen=True)
class Actor:
    """The principal on whose rights something is done: an execution role, or the caller itself."""

    account: str
    arn: str  # the role or user ARN, never the session's
    session_arn: str  # what an AccessDenied message names
    info: object  # MiniStack's PrincipalInfo; its policies are None for the account's root


def set_organization(identifier: str | None, accounts: list[str]) -> None:
    """Declare the organization; accounts outside it have no aws:PrincipalOrgID."""
    global organization_id, organization_accounts
    organization_id = identifier
    organization_accounts = frozenset(accounts)


def find_role(arn: str) -> dict | None:
    """The role with exactly this ARN, path included."""
    from ministack.services import iam

    match = ROLE_ARN.fullmatch(arn or "")
    role = iam._roles.get_scoped(match[1], None, match[2]) if match else None
    return role if role and role["Arn"] == arn else None


def find_user(arn: str) -> dict | None:
    """The user with exactly this ARN."""
    from ministack.services import iam

    match = USER_ARN.fullmatch(arn or "")
    user = iam._users.get_scoped(match[1], None, match[2]) if match else None
    return user if user and user["Arn"] == arn else None


def principal_exists(name: str) -> bool:
    """Whether a policy may name this AWS principal. The root of an account can always be named."""
    if name == "*" or ACCOUNT.fullmatch(name) or ACCOUNT_ROOT.fullmatch(name):
        return True
    if ROLE_ARN.fullmatch(name):
        return find_role(name) is not None
    if USER_ARN.fullmatch(name):
        return find_user(name) is not None
    session = SESSION_ARN.fullmatch(name)
    return bool(session) and role_by_name(session[1], session[2]) is not None


def account_of(arn: str) -> str | None:
    """The account an ARN or a bare account id speaks of."""
    if ACCOUNT.fullmatch(arn or ""):
        return arn
    parts = (arn or "").split(":")
    return parts[4] if len(parts) > 5 and ACCOUNT.fullmatch(parts[4]) else None


def role_by_name(account: str, name: str) -> dict | None:
    """The role of an account with this last name, whatever its path."""
    from ministack.services import iam

    return iam._roles.get_scoped(account, None, name)


def role_arn_of_session(arn: str) -> str:
    """The ARN of the role behind a session, with the role's path; any other ARN as it is."""
    match = SESSION_ARN.fullmatch(arn or "")
    role = role_by_name(match[1], match[2]) if match else None
    return role["Arn"] if role else arn


def role_actor(role: dict, session_name: str = "AWSCloudFormation") -> Actor:
    """An actor that works as this role, with its permissions boundary."""
    from ministack.core import iam_evaluator
    from ministack.services import iam

    account, name = account_of(role["Arn"]), role["RoleName"]
    session_arn = f"arn:aws:sts::{account}:assumed-role/{name}/{session_name}"
    info = iam_evaluator.PrincipalInfo(
        arn=session_arn,
        type="AssumedRole",
        account=account,
        policies=iam_evaluator._gather_role_policies(name, account),
        limits=iam_evaluator._permissions_boundary(iam._roles, name, account),
    )
    return Actor(account, role["Arn"], session_arn, info)


def caller_actor() -> Actor:
    """The caller of the request that this code runs in; also readable later, in the task it started."""
    from ministack.core import iam_evaluator
    from ministack.core.responses import get_account_id

    account = get_account_id()
    key = iam_evaluator._verified_key.get()
    root = f"arn:aws:iam::{account}:root"
    if not key:
        # Only a root key passes without a verified signature.
        info = iam_evaluator.PrincipalInfo(arn=root, type="Root", account=account, policies=None)
        return Actor(account, root, root, info)
    info = iam_evaluator.resolve_principal(key, account)
    if isinstance(info, iam_evaluator.AuthError):
        raise Refused(f"{info.code}: {info.message}")
    return Actor(info.account, role_arn_of_session(info.arn), info.arn, info)


def _evaluation(actor: Actor, action: str, resource: str, region: str, context: dict | None):
    from ministack.core import iam_evaluator

    return iam_evaluator.EvalContext(
        principal_arn=actor.session_arn,
        principal_type=actor.info.type,
        principal_account=actor.info.account,
        action=action,
        resource_arn=resource,
        region=region,
        principal_keys=actor.info.keys,
        service_context={key.lower(): value for key, value in (context or {}).items()},
    )


def denial(actor: Actor, action: str, resource: str, region: str, context: dict | None = None) -> str | None:
    """Why the actor may not do this, in AWS's words; None when it may."""
    from ministack.core import iam_evaluator

    info = actor.info
    if info.policies is None:
        return None
    evaluation = _evaluation(actor, action, resource, region, context)
    decision = iam_evaluator.evaluate(evaluation, info.policies, *info.limits).decision
    if decision == "Allow":
        return None
    if decision == "Deny":
        reason = "with an explicit deny in an identity-based policy"
    elif iam_evaluator.evaluate(evaluation, info.policies).decision == "Allow":
        reason = f"because no permissions boundary allows the {action} action"
    else:
        reason = f"because no identity-based policy allows the {action} action"
    return f"User: {actor.session_arn} is not authorized to perform: {action} on resource: {resource} {reason}"


def denial_with_policy(actor: Actor, action: str, resource: str, region: str, policy, owner: str) -> str | None:
    """The same where the resource has a policy of its own: across accounts both must allow, a deny in either wins."""
    from ministack.core import iam_evaluator

    info = actor.info
    evaluation = _evaluation(actor, action, resource, region, None)
    if info.policies is None:
        identity = iam_evaluator.EvalResult("Allow")
    else:
        identity = iam_evaluator.evaluate(evaluation, info.policies, *info.limits)
    whole = iam_evaluator.combine_resource_policy(identity, evaluation, policy, owner, limits=info.limits)
    if whole.decision == "Allow":
        return None
    own = denial(actor, action, resource, region)
    return own or (
        f"User: {actor.session_arn} is not authorized to perform: {action} on resource: {resource} because no "
        f"resource-based policy allows the {action} action, or one denies it"
    )


def service_may(service: str, action: str, resource: str, region: str, policy, context: dict) -> bool:
    """Whether a resource's policy lets an AWS service do this; the context holds aws:SourceArn and aws:SourceAccount."""
    from ministack.core import iam_evaluator

    evaluation = iam_evaluator.EvalContext(
        principal_arn=service,
        principal_type="Service",
        principal_account=context.get("aws:SourceAccount", ""),
        action=action,
        resource_arn=resource,
        region=region,
        service_context={key.lower(): value for key, value in context.items()},
    )
    return iam_evaluator.evaluate_resource_policy(policy, evaluation, service=service).decision == "Allow"


def trusts_service(role: dict, service: str, source_arn: str | None = None) -> bool:
    """Whether a role's trust policy lets this AWS service assume it, on behalf of the role's own account.

    Of a statement's conditions those on aws:SourceAccount count, and on aws:SourceArn when it is known.
    """
    from ministack.core import iam_evaluator

    account = account_of(role["Arn"])
    known = {"aws:sourceaccount": account, **({"aws:sourcearn": source_arn} if source_arn else {})}
    evaluation = iam_evaluator.EvalContext(
        principal_arn=service,
        principal_type="Service",
        principal_account=account,
        action="sts:AssumeRole",
        resource_arn=role["Arn"],
        region="",
        service_context=known,
    )
    document = role.get("AssumeRolePolicyDocument") or "{}"
    document = json.loads(document) if isinstance(document, str) else document
    statements = document.get("Statement", [])
    for statement in [statements] if isinstance(statements, dict) else statements:
        actions = statement.get("Action", [])
        if (
            statement.get("Effect") == "Allow"
            and iam_evaluator._service_principal_matches(statement.get("Principal"), service)
            and {"sts:AssumeRole", "sts:*", "*"} & set([actions] if isinstance(actions, str) else actions)
            and iam_evaluator._conditions_met(_on_keys(statement.get("Condition") or {}, known), evaluation)
        ):
            return True
    return False


def _on_keys(conditions: dict, known: dict) -> dict:
    """The conditions that speak of what is known."""
    return {
        operator: {key: value for key, value in keys.items() if key.lower() in known}
        for operator, keys in conditions.items()
    }


def refuse_passing(actor: Actor, role_arn: str, service: str, region: str) -> None:
    """Refuse a role that the actor may not hand to this service, or that the service could not assume."""
    if account_of(role_arn) != actor.account:
        raise Refused(f"AccessDenied: Cross-account pass role is not allowed: {role_arn}")
    reason = denial(actor, "iam:PassRole", role_arn, region, {"iam:PassedToService": service})
    if reason:
        raise Refused(f"AccessDenied: {reason}")
    role = find_role(role_arn)
    if role is None:
        raise Refused(f"InvalidInputException: role {role_arn} does not exist")
    if not trusts_service(role, service):
        raise Refused(f"InvalidInputException: {service} is unable to assume role {role_arn}; check its trust policy")


def install() -> None:
    """Give conditions the values that AWS gives them."""
    from ministack.core import iam_evaluator

    native_key = iam_evaluator._resolve_condition_key

    def condition_key(key, context):
        if key.lower() == "aws:principalarn":
            # For a session AWS gives the role's ARN, MiniStack the session's.
            _fired["principal_arn"] = True
            return role_arn_of_session(context.principal_arn)
        if key.lower() == "aws:securetransport":
            # The loopback has no TLS. Bucket policies that ask for it would refuse everything, so it counts as TLS here.
            return "true"
        return native_key(key, context)

    def principal_organization(account_id):
        # MiniStack makes every account its own organization; ours is what /_local/setup said.
        _fired["organization"] = True
        return organization_id if account_id in organization_accounts else None

    iam_evaluator._resolve_condition_key = condition_key
    iam_evaluator._principal_org_id = principal_organization


def fired() -> dict:
    """Which condition hooks have been used since the start."""
    return dict(_fired)
