"""Whether the execution role (or, without one, the caller) may do what a resource needs.

MiniStack provisions with no regard to any role: a role that holds only `cloudformation:*` can make whatever it
likes. The table of actions is `actions_table.NEEDS`; a type that is not in it is refused rather than waved through.
"""

import re

from . import principals
from .actions_table import NEEDS
from .principals import Actor, Refused

_PLACEHOLDER = re.compile(r"\{([^}]+)\}")


def values_at(properties, path: str) -> list:
    """What stands at a dotted path; `*` walks a list, a number picks from it."""
    found = [properties]
    for step in path.split("."):
        following = []
        for value in found:
            if step == "*" and isinstance(value, list):
                following.extend(value)
            elif step.isdigit() and isinstance(value, list):
                following.extend(value[int(step) : int(step) + 1])
            elif isinstance(value, dict) and step in value:
                following.append(value[step])
        found = following
    return found


def _resource_arns(template: str, properties: dict, account: str, region: str, name: str) -> list[str]:
    """Fill the ARNs of a type; a name that is not given is the one CloudFormation would make up."""
    from ministack.services import iam

    def fill(match):
        key, _, otherwise = match[1].partition("=")
        if key in ("account", "region"):
            return {"account": account, "region": region}[key]
        if key == "rule":
            # A rule of the default bus has no bus in its ARN.
            bus = str(properties.get("EventBusName") or "default").rsplit("/", 1)[-1]
            rule = properties.get("Name") or name
            return rule if bus == "default" else f"{bus}/{rule}"
        found = values_at(properties, key.removeprefix("role:")) or ([otherwise] if otherwise else [])
        if key == "Path":
            return str(found[0]) if found else "/"
        value = str(found[0]) if found and isinstance(found[0], (str, int)) else name
        if key.startswith("role:"):
            role = iam._roles.get_scoped(account, None, value)
            return role["Arn"].partition(":role")[2] if role else f"/{value}"
        return value.rsplit("/", 1)[1] if value.startswith("http") else value

    filled = [_PLACEHOLDER.sub(fill, arn) for arn in template.split(" ")]
    # A property may hold a whole ARN where others hold a name.
    return ["arn:" + arn.rsplit("arn:", 1)[1] if arn.count("arn:") > 1 else arn for arn in filled]


def _context(resource_type: str, properties: dict, account: str) -> dict:
    """Condition keys that a policy for this type may ask for."""
    from ministack.services import iam

    context = {}
    if resource_type == "AWS::IAM::RolePolicy":
        # The boundary is the role's own (IAM: condition keys, iam:PermissionsBoundary).
        role = iam._roles.get_scoped(account, None, str(properties.get("RoleName"))) or {}
        if role.get("PermissionsBoundary"):
            context["iam:PermissionsBoundary"] = role["PermissionsBoundary"]
    if resource_type == "AWS::IAM::Role" and properties.get("PermissionsBoundary"):
        context["iam:PermissionsBoundary"] = properties["PermissionsBoundary"]
    context.update({f"aws:RequestTag/{key}": value for key, value in _own_tags(properties).items()})
    return context


def _own_tags(properties: dict) -> dict:
    """The tags that somebody asked for; CloudFormation's own (aws:cloudformation:...) need no right."""
    tags = properties.get("Tags") or {}
    pairs = (
        {tag["Key"]: tag.get("Value") for tag in tags if isinstance(tag, dict) and "Key" in tag}
        if isinstance(tags, list)
        else dict(tags)
    )
    return {key: value for key, value in pairs.items() if not key.startswith("aws:")}


def refuse_unless_allowed(
    actor: Actor, verb: str, resource_type: str, properties: dict, region: str, name: str
) -> None:
    """Refuse a resource whose actions the actor lacks, or whose roles it may not pass."""
    if actor.info.policies is None:
        return
    needs = NEEDS.get(resource_type)
    if needs is None:
        raise Refused(f"the local AWS has no actions for {resource_type}; add it to meshform_local/actions_table.py")
    arns = _resource_arns(needs.arn, properties, actor.account, region, name)
    context = _context(resource_type, properties, actor.account)
    actions = list(getattr(needs, verb))
    if verb == "update" and resource_type == "AWS::IAM::Role" and properties.get("PermissionsBoundary"):
        actions.append("iam:PutRolePermissionsBoundary")
    for action in actions:
        action, _, condition = action.partition("?")
        if condition and not (_own_tags(properties) if condition == "Tags" else properties.get(condition)):
            continue
        action, _, anywhere = action.partition("@")
        for arn in ["*"] if anywhere else arns:
            reason = principals.denial(actor, action, arn, region, context)
            if reason:
                raise Refused(f'Resource handler returned message: "{reason}" (HandlerErrorCode: AccessDenied)')
    if verb in ("create", "update"):
        for path, service in needs.passes:
            for role in values_at(properties, path):
                principals.refuse_passing(actor, as_role_arn(role, actor.account), service, region)


def as_role_arn(role: str, account: str) -> str:
    """The ARN of a role that a property names by ARN or, as Glue allows, by name; the name holds the path.

    A name without the path of its role names no role: Glue puts `role/` in front of it.
    """
    if str(role).startswith("arn:"):
        return role
    arn = f"arn:aws:iam::{account}:role/{role}"
    found = principals.role_by_name(account, str(role).rsplit("/", 1)[-1])
    if found and found["Arn"] != arn:
        path = found["Arn"].partition(":role/")[2]
        raise Refused(f"InvalidInputException: Service is unable to assume role {arn}; name it {path} or by its ARN")
    return arn
