"""Events: who may put them on a bus, and which of a rule's targets really get them.

MiniStack delivers inside one account and asks nobody. Here the target's role or the target's policy is asked, other
accounts' buses are reached when their policy lets the sender in, and everything is kept for `GET /_local/deliveries`.
Hangs on `eventbridge._put_events`, `_invoke_target`, `_dispatch_event` and `_event_bus_policies`.
Sources: EventBridge: eb-cross-account, eb-bus-to-bus ("can't route events received from a sender event bus to a third
event bus"), eb-use-resource-based (SNS and SQS targets go by the target's policy), Scheduler: execution role.
"""

import json
import threading

from . import encrypted_topics, principals
from .principals import Actor

_deliveries: list[dict] = []
_lock = threading.Lock()
_fired = {"put_events": False, "target": False}


def reset() -> None:
    """Forget the deliveries."""
    with _lock:
        _deliveries.clear()


def deliveries() -> list[dict]:
    """What was delivered and what was not, in order."""
    with _lock:
        return list(_deliveries)


def fired() -> dict:
    """Which hooks have been used since the start."""
    return dict(_fired)


def bus_arn(entry: dict, account: str, region: str) -> str:
    """The ARN of the bus that an entry names by name, by ARN or not at all."""
    name = entry.get("EventBusName") or "default"
    return name if name.startswith("arn:") else f"arn:aws:events:{region}:{account}:event-bus/{name}"


def _place(arn: str) -> tuple[str, str, str]:
    """Account, region and last name of an ARN."""
    parts = arn.split(":")
    return parts[4], parts[3], parts[-1].rsplit("/", 1)[-1]


def _bus_policy(arn: str):
    from ministack.services import eventbridge

    account, region, name = _place(arn)
    return eventbridge._event_bus_policies.get_scoped(account, region, name)


def _bus_exists(arn: str) -> bool:
    from ministack.services import eventbridge

    account, region, name = _place(arn)
    return name == "default" or eventbridge._event_buses.get_scoped(account, region, name) is not None


def put_events(actor: Actor, entries: list[dict]) -> dict:
    """PutEvents by this actor; each entry may go to a bus of another account."""
    from ministack.core.responses import get_region

    answers = []
    for entry in entries:
        arn = bus_arn(entry, actor.account, get_region())
        account, region, name = _place(arn)
        reason = principals.denial_with_policy(actor, "events:PutEvents", arn, region, _bus_policy(arn), account)
        if reason:
            answers.append({"ErrorCode": "AccessDeniedException", "ErrorMessage": reason})
        elif not _bus_exists(arn):
            answers.append({"ErrorCode": "InvalidArgument", "ErrorMessage": f"EventBus not found: {arn}"})
        elif account == actor.account:
            _, _, body = _native_put({"Entries": [{**entry, "EventBusName": name}]})
            answers += json.loads(body)["Entries"]
        else:
            event = eventbridge_record(entry, actor.account, region)
            _dispatch_in(account, region, {**event, "EventBusName": name})
            answers.append({"EventId": event["EventId"]})
    return {"FailedEntryCount": sum("ErrorCode" in answer for answer in answers), "Entries": answers}


def eventbridge_record(entry: dict, account: str, region: str) -> dict:
    """An event as MiniStack keeps it, from the sender's account."""
    from ministack.core.responses import new_uuid
    from ministack.services import eventbridge

    return {
        "EventId": new_uuid(),
        "Source": entry.get("Source", ""),
        "DetailType": entry.get("DetailType", ""),
        "Detail": entry.get("Detail", "{}"),
        "Time": int(eventbridge._now_ts()),
        "Resources": entry.get("Resources") or [],
        "Account": account,
        "Region": region,
    }


def _dispatch_in(account: str, region: str, event: dict) -> None:
    from ministack.core.responses import request_scope
    from ministack.services import eventbridge

    with request_scope(account, region):
        eventbridge._dispatch_event(event)


def _role_refusal(target: dict, action: str, arn: str, service: str, region: str, rule_arn: str) -> str | None:
    role = principals.find_role(target.get("RoleArn") or "")
    if role is None:
        return f"role {target.get('RoleArn')} does not exist"
    if not principals.trusts_service(role, service, rule_arn):
        return f"{service} is unable to assume role {role['Arn']}"
    return principals.denial(principals.role_actor(role, "delivery"), action, arn, region)


def _policy_refusal(target: dict, action: str, rule_arn: str, service: str, policy) -> str | None:
    """SNS and SQS go by their own policy, unless the target has a role."""
    arn = target["Arn"]
    account, region, _ = _place(arn)
    if target.get("RoleArn"):
        return _role_refusal(target, action, arn, service, region, rule_arn)
    context = {"aws:SourceArn": rule_arn, "aws:SourceAccount": _place(rule_arn)[0]}
    if principals.service_may(service, action, arn, region, policy, context):
        return encrypted_topics.service_refusal(arn, service, context) if ":sns:" in arn else None
    return f"the policy of {arn} does not let {service} do {action} for {rule_arn}"


def _refusal(target: dict, event: dict, rule: dict, service: str) -> str | None:
    """Why a target gets nothing; None when it does."""
    from ministack.core.responses import get_account_id
    from ministack.services import sns, sqs, stepfunctions

    arn = str(target.get("Arn"))
    kind = arn.split(":")[2] if arn.count(":") >= 5 else ""
    account, region, name = _place(arn) if kind else ("", "", "")
    if kind == "states":
        if stepfunctions._state_machines.get_scoped(account, region, arn) is None:
            return f"state machine {arn} does not exist"
        if account != get_account_id():
            return f"a state machine of another account is no target: {arn}"
        return _role_refusal(target, "states:StartExecution", arn, service, region, rule["Arn"])
    if kind == "sns":
        topic = sns._topics.get_scoped(account, region, arn)
        policy = topic and topic["attributes"].get("Policy")
        return _policy_refusal(target, "sns:Publish", rule["Arn"], service, policy) if topic else f"no topic {arn}"
    if kind == "sqs":
        for queue in (value for (owner, _, _), value in sqs._queues.to_dict().items() if owner == account):
            if queue["attributes"].get("QueueArn") == arn:
                policy = queue["attributes"].get("Policy")
                return _policy_refusal(target, "sqs:SendMessage", rule["Arn"], service, policy)
        return f"no queue {arn}"
    if kind == "events" and ":event-bus/" in arn:
        return _bus_refusal(target, event, rule, service)
    if kind == "scheduler":
        return f"universal targets are only recorded: {arn}"
    return None


def _bus_refusal(target: dict, event: dict, rule: dict, service: str) -> str | None:
    from ministack.core.responses import get_account_id

    arn = target["Arn"]
    account, region, _ = _place(arn)
    if event.get("_DispatchPath"):
        return f"EventBridge can't route events received from a sender event bus to a third event bus: {arn}"
    if not _bus_exists(arn):
        return f"no event bus {arn}"
    if not target.get("RoleArn") and account == get_account_id():
        return None
    reason = _role_refusal(target, "events:PutEvents", arn, service, region, rule["Arn"])
    if reason or account == get_account_id():
        return reason
    actor = principals.role_actor(principals.find_role(target["RoleArn"]), "delivery")
    return principals.denial_with_policy(actor, "events:PutEvents", arn, region, _bus_policy(arn), account)


def _record(target: dict, event: dict, rule: dict, reason: str | None) -> None:
    from ministack.core.responses import get_account_id

    entry = {
        "account": get_account_id(),
        "bus": event.get("EventBusName"),
        "rule": rule.get("Arn"),
        "target": target.get("Arn"),
        "role": target.get("RoleArn"),
        "event": {
            "id": event.get("EventId"),
            "account": event.get("Account"),
            "source": event.get("Source"),
            "detailType": event.get("DetailType"),
            "detail": event.get("Detail"),
        },
        "outcome": "refused" if reason else "delivered",
        "reason": reason,
    }
    with _lock:
        _deliveries.append(entry)


def _wrapped_target(native):
    def invoke(target, event, rule, view=None):
        from ministack.core.responses import get_account_id, get_region
        from ministack.services import eventbridge

        _fired["target"] = True
        scheduled = ":schedule/" in rule.get("Arn", "")
        reason = _refusal(target, event, rule, "scheduler.amazonaws.com" if scheduled else "events.amazonaws.com")
        _record(target, event, rule, reason)
        if reason:
            return
        arn = target["Arn"]
        account, region, name = _place(arn)
        if ":event-bus/" in arn and (account, region) != (get_account_id(), get_region()):
            path = [*(event.get("_DispatchPath") or []), eventbridge._rule_key(rule["Name"], rule["EventBusName"])]
            _dispatch_in(account, region, {**event, "EventBusName": name, "_DispatchPath": path})
        else:
            native(target, event, rule, view)

    return invoke


def fire_schedule(account: str, region: str, name: str) -> list[dict]:
    """Let a schedule (`name`, or `group/name`) come due now; answers what was delivered."""
    from ministack.core.responses import request_scope
    from ministack.services import eventbridge, scheduler

    key = name if "/" in name else f"default/{name}"
    schedule = scheduler._schedules.get_scoped(account, region, key)
    if schedule is None:
        raise LookupError(f"no schedule {key} in {account}")
    before = len(deliveries())
    with request_scope(account, region):
        entry = {"Source": "aws.scheduler", "DetailType": "Scheduled Event", "Resources": [schedule["Arn"]]}
        eventbridge._invoke_target(schedule["Target"], eventbridge_record(entry, account, region), schedule)
    return deliveries()[before:]


def _native_put(data):
    raise NotImplementedError("set by install")


def install() -> None:
    """Wrap PutEvents and the delivery to one target."""
    global _native_put
    from ministack.core.responses import json_response
    from ministack.services import eventbridge

    native_put = eventbridge._put_events
    _native_put = native_put

    def put(data, allow_aws_source=False):
        _fired["put_events"] = True
        if allow_aws_source or len(data.get("Entries") or []) > 10:
            return native_put(data, allow_aws_source=allow_aws_source)
        return json_response(put_events(principals.caller_actor(), data.get("Entries") or []))

    eventbridge._put_events = put
    eventbridge._invoke_target = _wrapped_target(eventbridge._invoke_target)
