"""CloudFormation itself: order, delay, faults, guards, events, recorded types, templates from S3, the log."""

import json
import time

from . import lake
from .cases import case
from .world import CONSUMER, GOVERNANCE, PRODUCER, World, execution, refused, statement

TOPICS = [f"Topic{letter}" for letter in "ABCDEF"]


def _topics(*names: str, **after: str) -> dict:
    return {
        name: {
            "Type": "AWS::SNS::Topic",
            "Properties": {"TopicName": name},
            "DependsOn": [after[name]] if name in after else [],
        }
        for name in names
    }


def _order(world: World, stack: str, status: str = "CREATE_COMPLETE") -> list[str]:
    events = world.role_client("cloudformation", PRODUCER).describe_stack_events(StackName=stack)["StackEvents"]
    return [
        event["LogicalResourceId"]
        for event in reversed(events)
        if event["ResourceStatus"] == status and event["LogicalResourceId"] != stack
    ]


@case
def the_order_follows_the_seed(world: World):
    """Equal seeds give equal orders, other seeds other ones, and every order is legal."""
    found = []
    for seed in (1, 2, 3, 4, 1):
        world.set_up({"seed": seed})
        world.accepts(PRODUCER, _topics(*TOPICS, TopicA="TopicF"), stack="topics")
        found.append(_order(world, "topics"))
        assert found[-1].index("TopicF") < found[-1].index("TopicA")
    assert found[0] == found[4] and len({tuple(order) for order in found}) > 1, found


@case
def late_and_early_are_exact(world: World):
    """`late` puts a resource after everything that does not need it, `early` right behind what it needs."""
    world.control("POST", "control", {"late": "TopicA"})
    world.accepts(PRODUCER, _topics(*TOPICS, TopicB="TopicA"), stack="late")
    assert _order(world, "late")[-2:] == ["TopicA", "TopicB"]
    world.control("POST", "control", {"late": None, "early": "TopicF"})
    world.accepts(PRODUCER, _topics(*TOPICS, TopicF="TopicE"), stack="early")
    assert _order(world, "early")[:2] == ["TopicE", "TopicF"]


@case
def a_delay_leaves_the_server_free(world: World):
    """Resources take their time on a worker thread; meanwhile the stack is busy and AWS answers."""
    world.control("POST", "control", {"delayMs": 150})
    stack = world.deploy(PRODUCER, _topics("TopicA", "TopicB"), wait=False)
    client = world.role_client("cloudformation", PRODUCER)
    started = time.monotonic()
    assert client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"] == "CREATE_IN_PROGRESS"
    assert time.monotonic() - started < 0.1
    refused(lambda: client.delete_stack(StackName=stack), "cannot be deleted while in status CREATE_IN_PROGRESS")
    refused(lambda: world.deploy(PRODUCER, _topics("TopicC"), stack=stack, kind="UPDATE"), "can not be updated")
    assert world.ended(PRODUCER, stack)[0] == "CREATE_COMPLETE"
    stack = world.deploy(PRODUCER, _topics("TopicA"), stack=stack, kind="UPDATE", wait=False)
    refused(lambda: client.delete_stack(StackName=stack), "cannot be deleted while in status UPDATE_")
    assert world.ended(PRODUCER, stack)[0] == "UPDATE_COMPLETE"
    world.control("POST", "control", {"delayMs": 0})
    assert world.delete(PRODUCER, stack)[0] == "DELETE_COMPLETE"


@case
def faults_come_as_asked(world: World):
    """A create, an update and a delete fail with the given reason, and the retry works."""
    world.control("POST", "control", {"fail": {"create": {"TopicB": "Throttled by test"}}})
    world.refuses(PRODUCER, _topics("TopicA", "TopicB"), "Throttled by test", stack="faulty")
    refused(
        lambda: world.deploy(PRODUCER, _topics("TopicA"), stack="faulty", kind="UPDATE"),
        "ROLLBACK_COMPLETE",
        "can not be updated",
    )
    assert world.delete(PRODUCER, "faulty")[0] == "DELETE_COMPLETE"
    world.control("POST", "control", {"fail": {"create": {}, "delete": {"TopicA": "Held by test"}}})
    world.accepts(PRODUCER, _topics("TopicA", "TopicB"), stack="faulty")
    status, reasons = world.delete(PRODUCER, "faulty")
    assert status == "DELETE_FAILED" and "Held by test" in reasons, (status, reasons)
    world.control("POST", "control", {"fail": {"delete": {}}})
    assert world.delete(PRODUCER, "faulty")[0] == "DELETE_COMPLETE"


@case
def the_cleanup_shows(world: World):
    """An update says UPDATE_COMPLETE_CLEANUP_IN_PROGRESS, and what it removes has its delete events before the end."""
    world.accepts(PRODUCER, _topics("TopicA", "TopicB"), stack="cleaned")
    world.accepts(PRODUCER, _topics("TopicA"), stack="cleaned", kind="UPDATE")
    events = world.role_client("cloudformation", PRODUCER).describe_stack_events(StackName="cleaned")["StackEvents"]
    last = [(event["LogicalResourceId"], event["ResourceStatus"]) for event in reversed(events)][-4:]
    assert last == [
        ("cleaned", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        ("TopicB", "DELETE_IN_PROGRESS"),
        ("TopicB", "DELETE_COMPLETE"),
        ("cleaned", "UPDATE_COMPLETE"),
    ], last


@case
def recorded_types_answer_ref_and_getatt(world: World):
    """Types without anything behind them are made, and the summary says `recorded`."""
    resources = {
        "Source": {
            "Type": "AWS::QuickSight::DataSource",
            "Properties": {"AwsAccountId": PRODUCER, "DataSourceId": "demo-athena", "Name": "demo", "Type": "ATHENA"},
        },
        "Set": {
            "Type": "AWS::QuickSight::DataSet",
            "Properties": {"AwsAccountId": PRODUCER, "DataSetId": "demo-orders"},
        },
        "Refresh": {
            "Type": "AWS::QuickSight::RefreshSchedule",
            "Properties": {"AwsAccountId": PRODUCER, "DataSetId": {"Ref": "Set"}, "Schedule": {"ScheduleId": "daily"}},
        },
        "Studio": {"Type": "AWS::SageMaker::Domain", "Properties": {"AuthMode": "IAM", "DomainName": "demo"}},
        "Rules": {
            "Type": "AWS::Glue::DataQualityRuleset",
            "Properties": {"Name": "demo-rules", "Ruleset": "Rules = []"},
        },
        "In": {
            "Type": "AWS::EC2::SecurityGroupIngress",
            "Properties": {"IpProtocol": "tcp", "GroupId": "sg-1", "CidrIp": "10.0.0.0/20"},
        },
        "Out": {
            "Type": "AWS::EC2::SecurityGroupEgress",
            "Properties": {"IpProtocol": "tcp", "GroupId": "sg-1", "CidrIp": "10.0.0.0/20"},
        },
    }
    outputs = {
        "Domain": {"Value": {"Fn::GetAtt": ["Studio", "DomainId"]}},
        "Rules": {"Value": {"Ref": "Rules"}},
        "Source": {"Value": {"Fn::GetAtt": ["Source", "Arn"]}},
    }
    world.accepts(PRODUCER, resources, stack="recorded", outputs=outputs)
    stack = world.role_client("cloudformation", PRODUCER).describe_stacks(StackName="recorded")["Stacks"][0]
    values = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    assert values["Rules"] == "demo-rules" and values["Source"].startswith("arn:aws:quicksight:"), values
    summary = world.control("GET", "summary")
    assert {entry["kind"] for entry in summary.values()} == {"recorded"}, summary
    world.accepts(PRODUCER, _topics("TopicA"))
    assert world.control("GET", "summary")["AWS::SNS::Topic"] == {"count": 1, "kind": "emulated"}


@case
def an_inline_role_policy_counts(world: World):
    """AWS::IAM::RolePolicy is written into the role."""
    resources = {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": "demo-inline",
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": "sts:AssumeRole",
                            "Principal": {"AWS": f"arn:aws:iam::{GOVERNANCE}:root"},
                        }
                    ],
                },
            },
        },
        "Policy": {
            "Type": "AWS::IAM::RolePolicy",
            "Properties": {
                "RoleName": {"Ref": "Role"},
                "PolicyName": "list",
                "PolicyDocument": statement("s3:ListAllMyBuckets"),
            },
        },
    }
    world.accepts(PRODUCER, resources)
    key = world.assume(world.deployer, f"arn:aws:iam::{PRODUCER}:role/demo-inline")
    world.client("s3", key).list_buckets()
    refused(world.client("iam", key).list_roles, "AccessDenied")


@case
def a_template_may_lie_in_s3(world: World):
    """TemplateURL works in both spellings, for a caller who may read the object."""
    world.administrator_client("s3", PRODUCER).create_bucket(
        Bucket="acme-demo-deploy", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    template = json.dumps({"Resources": _topics("TopicA")}).encode()
    world.administrator_client("s3", PRODUCER).put_object(Bucket="acme-demo-deploy", Key="t.json", Body=template)
    client = world.role_client("cloudformation", PRODUCER)
    urls = (
        "https://acme-demo-deploy.s3.eu-west-1.amazonaws.com/t.json",
        "https://s3.eu-west-1.amazonaws.com/acme-demo-deploy/t.json",
    )

    def create(number, url):
        return client.create_change_set(
            StackName=f"url-{number}",
            ChangeSetName="probe",
            ChangeSetType="CREATE",
            TemplateURL=url,
            RoleARN=execution(PRODUCER),
        )

    for url in urls:
        refused(lambda: create(0, url), "Access Denied")  # noqa: B023 (called at once)
    world.administrator_client("iam", PRODUCER).put_role_policy(
        RoleName="demo-deploy",
        PolicyName="template",
        PolicyDocument=json.dumps(statement("s3:GetObject", "arn:aws:s3:::acme-demo-deploy/*")),
    )
    for number, url in enumerate(urls, 1):
        create(number, url)


@case
def the_log_tells_reads_from_writes(world: World):
    """The log names service, action, account, session, stack and status, also of what was refused."""
    world.accepts(PRODUCER, _topics("TopicA"), stack="logged")
    world.control("DELETE", "log")
    client = world.role_client("cloudformation", PRODUCER)
    client.describe_stacks(StackName="logged")
    world.role_client("lakeformation", PRODUCER, "demo-plan").get_data_lake_settings()
    assert not [call for call in world.control("GET", "log") if call["mutating"]]
    client.update_termination_protection(StackName="logged", EnableTerminationProtection=True)
    refused(world.role_client("s3", PRODUCER).list_buckets, "AccessDenied")
    calls = {call["action"]: call for call in world.control("GET", "log")}
    assert (
        calls["UpdateTerminationProtection"]["mutating"] and calls["UpdateTerminationProtection"]["stack"] == "logged"
    )
    assert calls["DescribeStacks"]["principal"] == f"arn:aws:sts::{PRODUCER}:assumed-role/demo-deploy/self-test"
    assert calls["ListBuckets"]["status"] == 403 and calls["GetDataLakeSettings"]["service"] == "lakeformation", calls


@case
def a_reset_is_a_new_start(world: World):
    """After a reset nothing is left: stacks, roles, stores, knobs, lock, log."""
    world.accepts(GOVERNANCE, lake.publication())
    world.control("POST", "control", {"seed": 7, "late": "X"})
    world.control("POST", "reset")
    state = world.control("GET", "control")
    assert (state["seed"], state["late"], state["locked"]) == (0, None, False), state
    assert world.control("GET", "lakeformation") == [] and world.control("GET", "summary") == {}
    assert world.control("GET", "log") == []
    root = {"accessKeyId": GOVERNANCE, "secretAccessKey": "x"}
    assert world.client("cloudformation", root).list_stacks()["StackSummaries"] == []
    assert world.client("iam", root).list_roles()["Roles"] == []


@case
def regions_and_accounts_are_apart(world: World):
    """One stack name in two accounts and two regions is four stacks."""
    for account in (PRODUCER, CONSUMER):
        world.accepts(account, _topics("TopicA"), stack="same")
    key = world.assume(world.deployer, f"arn:aws:iam::{PRODUCER}:role/demo-deploy", ExternalId="acme-demo")
    other = world.client("cloudformation", key, "eu-central-1")
    assert other.describe_stacks()["Stacks"] == []


@case
def a_stack_policy_is_asked_at_updates(world: World):
    """What a policy denies rolls the update back; a policy that allows all lets it through, and without one nothing is asked."""
    client = world.role_client("cloudformation", PRODUCER)

    def bucket(name: str, version: str) -> dict:
        properties = {"BucketName": name, "VersioningConfiguration": {"Status": version}}
        return {"Data": {"Type": "AWS::S3::Bucket", "Properties": properties}, **_topics("TopicA")}

    everything = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}
    kept = {
        "Effect": "Deny",
        "Action": ["Update:Replace", "Update:Delete"],
        "Principal": "*",
        "Resource": "*",
        "Condition": {"StringEquals": {"ResourceType": ["AWS::S3::Bucket"]}},
    }
    world.accepts(PRODUCER, bucket("acme-one", "Enabled"), stack="kept")
    assert "StackPolicyBody" not in client.get_stack_policy(StackName="kept")
    client.set_stack_policy(StackName="kept", StackPolicyBody=json.dumps({"Statement": [everything, kept]}))
    assert json.loads(client.get_stack_policy(StackName="kept")["StackPolicyBody"])["Statement"][1] == kept
    world.accepts(PRODUCER, bucket("acme-one", "Suspended"), stack="kept", kind="UPDATE")
    denied = "denied by stack policy: it does not allow [Update:Replace] for resource [Data]"
    world.refuses(PRODUCER, bucket("acme-two", "Suspended"), denied, stack="kept", kind="UPDATE")
    client.set_stack_policy(StackName="kept", StackPolicyBody=json.dumps({"Statement": [everything]}))
    world.accepts(PRODUCER, bucket("acme-two", "Suspended"), stack="kept", kind="UPDATE")
    client.set_stack_policy(StackName="kept", StackPolicyBody=json.dumps({"Statement": []}))
    world.refuses(PRODUCER, bucket("acme-two", "Enabled"), "does not allow [Update:Modify]", stack="kept", kind="UPDATE")
