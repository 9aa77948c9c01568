"""Events: who may send, what a rule's targets get, across accounts too; each refused and delivered once."""

import json

from . import pipeline
from .cases import case
from .pipeline import BUS, MACHINE, own
from .world import (
    CONSUMER,
    GOVERNANCE,
    ORGANIZATION,
    PRODUCER,
    REGION,
    World,
    made_role,
    refused,
    service_trust,
    statement,
)

EVENT = {"Source": "meshform.demo", "DetailType": "Product Refreshed", "Detail": json.dumps({"product": "orders"})}
LOCAL_BUS = own("events", "event-bus/demo")


def _rule(*targets: dict, bus: str = "demo", **more) -> dict:
    return {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "EventBusName": bus,
            "EventPattern": {"source": ["meshform.demo"]},
            "Targets": [{"Id": f"target-{number}", **target} for number, target in enumerate(targets)],
            **more,
        },
    }


def _bus() -> dict:
    return {"Type": "AWS::Events::EventBus", "Properties": {"Name": "demo"}}


def _send(world: World, account: str = CONSUMER, bus: str = "demo") -> list[dict]:
    """Put one event; answers what was delivered since."""
    world.control("DELETE", "deliveries")
    answer = world.administrator_client("events", account).put_events(Entries=[{**EVENT, "EventBusName": bus}])
    assert answer["FailedEntryCount"] == 0, answer
    return world.control("GET", "deliveries")


def _outcome(found: list[dict]) -> list[tuple]:
    return [(item["account"], item["target"], item["outcome"]) for item in found]


@case
def a_rule_starts_a_machine_by_its_role(world: World):
    """The target's role must be allowed states:StartExecution; then the machine gets the event."""
    machine = pipeline.machine({"Only": {"Type": "Pass", "End": True}})
    machine["Properties"]["RoleArn"] = made_role(world, CONSUMER, "demo-machine", service_trust("states"))
    start = made_role(
        world, CONSUMER, "demo-start", service_trust("events"), statement("states:StartExecution", "arn:x")
    )
    resources = {"Bus": _bus(), "Machine": machine}
    world.accepts(CONSUMER, resources)
    world.accepts(CONSUMER, {"Rule": _rule({"Arn": MACHINE, "RoleArn": start})})
    found = _send(world)
    assert _outcome(found) == [(CONSUMER, MACHINE, "refused")] and "states:StartExecution" in found[0]["reason"], found
    world.administrator_client("iam", CONSUMER).put_role_policy(
        RoleName="demo-start",
        PolicyName="own",
        PolicyDocument=json.dumps(statement("states:StartExecution", MACHINE)),
    )
    assert _outcome(_send(world)) == [(CONSUMER, MACHINE, "delivered")]
    client = world.administrator_client("stepfunctions", CONSUMER)
    executions = client.list_executions(stateMachineArn=MACHINE)["executions"]
    given = json.loads(client.describe_execution(executionArn=executions[0]["executionArn"])["input"])
    assert len(executions) == 1 and given["detail"] == {"product": "orders"}, given


@case
def a_topic_and_a_queue_go_by_their_own_policy(world: World):
    """Without a policy for EventBridge nothing arrives; with one for this rule's ARN it does."""
    topic, queue = own("sns", "demo-marketing"), own("sqs", "demo-marketing")
    base = {
        "Bus": _bus(),
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "demo-marketing"}},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "demo-marketing"}},
        "Rule": {**_rule({"Arn": topic}, {"Arn": queue}, Name="demo-notice"), "DependsOn": ["Bus", "Topic", "Queue"]},
    }
    world.accepts(CONSUMER, base, stack="notice")
    found = _send(world)
    assert _outcome(found) == [(CONSUMER, topic, "refused"), (CONSUMER, queue, "refused")], found

    def allow(action: str, arn: str, rule: str) -> dict:
        more = {"Resource": arn, "Condition": {"ArnEquals": {"aws:SourceArn": rule}}}
        return statement(action, Principal={"Service": "events.amazonaws.com"}, **more)

    right = own("events", "rule/demo/demo-notice")
    for rule, outcome in ((right + "-other", "refused"), (right, "delivered")):
        policies = {
            "OnTopic": {
                "Type": "AWS::SNS::TopicPolicy",
                "Properties": {"Topics": [topic], "PolicyDocument": allow("sns:Publish", topic, rule)},
            },
            "OnQueue": {
                "Type": "AWS::SQS::QueuePolicy",
                "Properties": {
                    "Queues": [{"Ref": "Queue"}],
                    "PolicyDocument": allow("sqs:SendMessage", queue, rule),
                },
            },
        }
        world.accepts(CONSUMER, {**base, **policies}, stack="notice", kind="UPDATE")
        found = _send(world)
        assert [item["outcome"] for item in found] == [outcome, outcome], found
    sqs = world.administrator_client("sqs", CONSUMER)
    url = sqs.get_queue_url(QueueName="demo-marketing")["QueueUrl"]
    assert json.loads(sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"])["source"] == "meshform.demo"


@case
def an_event_reaches_another_account_when_its_bus_lets_it_in(world: World):
    """Role and bus policy are both asked; the rules over there work, but nothing is passed on a second time."""
    forward = made_role(world, CONSUMER, "demo-forward", service_trust("events"), statement("events:PutEvents", BUS))
    onward = made_role(world, GOVERNANCE, "demo-onward", service_trust("events"), statement("events:PutEvents"))
    third = BUS.replace(GOVERNANCE, PRODUCER)
    notice = f"arn:aws:sns:{REGION}:{GOVERNANCE}:nobody"
    there = {"Rule": _rule({"Arn": notice}, {"Arn": third, "RoleArn": onward})}
    world.accepts(PRODUCER, pipeline.bus(GOVERNANCE))
    world.accepts(GOVERNANCE, pipeline.bus(None), stack="bus")
    world.accepts(GOVERNANCE, there)
    world.accepts(CONSUMER, {"Bus": _bus(), "Rule": {**_rule({"Arn": BUS, "RoleArn": forward}), "DependsOn": "Bus"}})
    found = _send(world)
    assert _outcome(found) == [(CONSUMER, BUS, "refused")] and "resource-based policy" in found[0]["reason"], found
    world.accepts(GOVERNANCE, pipeline.bus(), stack="bus", kind="UPDATE")
    found = _send(world)
    assert _outcome(found) == [
        (CONSUMER, BUS, "delivered"),
        (GOVERNANCE, notice, "refused"),
        (GOVERNANCE, third, "refused"),
    ], found
    assert "third event bus" in found[2]["reason"] and found[1]["event"]["account"] == CONSUMER, found
    world.administrator_client("iam", CONSUMER).delete_role_policy(RoleName="demo-forward", PolicyName="own")
    found = _send(world)
    assert _outcome(found) == [(CONSUMER, BUS, "refused")] and "events:PutEvents" in found[0]["reason"], found
    assert _outcome(_send(world, GOVERNANCE))[1] == (GOVERNANCE, third, "delivered")


@case
def a_bus_of_another_account_may_be_written_to_directly(world: World):
    """PutEvents with the bus's ARN needs its policy, also in a bus's own Policy property."""
    world.accepts(GOVERNANCE, pipeline.bus(None), stack="bus")
    world.accepts(GOVERNANCE, {"Rule": _rule({"Arn": f"arn:aws:sns:{REGION}:{GOVERNANCE}:nobody"})})
    client = world.administrator_client("events", CONSUMER)

    def send(bus: str = BUS) -> dict:
        return client.put_events(Entries=[{**EVENT, "EventBusName": bus}])["Entries"][0]

    assert send()["ErrorCode"] == "AccessDeniedException"
    resources = pipeline.bus(None)
    resources["Bus"]["Properties"]["Policy"] = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{CONSUMER}:root"},
                "Action": "events:PutEvents",
                "Resource": BUS,
            }
        ],
    }
    world.accepts(GOVERNANCE, resources, stack="bus", kind="UPDATE")
    assert "EventId" in send()
    assert world.control("GET", "deliveries")[-1]["account"] == GOVERNANCE
    assert send("ghost")["ErrorCode"] == "InvalidArgument"
    resources["Bus"]["Properties"]["Policy"]["Statement"][0]["Principal"] = {
        "AWS": f"arn:aws:iam::{CONSUMER}:role/demo-ghost"
    }
    world.refuses(GOVERNANCE, resources, "Invalid principal", "demo-ghost", stack="bus", kind="UPDATE")


@case
def rules_are_checked(world: World):
    """The bus exists, a machine and a foreign bus need a role, schedules are right and on the default bus."""
    start = made_role(world, CONSUMER, "demo-start", service_trust("events"), statement("states:*"))
    world.accepts(CONSUMER, {"Bus": _bus()})
    schedule = {"EventPattern": None, "ScheduleExpression": "rate(1 hours)"}
    for rule, texts in (
        (_rule({"Arn": MACHINE, "RoleArn": start}, bus="ghost"), ("Event bus ghost does not exist",)),
        (_rule({"Arn": MACHINE}), ("RoleArn is required for target", MACHINE)),
        (_rule({"Arn": BUS}), ("RoleArn is required for target", BUS)),
        (_rule({"Arn": MACHINE, "RoleArn": start.replace("start", "ghost")}), ("demo-ghost does not exist",)),
        (_rule({"Arn": "demo"}), ("not in correct format",)),
        (_rule(bus="default", **schedule), ("ScheduleExpression is not valid", "rate(1 hours)")),
        (_rule(**{**schedule, "ScheduleExpression": "rate(1 hour)"}), ("only on the default event bus",)),
        (_rule(bus="default", **{**schedule, "ScheduleExpression": "cron(0 3 * *)"}), ("not valid",)),
        (_rule(EventPattern=None), ("neither EventPattern nor ScheduleExpression",)),
        (_rule(*[{"Arn": own("sns", f"t{number}")} for number in range(6)]), ("the most are 5",)),
    ):
        world.refuses(CONSUMER, {"Rule": rule}, *texts)
    world.accepts(CONSUMER, {"Rule": _rule({"Arn": MACHINE, "RoleArn": start})})
    world.accepts(CONSUMER, {"Rule": _rule(bus="default", **{**schedule, "ScheduleExpression": "cron(0 3 * * ? *)"})})
    world.accepts(CONSUMER, {"Rule": _rule({"Arn": LOCAL_BUS})})


@case
def a_sender_needs_the_right(world: World):
    """PutEvents over the wire asks IAM for the bus."""
    world.accepts(CONSUMER, {"Bus": _bus()})
    client = world.role_client("events", CONSUMER, "demo-plan")
    refused(lambda: client.put_events(Entries=[{**EVENT, "EventBusName": "demo"}]), "AccessDenied", "events:PutEvents")


@case
def a_bus_may_ask_for_the_organization_and_the_role(world: World):
    """Principal `*` with aws:PrincipalOrgID and aws:PrincipalArn lets in a role of the mesh, path and all, and no other."""
    resources = pipeline.bus(None)
    resources["Policy"] = {
        "Type": "AWS::Events::EventBusPolicy",
        "Properties": {
            "EventBusName": {"Ref": "Bus"},
            "StatementId": "mesh",
            "Statement": {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "events:PutEvents",
                "Resource": BUS,
                "Condition": {
                    "StringEquals": {"aws:PrincipalOrgID": ORGANIZATION},
                    "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/demo/*"},
                },
            },
        },
    }
    world.accepts(GOVERNANCE, resources)
    right = service_trust("events")
    right["Statement"][0]["Condition"] = {"StringEquals": {"aws:SourceAccount": CONSUMER}}
    wrong = service_trust("events")
    wrong["Statement"][0]["Condition"] = {"StringEquals": {"aws:SourceAccount": PRODUCER}}
    allowed = statement("events:PutEvents", BUS)
    inside = made_role(world, CONSUMER, "demo-forward", right, allowed, path="/demo/")
    outside = made_role(world, CONSUMER, "other-forward", right, allowed)
    untrusting = made_role(world, CONSUMER, "demo-untrusting", wrong, allowed, path="/demo/")
    world.accepts(CONSUMER, {"Bus": _bus()})
    world.refuses(CONSUMER, {"Rule": _rule({"Arn": BUS, "RoleArn": untrusting})}, "unable to assume role", untrusting)
    world.accepts(CONSUMER, {"Rule": _rule({"Arn": BUS, "RoleArn": inside}, {"Arn": BUS, "RoleArn": outside})})
    assert [item["outcome"] for item in _send(world)] == ["delivered", "refused"]
