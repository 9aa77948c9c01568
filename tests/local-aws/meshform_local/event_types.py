"""AWS::Events::EventBusPolicy, which MiniStack lacks, and the Policy of AWS::Events::EventBus, which it drops.

Both end in `eventbridge._event_bus_policies`, where PutPermission writes and `event_delivery` reads. A topic made by a
stack gets the default policy that one made by CreateTopic has: for its owner alone.
"""

import json

from .principals import Refused


def _bus_of(props: dict) -> str:
    from ministack.services import eventbridge

    bus = str(props.get("EventBusName") or "default").rsplit("/", 1)[-1]
    if bus != "default" and bus not in eventbridge._event_buses:
        raise Refused(f"ResourceNotFoundException: Event bus {bus} does not exist.")
    return bus


def _statement(props: dict, bus: str) -> dict:
    from ministack.core.responses import get_account_id, get_region

    given = props.get("Statement")
    given = json.loads(given) if isinstance(given, str) else given
    if not given:
        principal = props.get("Principal")
        given = {
            "Effect": "Allow",
            "Principal": "*" if principal == "*" else {"AWS": f"arn:aws:iam::{principal}:root"},
            "Action": props.get("Action") or "events:PutEvents",
        }
        condition = props.get("Condition")
        if condition:
            given["Condition"] = {condition["Type"]: {condition["Key"]: condition["Value"]}}
    arn = f"arn:aws:events:{get_region()}:{get_account_id()}:event-bus/{bus}"
    return {"Resource": arn, **given, "Sid": props["StatementId"]}


def _put(bus: str, statement: dict | None, identifier: str) -> None:
    from ministack.services import eventbridge

    policy = eventbridge._event_bus_policies.get(bus) or {"Version": "2012-10-17", "Statement": []}
    kept = [old for old in policy["Statement"] if old.get("Sid") != identifier]
    policy["Statement"] = kept + ([statement] if statement else [])
    eventbridge._event_bus_policies[bus] = policy


def _bus_policy_handlers() -> dict:
    def create(logical_id, props, stack_name):
        bus = _bus_of(props)
        _put(bus, _statement(props, bus), props["StatementId"])
        return props["StatementId"], {}

    def update(physical_id, old_props, new_props, stack_name):
        return create(None, new_props, stack_name)

    def delete(physical_id, props):
        _put(str(props.get("EventBusName") or "default").rsplit("/", 1)[-1], None, physical_id)

    return {"create": create, "update": update, "delete": delete}


def _with_policy(native: dict) -> dict:
    from ministack.services import eventbridge

    def keep(name: str, props: dict) -> None:
        document = props.get("Policy")
        if document:
            eventbridge._event_bus_policies[name] = json.loads(document) if isinstance(document, str) else document

    def create(logical_id, props, stack_name):
        made = native["create"](logical_id, props, stack_name)
        keep(made[0], props)
        return made

    def update(physical_id, old_props, new_props, stack_name, *logical_id):
        made = native["update"](physical_id, old_props, new_props, stack_name, *logical_id)
        keep(made[0], new_props)
        return made

    def delete(physical_id, props):
        eventbridge._event_bus_policies.pop(physical_id, None)
        return native["delete"](physical_id, props)

    return {**native, "create": create, "update": update, "delete": delete}


def _own_topic(native: dict) -> dict:
    from ministack.core.responses import get_account_id
    from ministack.services import sns

    def create(logical_id, props, stack_name):
        made = native["create"](logical_id, props, stack_name)
        attributes = sns._topics[made[0]]["attributes"]
        policy = json.loads(attributes.get("Policy") or "{}")
        for statement in policy.get("Statement", []):
            statement["Condition"] = {"StringEquals": {"AWS:SourceOwner": get_account_id()}}
        attributes["Policy"] = json.dumps(policy)
        attributes["KmsMasterKeyId"] = props.get("KmsMasterKeyId") or ""
        return made

    def update(physical_id, old_props, new_props, stack_name, *logical_id):
        made = native["update"](physical_id, old_props, new_props, stack_name, *logical_id)
        sns._topics[made[0]]["attributes"]["KmsMasterKeyId"] = new_props.get("KmsMasterKeyId") or ""
        return made

    return {**native, "create": create, "update": update}


def install() -> None:
    """Register the policy type, wrap the bus and the topic."""
    from ministack.services.cloudformation import provisioners

    provisioners._RESOURCE_HANDLERS["AWS::SNS::Topic"] = _own_topic(provisioners._RESOURCE_HANDLERS["AWS::SNS::Topic"])

    provisioners._RESOURCE_HANDLERS["AWS::Events::EventBusPolicy"] = _bus_policy_handlers()
    provisioners._REPLACING_PROPERTIES["AWS::Events::EventBusPolicy"] = ("EventBusName", "StatementId")
    provisioners._RESOURCE_HANDLERS["AWS::Events::EventBus"] = _with_policy(
        provisioners._RESOURCE_HANDLERS["AWS::Events::EventBus"]
    )
