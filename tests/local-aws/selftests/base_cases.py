"""Schedules, subscriptions, rulesets, definitions and passed roles; each refused once and, mended, accepted."""

import copy
import json

from . import lake, pipeline
from .cases import case
from .pipeline import MACHINE, ROLE, TOPIC, own, task
from .world import CONSUMER, GOVERNANCE, World, made_role, service_trust, statement

PASS = {"Only": {"Type": "Pass", "End": True}}


def _schedule(expression: str, target: str, role: str, **more) -> dict:
    return {
        "Type": "AWS::Scheduler::Schedule",
        "Properties": {
            "Name": "demo-marketing",
            "ScheduleExpression": expression,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": target, "RoleArn": role, "Input": json.dumps({"why": "schedule"})},
            **more,
        },
    }


@case
def schedules_are_checked_and_may_be_fired(world: World):
    """Expression, group and role are right; `fire` starts the machine when the role may."""
    machine = pipeline.machine(PASS)
    machine["Properties"]["RoleArn"] = made_role(world, CONSUMER, "demo-machine", service_trust("states"))
    start = made_role(world, CONSUMER, "demo-start", service_trust("scheduler"), statement("states:*", "arn:x"))
    events = made_role(world, CONSUMER, "demo-events", service_trust("events"))
    world.accepts(CONSUMER, {"Machine": machine})
    daily = "cron(0 3 * * ? *)"
    for schedule, texts in (
        (_schedule("cron(0 3 * *)", MACHINE, start), ("Invalid Schedule Expression", "cron(0 3 * *)")),
        (_schedule("every day", MACHINE, start), ("Invalid Schedule Expression",)),
        (_schedule(daily, MACHINE, start, GroupName="ghost"), ("Schedule group ghost does not exist",)),
        (_schedule(daily, MACHINE, events), ("scheduler.amazonaws.com is unable to assume role",)),
        (_schedule(daily, MACHINE, start.replace(CONSUMER, GOVERNANCE)), ("Cross-account pass role",)),
    ):
        world.refuses(CONSUMER, {"Schedule": schedule}, *texts)
    group = {"Type": "AWS::Scheduler::ScheduleGroup", "Properties": {"Name": "demo"}}
    grouped = {**_schedule(daily, MACHINE, start, GroupName="demo"), "DependsOn": "Group"}
    world.accepts(CONSUMER, {"Group": group, "Schedule": grouped})
    world.refuses(CONSUMER, {"Schedule": _schedule(daily, MACHINE, start, GroupName="demo")}, "already exists")
    world.accepts(CONSUMER, {"Schedule": _schedule("rate(1 hours)", MACHINE, start)})
    fire = {"account": CONSUMER, "region": "eu-west-1", "schedule": "demo/demo-marketing"}
    found = world.control("POST", "fire", fire)
    assert found[0]["outcome"] == "refused" and "states:StartExecution" in found[0]["reason"], found
    world.administrator_client("iam", CONSUMER).put_role_policy(
        RoleName="demo-start",
        PolicyName="own",
        PolicyDocument=json.dumps(statement("states:StartExecution", MACHINE)),
    )
    assert world.control("POST", "fire", fire)[0]["outcome"] == "delivered"
    client = world.administrator_client("stepfunctions", CONSUMER)
    executions = client.list_executions(stateMachineArn=MACHINE)["executions"]
    given = client.describe_execution(executionArn=executions[0]["executionArn"])["input"]
    assert json.loads(given) == {"why": "schedule"}, given


def _subscription(endpoint: str, protocol: str = "email", topic: str = TOPIC) -> dict:
    properties = {"TopicArn": topic, "Protocol": protocol, "Endpoint": endpoint}
    return {"Subscription": {"Type": "AWS::SNS::Subscription", "Properties": properties}}


@case
def subscriptions_are_checked(world: World):
    """The topic exists, the protocol is known, an e-mail address is one."""
    world.accepts(CONSUMER, {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "demo-marketing"}}})
    for address in (
        "data@acme",
        "data.acme.example",
        "a b@acme.example",
        "@acme.example",
        "a@acme.example, b@acme.example",
    ):
        world.refuses(CONSUMER, _subscription(address), "Invalid parameter: Email address", address)
    world.refuses(CONSUMER, _subscription("data@acme.example", "mail"), "Does not support this protocol string: mail")
    world.refuses(CONSUMER, _subscription("queue", "sqs"), "sqs endpoint ARN")
    world.refuses(CONSUMER, _subscription("data@acme.example", topic=TOPIC + "-ghost"), "does not exist")
    world.accepts(CONSUMER, _subscription("data+alerts@acme.example"))


@case
def encrypted_topics_ask_for_the_key(world: World):
    """EventBridge and a machine's role need the key of a topic, not only the topic."""
    allowed = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "kms:*",
                "Resource": "*",
                "Principal": {"AWS": f"arn:aws:iam::{CONSUMER}:root"},
            }
        ],
    }
    base = {
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": allowed}},
        "Topic": {
            "Type": "AWS::SNS::Topic",
            "Properties": {"TopicName": "demo-marketing", "KmsMasterKeyId": {"Ref": "Key"}},
        },
        "Policy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {
                "Topics": [{"Ref": "Topic"}],
                "PolicyDocument": statement(
                    "sns:Publish", Principal={"Service": "events.amazonaws.com"}, Resource=TOPIC
                ),
            },
        },
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventPattern": {"source": ["meshform.demo"]},
                "Targets": [{"Id": "topic", "Arn": {"Ref": "Topic"}}],
            },
        },
    }
    world.accepts(CONSUMER, base, stack="topic")
    entries = [{"Source": "meshform.demo", "DetailType": "Product Failed", "Detail": "{}"}]

    def outcome() -> dict:
        world.administrator_client("events", CONSUMER).put_events(Entries=entries)
        return world.control("GET", "deliveries")[-1]

    found = outcome()
    assert found["outcome"] == "refused" and "kms:GenerateDataKey" in found["reason"], found
    more = copy.deepcopy(base)
    more["Key"]["Properties"]["KeyPolicy"]["Statement"].append(
        {
            "Effect": "Allow",
            "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
            "Resource": "*",
            "Principal": {"Service": "events.amazonaws.com"},
        }
    )
    world.accepts(CONSUMER, more, stack="topic", kind="UPDATE")
    assert outcome()["outcome"] == "delivered"
    more["Topic"]["Properties"]["KmsMasterKeyId"] = "alias/aws/sns"
    world.accepts(CONSUMER, more, stack="topic", kind="UPDATE")
    assert "lets no service in" in outcome()["reason"]


@case
def rulesets_need_a_table_that_is_seen(world: World):
    """A local table, or one behind a link that was shared with the account; and a text that is a ruleset."""
    world.accepts(GOVERNANCE, lake.publication())
    world.accepts(CONSUMER, lake.workspace())
    world.accepts(GOVERNANCE, lake.sharing())
    rules = {"Rules": pipeline.grants()["Rules"]}
    del rules["Rules"]["DependsOn"]
    world.refuses(CONSUMER, rules, "is not seen from account", CONSUMER)
    world.accepts(CONSUMER, {"Link": lake.link()})
    ghost = {"DatabaseName": lake.DATABASE, "TableName": "ghost"}
    world.refuses(CONSUMER, pipeline.changed(rules, "Rules", TargetTable=ghost), "orders.ghost", "is not seen")
    world.refuses(CONSUMER, pipeline.changed(rules, "Rules", Ruleset="IsComplete"), "does not start with")
    world.accepts(CONSUMER, rules)
    world.accepts(GOVERNANCE, rules)


@case
def definitions_are_checked(world: World):
    """States that lead nowhere, unknown states, integrations, patterns and parameters are refused at creation."""
    pipeline.prepared(world)
    job = task("glue:startJobRun.sync", {"JobName": "demo-job-marketing"})
    for states, texts in (
        ({"Only": {**PASS["Only"], "Next": "Only"}}, ("exactly one of Next and End",)),
        ({"Only": {"Type": "Pass"}}, ("exactly one of Next and End",)),
        ({"Only": {"Type": "Pass", "Next": "Ghost"}}, ("Next 'Ghost' is no state", "no state ends it")),
        ({**PASS, "Lost": {"Type": "Succeed"}}, ("/States/Lost: no state leads to it",)),
        ({"Only": {"Type": "Dance", "End": True}}, ("unknown Type 'Dance'",)),
        ({"Only": {"Type": "Task", "End": True}}, ("Task needs Resource",)),
        ({"Only": {"Type": "Wait", "Seconds": 1, "Timestamp": "x", "End": True}}, ("exactly one of Seconds",)),
        ({"Only": {**job, "Parameters": {"JobNam": "x"}}}, ("'JobNam' is not supported", "'JobName' is required")),
        ({"Only": {**job, "Parameters": {"JobName.$": "name"}}}, ("neither a path nor an intrinsic function",)),
        ({"Only": {**job, "Resource": "arn:aws:states:::glue:startJobRunn.sync"}}, ("no integration",)),
        ({"Only": {**job, "Resource": "arn:aws:states:::glue:startJobRun.sync:2"}}, ("no pattern .sync:2",)),
        ({"Only": task("sns:publish.sync", {"Message": "x"})}, ("no pattern .sync",)),
        ({"Only": {**job, "Retry": [{"ErrorEquals": []}]}}, ("ErrorEquals is empty",)),
        (
            {"Only": {**job, "Catch": [{"ErrorEquals": ["States.ALL", "x"], "Next": "Only"}]}},
            ("States.ALL stands alone and last",),
        ),
    ):
        world.refuses(CONSUMER, {"Machine": pipeline.machine(states)}, "InvalidDefinition", *texts)
    text = pipeline.machine(PASS, DefinitionString="{")
    del text["Properties"]["Definition"]
    world.refuses(CONSUMER, {"Machine": text}, "InvalidDefinition", "it is no JSON")
    world.refuses(CONSUMER, {"Machine": pipeline.machine(PASS, "Ghost")}, "StartAt: 'Ghost' is no state")
    world.accepts(CONSUMER, {"Machine": pipeline.machine({"Only": job})})


@case
def a_machine_role_needs_what_creation_asks(world: World):
    """The managed rule of a .sync step, and the log delivery of a machine that logs."""
    pipeline.prepared(world)
    parallel = {
        "Type": "Parallel",
        "End": True,
        "Branches": [
            {
                "StartAt": "Start",
                "States": {"Start": task("states:startExecution.sync:2", {"StateMachineArn": MACHINE})},
            }
        ],
    }
    world.refuses(
        CONSUMER, {"Machine": pipeline.machine({"Both": parallel})}, "create managed-rule", "StepFunctionsExecution"
    )
    group = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/demo/marketing", "RetentionInDays": 30}}
    world.accepts(CONSUMER, {"Group": group})
    arn = own("logs", "log-group:/demo/marketing")

    def logged(destination: str) -> dict:
        destinations = [{"CloudWatchLogsLogGroup": {"LogGroupArn": destination}}]
        return {
            "Machine": pipeline.machine(PASS, LoggingConfiguration={"Level": "ERROR", "Destinations": destinations})
        }

    world.refuses(CONSUMER, logged(arn), "must end with :*")
    world.refuses(CONSUMER, logged(arn + "-ghost:*"), "does not exist")
    world.refuses(CONSUMER, logged(arn + ":*"), "not authorized to access the Log Destination")
    document = pipeline.policy()
    document["Statement"].append({"Effect": "Allow", "Action": "logs:*", "Resource": "*"})
    world.administrator_client("iam", CONSUMER).put_role_policy(
        RoleName="demo-job-marketing", PolicyName="own", PolicyDocument=json.dumps(document)
    )
    world.accepts(CONSUMER, logged(arn + ":*"))


@case
def passed_roles_of_base_types_are_checked(world: World):
    """Job, machine, model, domain, flow log and data source: the role exists, here, and trusts the service."""
    lambda_role = made_role(world, CONSUMER, "demo-lambda", service_trust("lambda"), path="/demo/")
    world.accepts(CONSUMER, {"Group": {"Type": "AWS::Athena::WorkGroup", "Properties": {"Name": "w"}}})
    for service, resource_type, build in (
        ("glue", "AWS::Glue::Job", lambda role: {"Name": "j", "Role": role, "Command": {"Name": "glueetl"}}),
        (
            "states",
            "AWS::StepFunctions::StateMachine",
            lambda role: pipeline.machine(PASS)["Properties"] | {"RoleArn": role},
        ),
        ("sagemaker", "AWS::SageMaker::Model", lambda role: {"ModelName": "m", "ExecutionRoleArn": role}),
        ("sagemaker", "AWS::SageMaker::Domain", lambda role: {"DefaultUserSettings": {"ExecutionRole": role}}),
        ("vpc-flow-logs", "AWS::EC2::FlowLog", lambda role: {"DeliverLogsPermissionArn": role}),
        (
            "quicksight",
            "AWS::QuickSight::DataSource",
            lambda role: {
                "AwsAccountId": CONSUMER,
                "DataSourceId": "d",
                "Name": "d",
                "Type": "ATHENA",
                "DataSourceParameters": {"AthenaParameters": {"WorkGroup": "w", "RoleArn": role}},
            },
        ),
    ):
        name = resource_type.rsplit("::", 1)[1].lower()
        right = made_role(world, CONSUMER, f"demo-{name}", service_trust(service), statement("athena:*"), path="/demo/")
        for role, text in (
            (right + "-ghost", "does not exist"),
            (lambda_role, f"{service}.amazonaws.com is unable to assume role"),
            (right.replace(CONSUMER, GOVERNANCE), "Cross-account pass role"),
        ):
            world.refuses(CONSUMER, {"It": {"Type": resource_type, "Properties": build(role)}}, text)
        world.accepts(CONSUMER, {"It": {"Type": resource_type, "Properties": build(right)}})


@case
def a_workgroup_exists_once(world: World):
    """Two workgroups of one name in an account are refused by MiniStack itself."""
    group = {"Group": {"Type": "AWS::Athena::WorkGroup", "Properties": {"Name": "demo"}}}
    world.accepts(CONSUMER, group)
    world.refuses(CONSUMER, group, "demo")
    world.accepts(GOVERNANCE, group)


@case
def the_base_types_stand(world: World):
    """A network, a security configuration, a log group and an alarm; Ref and GetAtt answer."""
    resources = {
        "Net": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/20", "EnableDnsHostnames": True}},
        "Sub": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Net"}, "CidrBlock": "10.0.0.0/24"}},
        "Routes": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Net"}}},
        "OnSub": {
            "Type": "AWS::EC2::SubnetRouteTableAssociation",
            "Properties": {"SubnetId": {"Ref": "Sub"}, "RouteTableId": {"Ref": "Routes"}},
        },
        "Group": {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {"GroupDescription": "demo", "VpcId": {"Ref": "Net"}},
        },
        "Endpoint": {
            "Type": "AWS::EC2::VPCEndpoint",
            "Properties": {"VpcId": {"Ref": "Net"}, "ServiceName": "com.amazonaws.eu-west-1.s3"},
        },
        "Flow": {
            "Type": "AWS::EC2::FlowLog",
            "Properties": {
                "ResourceId": {"Ref": "Net"},
                "ResourceType": "VPC",
                "TrafficType": "REJECT",
                "LogDestinationType": "s3",
                "LogDestination": "arn:aws:s3:::acme-logs",
            },
        },
        "Security": {
            "Type": "AWS::Glue::SecurityConfiguration",
            "Properties": {"Name": "demo", "EncryptionConfiguration": {}},
        },
        "Alarm": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "AlarmName": "demo-failed",
                "ComparisonOperator": "GreaterThanThreshold",
                "EvaluationPeriods": 1,
                "MetricName": "ExecutionsFailed",
                "Namespace": "AWS/States",
                "Period": 300,
                "Statistic": "Sum",
                "Threshold": 0,
                "AlarmActions": [TOPIC],
            },
        },
        "Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/demo/base", "RetentionInDays": 30}},
        "Role": pipeline.role(),
        "Model": {
            "Type": "AWS::SageMaker::Model",
            "DependsOn": "Role",
            "Properties": {"ModelName": "demo-churn", "ExecutionRoleArn": ROLE},
        },
    }
    outputs = {
        "Model": {"Value": {"Ref": "Model"}},
        "Name": {"Value": {"Fn::GetAtt": ["Model", "ModelName"]}},
        "Security": {"Value": {"Ref": "Security"}},
        "Flow": {"Value": {"Fn::GetAtt": ["Flow", "Id"]}},
    }
    world.accepts(CONSUMER, resources, stack="network", outputs=outputs)
    stack = world.role_client("cloudformation", CONSUMER).describe_stacks(StackName="network")["Stacks"][0]
    values = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    assert values["Model"] == own("sagemaker", "model/demo-churn"), values
    assert (values["Name"], values["Security"]) == ("demo-churn", "demo"), values
    kinds = {name: entry["kind"] for name, entry in world.control("GET", "summary").items()}
    assert [name for name, kind in kinds.items() if kind == "recorded"] == [
        "AWS::EC2::FlowLog",
        "AWS::Glue::SecurityConfiguration",
        "AWS::SageMaker::Model",
    ], kinds
    assert world.delete(CONSUMER, "network")[0] == "DELETE_COMPLETE"
