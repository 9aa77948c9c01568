"""Refusals for the base services: rules, schedules, subscriptions, rulesets, crawlers and state machines.

MiniStack checks little of what a template says about them. Hangs on the entries of `provisioners._RESOURCE_HANDLERS`;
the sources are in the README's table.
"""

import re

from . import (
    catalog_view,
    crawler_rules,
    permissions,
    principals,
    provisioning,
    schedules,
    state_language,
    step_integrations,
)
from .principals import Actor, Refused

_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s.,;<>]+")
_PROTOCOLS = {"http", "https", "email", "email-json", "sms", "sqs", "application", "lambda", "firehose"}
# What Step Functions asks of a machine's role when it is created (docs: cw-logs, "managed-rule" issues).
_LOGGING = (
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
)
_MANAGED_RULE = ("events:PutTargets", "events:PutRule", "events:DescribeRule")

_fired = {"base": False}


def _check_rule(actor: Actor, region: str, props: dict, logical_id: str) -> None:
    from ministack.services import eventbridge

    bus = str(props.get("EventBusName") or "default").rsplit("/", 1)[-1]
    if bus != "default" and bus not in eventbridge._event_buses:
        raise Refused(f"ResourceNotFoundException: Event bus {bus} does not exist. ({logical_id})")
    expression = props.get("ScheduleExpression")
    if expression:
        words = f"ValidationException: Parameter ScheduleExpression is not valid ({logical_id})"
        schedules.check(expression, ("cron", "rate"), words, strict_rate=True)
        if bus != "default":
            raise Refused(
                f"ValidationException: ScheduleExpression is supported only on the default event bus, not {bus}"
            )
    if not expression and not props.get("EventPattern"):
        raise Refused(f"ValidationException: rule {logical_id} has neither EventPattern nor ScheduleExpression")
    targets = props.get("Targets") or []
    if len(targets) > 5:
        raise Refused(f"LimitExceededException: rule {logical_id} has {len(targets)} targets, the most are 5")
    for target in targets:
        _check_target(actor, region, target, logical_id)


def _check_target(actor: Actor, region: str, target: dict, logical_id: str) -> None:
    arn = str(target.get("Arn"))
    parts = arn.split(":")
    if len(parts) < 6 or parts[0] != "arn":
        raise Refused(
            f"ValidationException: Parameter {arn} is not valid. Reason: Provided Arn is not in correct format."
        )
    foreign_bus = parts[2] == "events" and (parts[4], parts[3]) != (actor.account, region)
    if (parts[2] == "states" or foreign_bus) and not target.get("RoleArn"):
        raise Refused(f"ValidationException: RoleArn is required for target {arn}. ({logical_id})")


def _check_schedule(actor: Actor, region: str, props: dict, logical_id: str) -> None:
    from ministack.services import scheduler

    words = f"ValidationException: Invalid Schedule Expression of {logical_id}"
    schedules.check(str(props.get("ScheduleExpression")), ("cron", "rate", "at"), words)
    group = props.get("GroupName") or "default"
    if group != "default" and group not in scheduler._schedule_groups:
        raise Refused(f"ResourceNotFoundException: Schedule group {group} does not exist. ({logical_id})")
    target = props.get("Target") or {}
    if not target.get("Arn") or not target.get("RoleArn"):
        raise Refused(f"ValidationException: the target of schedule {logical_id} needs Arn and RoleArn")


def _check_subscription(actor: Actor, region: str, props: dict, logical_id: str) -> None:
    from ministack.services import sns

    topic, protocol, endpoint = props.get("TopicArn") or "", props.get("Protocol"), str(props.get("Endpoint") or "")
    owner = principals.account_of(topic)
    if not owner or sns._topics.get_scoped(owner, topic.split(":")[3], topic) is None:
        raise Refused(f"NotFoundException: Topic {topic} does not exist ({logical_id})")
    if protocol not in _PROTOCOLS:
        raise Refused(f"InvalidParameter: Invalid parameter: Does not support this protocol string: {protocol}")
    if protocol in ("email", "email-json") and not _EMAIL.fullmatch(endpoint):
        raise Refused(f"InvalidParameter: Invalid parameter: Email address: {endpoint!r} ({logical_id})")
    if protocol in ("sqs", "lambda", "firehose") and not endpoint.startswith(f"arn:aws:{protocol}:"):
        raise Refused(f"InvalidParameter: Invalid parameter: {protocol} endpoint ARN: {endpoint!r} ({logical_id})")


def _check_ruleset(actor: Actor, region: str, props: dict, logical_id: str) -> None:
    target = props.get("TargetTable")
    if target and catalog_view.find(actor.account, region, target.get("DatabaseName"), target.get("TableName")) is None:
        raise Refused(
            f"EntityNotFoundException: table {target.get('DatabaseName')}.{target.get('TableName')} of ruleset {logical_id} "
            f"is not seen from account {actor.account} (no such table, or not shared through that link)"
        )
    if not re.match(r"\s*(#[^\n]*\n\s*)*(Rules|Analyzers)\s*=\s*\[", str(props.get("Ruleset") or "")):
        raise Refused(f"InvalidInputException: Ruleset of {logical_id} does not start with `Rules = [`")


def _check_machine(actor: Actor, region: str, props: dict, logical_id: str) -> None:
    from ministack.services.cloudformation import provisioners

    definition = provisioners._sfn_definition(props)
    found = state_language.problems(definition, step_integrations.problems_of_task)
    if found:
        raise Refused(f"InvalidDefinition: Invalid State Machine Definition of {logical_id}: {'; '.join(found)}")
    role = principals.find_role(str(props.get("RoleArn")))
    if role is None:
        raise Refused(f"AccessDeniedException: role {props.get('RoleArn')} of {logical_id} does not exist")
    own = principals.role_actor(role)
    for name in sorted({step_integrations.managed_rule(task) for task in state_language.tasks(definition)} - {None}):
        rule = f"arn:aws:events:{region}:{actor.account}:rule/{name}"
        if any(principals.denial(own, action, rule, region) for action in _MANAGED_RULE):
            raise Refused(f"AccessDeniedException: '{own.arn}' is not authorized to create managed-rule. ({rule})")
    _check_logging(own, region, props.get("LoggingConfiguration") or {}, logical_id)


def _check_logging(role: Actor, region: str, logging: dict, logical_id: str) -> None:
    from ministack.services import cloudwatch_logs

    if logging.get("Level", "OFF") == "OFF":
        return
    for destination in logging.get("Destinations") or []:
        arn = str((destination.get("CloudWatchLogsLogGroup") or {}).get("LogGroupArn"))
        if not arn.endswith(":*"):
            raise Refused(f"InvalidLoggingConfiguration: the log group ARN of {logical_id} must end with :*, not {arn}")
        group = arn.removesuffix(":*").partition(":log-group:")[2]
        if group not in cloudwatch_logs._log_groups:
            raise Refused(f"InvalidLoggingConfiguration: log group {group} of {logical_id} does not exist")
    if any(principals.denial(role, action, "*", region) for action in _LOGGING):
        raise Refused(
            "AccessDeniedException: The state machine IAM Role is not authorized to access the Log Destination"
        )


CHECKS = {
    "AWS::Events::Rule": _check_rule,
    "AWS::Scheduler::Schedule": _check_schedule,
    "AWS::SNS::Subscription": _check_subscription,
    "AWS::Glue::DataQualityRuleset": _check_ruleset,
    "AWS::Glue::Crawler": crawler_rules.check,
    "AWS::StepFunctions::StateMachine": _check_machine,
}


def _same(props: dict) -> dict:
    return props


def _with_role_arn(props: dict) -> dict:
    """MiniStack's crawlers take a role by its ARN alone."""
    return {**props, "Role": permissions.as_role_arn(str(props.get("Role")), provisioning.current_actor.get().account)}


def _wrapped(check, native: dict, prepared=_same) -> dict:
    def checked(props, logical_id):
        from ministack.core.responses import get_region

        _fired["base"] = True
        check(provisioning.current_actor.get(), get_region(), props, logical_id)

    def create(logical_id, props, stack_name):
        checked(props, logical_id)
        return native["create"](logical_id, prepared(props), stack_name)

    def update(physical_id, old_props, new_props, stack_name, *logical_id):
        checked(new_props, logical_id[0] if logical_id else physical_id)
        return native["update"](physical_id, old_props, prepared(new_props), stack_name, *logical_id)

    return {**native, "create": create, "update": update}


def _new_schedule(native_create):
    """MiniStack's provisioner does not look at the answer of CreateSchedule."""
    from ministack.services import scheduler

    def create(logical_id, props, stack_name):
        key = f"{props.get('GroupName') or 'default'}/{props.get('Name')}"
        if props.get("Name") and key in scheduler._schedules:
            raise Refused(f"ConflictException: Schedule {key} already exists. ({logical_id})")
        return native_create(logical_id, props, stack_name)

    return create


def install() -> None:
    """Wrap the handlers; recorded types must be registered already."""
    from ministack.services.cloudformation import provisioners

    handlers = provisioners._RESOURCE_HANDLERS
    handlers["AWS::Scheduler::Schedule"]["create"] = _new_schedule(handlers["AWS::Scheduler::Schedule"]["create"])
    for resource_type, check in CHECKS.items():
        prepared = _with_role_arn if resource_type == "AWS::Glue::Crawler" else _same
        handlers[resource_type] = _wrapped(check, handlers[resource_type], prepared)


def fired() -> dict:
    """Which hooks have been used since the start."""
    return dict(_fired)
