"""Policies that name a principal, a boundary or a policy which does not exist: AWS refuses, MiniStack takes them.

Wraps the native handler entries of the types below. Only CloudFormation's own creates and updates are covered; a
direct PutBucketPolicy, PutKeyPolicy or CreateRole call is not.
"""

import json

from . import principals
from .principals import Refused

# type -> (property with the policy document, how the service words its refusal)
POLICIES = {
    "AWS::KMS::Key": (
        "KeyPolicy",
        "MalformedPolicyDocumentException: Policy contains a statement with one or more invalid principals",
    ),
    "AWS::S3::BucketPolicy": ("PolicyDocument", "MalformedPolicy: Invalid principal in policy"),
    "AWS::IAM::Role": ("AssumeRolePolicyDocument", "MalformedPolicyDocument: Invalid principal in policy"),
    "AWS::SQS::QueuePolicy": ("PolicyDocument", "InvalidAttributeValue: Invalid value for the parameter Policy"),
    "AWS::SNS::TopicPolicy": ("PolicyDocument", "InvalidParameter: Policy Error: PrincipalNotFound"),
    "AWS::SecretsManager::ResourcePolicy": ("ResourcePolicy", "MalformedPolicyDocumentException: invalid principal"),
    "AWS::Events::EventBus": ("Policy", "PolicyError: Invalid principal"),
    "AWS::Events::EventBusPolicy": ("Statement", "PolicyError: Invalid principal"),
}

_fired = {"policy": False}


def missing_principals(document) -> list[str]:
    """The AWS principals of a policy document, or of one statement, that do not exist."""
    document = json.loads(document) if isinstance(document, str) else document or {}
    statements = document.get("Statement", document if "Effect" in document else [])
    missing = []
    for statement in [statements] if isinstance(statements, dict) else statements:
        named = []
        for member in ("Principal", "NotPrincipal"):
            principal = statement.get(member) or []
            principal = principal.get("AWS", []) if isinstance(principal, dict) else principal
            named += [principal] if isinstance(principal, str) else principal
        missing += [name for name in named if not principals.principal_exists(name)]
    return missing


def _refuse_ghosts(resource_type: str, logical_id: str, props: dict) -> None:
    _fired["policy"] = True
    member, words = POLICIES[resource_type]
    missing = missing_principals(props.get(member))
    if missing:
        raise Refused(f"{words}: {', '.join(missing)} does not exist ({logical_id})")


def _attach_boundary(name: str, props: dict) -> None:
    """MiniStack drops the permissions boundary of a role made by CloudFormation, which would widen the role."""
    from ministack.services import iam

    iam._roles[name]["PermissionsBoundary"] = props.get("PermissionsBoundary") or None


def _refuse_missing_policies(logical_id: str, props: dict) -> None:
    """A boundary or managed policy of an account must exist; AWS's own policies are taken on trust."""
    from ministack.services import iam

    named = [props["PermissionsBoundary"]] if props.get("PermissionsBoundary") else []
    for arn in [*named, *(props.get("ManagedPolicyArns") or [])]:
        account = principals.account_of(arn)
        if account and iam._policies.get_scoped(account, None, arn) is None:
            raise Refused(f"NoSuchEntity: Policy {arn} does not exist or is not attachable ({logical_id})")


def _role_handlers(native: dict) -> dict:
    """Roles with the boundary they ask for."""

    def create(logical_id, props, stack_name):
        _refuse_missing_policies(logical_id, props)
        name, attributes = native["create"](logical_id, props, stack_name)
        _attach_boundary(name, props)
        return name, attributes

    def update(physical_id, old_props, new_props, stack_name, logical_id=None):
        _refuse_missing_policies(logical_id or physical_id, new_props)
        name, attributes = native["update"](physical_id, old_props, new_props, stack_name, logical_id)
        _attach_boundary(name, new_props)
        return name, attributes

    return {**native, "create": create, "update": update}


def _wrapped(resource_type: str, native: dict) -> dict:
    def create(logical_id, props, stack_name):
        _refuse_ghosts(resource_type, logical_id, props)
        return native["create"](logical_id, props, stack_name)

    def update(physical_id, old_props, new_props, stack_name, *logical_id):
        _refuse_ghosts(resource_type, logical_id[0] if logical_id else physical_id, new_props)
        return native["update"](physical_id, old_props, new_props, stack_name, *logical_id)

    wrapped = {**native, "create": create}
    if "update" in native:
        wrapped["update"] = update
    return wrapped


def _role_policy(write: bool):
    """AWS::IAM::RolePolicy, which MiniStack lacks: an inline policy on the role."""
    from ministack.services import iam

    def change(props):
        role = iam._roles.get(props["RoleName"])
        if role is None:
            raise Refused(f"NoSuchEntity: The role with name {props['RoleName']} cannot be found.")
        if write:
            role["InlinePolicies"][props["PolicyName"]] = json.dumps(props["PolicyDocument"])
        else:
            role["InlinePolicies"].pop(props["PolicyName"], None)
        return f"{props['PolicyName']}|{props['RoleName']}", {}

    return change


def install() -> None:
    """Wrap what is there, and add the inline role policy."""
    from ministack.services.cloudformation import provisioners

    put, remove = _role_policy(True), _role_policy(False)
    provisioners._RESOURCE_HANDLERS["AWS::IAM::RolePolicy"] = {
        "create": lambda logical_id, props, stack_name: put(props),
        "update": lambda physical_id, old_props, new_props, stack_name: put(new_props),
        "delete": lambda physical_id, props: remove(props),
    }
    provisioners._REPLACING_PROPERTIES["AWS::IAM::RolePolicy"] = ("PolicyName", "RoleName")
    provisioners._RESOURCE_HANDLERS["AWS::IAM::Role"] = _role_handlers(
        provisioners._RESOURCE_HANDLERS["AWS::IAM::Role"]
    )
    for resource_type in POLICIES:
        native = provisioners._RESOURCE_HANDLERS.get(resource_type)
        if native:
            provisioners._RESOURCE_HANDLERS[resource_type] = _wrapped(resource_type, native)


def fired() -> dict:
    """Which hooks have been used since the start."""
    return dict(_fired)
