"""Stack policies at updates: what a policy does not allow fails at its resource, and the update is rolled back.

MiniStack keeps policies and does not ask them. Source: CloudFormation user guide, "Prevent updates to stack resources" (a policy denies
by default, an explicit Deny is the stronger one, `Update:Modify`, `Update:Replace` and `Update:Delete` are asked one by one). Updates and
replacements are asked here, removals are not: AWS refuses those before anything happens, and MiniStack removes in its cleanup.
"""

import json
from fnmatch import fnmatchcase

from .principals import Refused


def _listed(value) -> list:
    return value if isinstance(value, list) else [value]


def _applies(statement: dict, action: str, resource_type: str, logical_id: str) -> bool:
    known = {"Effect", "Action", "Principal", "Resource", "Condition"}
    if set(statement) - known:
        raise Refused(f"the local AWS does not read {sorted(set(statement) - known)} of a stack policy")
    if not any(fnmatchcase(action, pattern) for pattern in _listed(statement["Action"])):
        return False
    names = (f"LogicalResourceId/{logical_id}", logical_id)
    if not any(fnmatchcase(name, pattern) for pattern in _listed(statement["Resource"]) for name in names):
        return False
    for operator, condition in statement.get("Condition", {}).items():
        if operator not in ("StringEquals", "StringLike") or set(condition) != {"ResourceType"}:
            raise Refused(f"the local AWS does not read the condition {operator} {sorted(condition)} of a stack policy")
        match = fnmatchcase if operator == "StringLike" else str.__eq__
        if not any(match(resource_type, pattern) for pattern in _listed(condition["ResourceType"])):
            return False
    return True


def refuse_unless_allowed(stack: dict, action: str, resource_type: str, logical_id: str) -> None:
    """Raise Refused when the stack's policy does not allow an action on a resource. A rollback is not asked."""
    policy = stack.get("_stack_policy")
    if not policy or stack["StackStatus"] != "UPDATE_IN_PROGRESS":
        return
    effects = [
        statement["Effect"]
        for statement in _listed(json.loads(policy).get("Statement", []))
        if _applies(statement, action, resource_type, logical_id)
    ]
    if "Deny" in effects or "Allow" not in effects:
        raise Refused(f"Action denied by stack policy: it does not allow [{action}] for resource [{logical_id}]")

