"""A consumer's pipeline, whole and right: a role, its grants, a bus, a topic, a workgroup, a job, rules, a model, a machine."""

import copy

from . import lake
from .world import CONSUMER, GOVERNANCE, REGION, World

ROLE = f"arn:aws:iam::{CONSUMER}:role/demo/demo-job-marketing"
BUCKET = "acme-demo-marketing-data"
BUS = f"arn:aws:events:{REGION}:{GOVERNANCE}:event-bus/demo"
TOPIC = f"arn:aws:sns:{REGION}:{CONSUMER}:demo-marketing"
MACHINE = f"arn:aws:states:{REGION}:{CONSUMER}:stateMachine:demo-job-marketing"
RULESET = "demo.marketing.orders"
UNLOAD = (
    f'UNLOAD (SELECT "order_id", "day" FROM "{lake.DATABASE}"."orders" WHERE "day" IS NOT NULL) '
    f"TO 's3://{BUCKET}/staging/orders/{{}}/' WITH (format = 'PARQUET')"
)


def _glue(account: str) -> list[str]:
    prefix = f"arn:aws:glue:{REGION}:{account}:"
    return [prefix + "catalog", prefix + f"database/{lake.DATABASE}", prefix + f"table/{lake.DATABASE}/*"]


def own(service: str, resource: str) -> str:
    """An ARN of the consumer's account."""
    return f"arn:aws:{service}:{REGION}:{CONSUMER}:{resource}"


RIGHTS = {
    "Query": (["athena:StartQueryExecution", "athena:GetQueryExecution"], [own("athena", "workgroup/demo")]),
    "Read": (["glue:GetTable"], [*_glue(CONSUMER), *_glue(GOVERNANCE)]),
    "Data": (["lakeformation:GetDataAccess"], ["*"]),
    "Write": (["s3:PutObject"], [f"arn:aws:s3:::{BUCKET}/staging/*"]),
    "Results": (["s3:PutObject"], [f"arn:aws:s3:::{BUCKET}/athena/*"]),
    "Bucket": (["s3:GetBucketLocation"], [f"arn:aws:s3:::{BUCKET}"]),
    "Job": (["glue:StartJobRun", "glue:GetJobRun"], [own("glue", "job/demo-job-marketing")]),
    "Quality": (
        [
            "glue:StartDataQualityRulesetEvaluationRun",
            "glue:GetDataQualityRulesetEvaluationRun",
            "glue:GetDataQualityResult",
        ],
        [own("glue", "dataQualityRuleset/demo.*")],
    ),
    "Pass": (["iam:PassRole"], [ROLE]),
    "Events": (["events:PutEvents"], [BUS]),
    "Publish": (["sns:Publish"], [TOPIC]),
    "Crawl": (["glue:StartCrawler", "glue:GetCrawler"], [own("glue", "crawler/demo.*")]),
    "Score": (
        ["sagemaker:CreateTransformJob", "sagemaker:DescribeTransformJob", "sagemaker:AddTags"],
        [own("sagemaker", "transform-job/demo-*")],
    ),
    "ManagedRule": (
        ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
        [own("events", "rule/StepFunctionsGetEventsForSageMakerTransformJobsRule")],
    ),
}


def policy(*without: str) -> dict:
    """The role's policy, perhaps without some of its rights."""
    statements = [
        {"Sid": name, "Effect": "Allow", "Action": actions, "Resource": resources}
        for name, (actions, resources) in RIGHTS.items()
        if name not in without
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def role(*without: str) -> dict:
    """The job role: Step Functions and Glue assume it."""
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": "demo-job-marketing",
            "Path": "/demo/",
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": "sts:AssumeRole",
                        "Principal": {
                            "Service": ["states.amazonaws.com", "glue.amazonaws.com", "sagemaker.amazonaws.com"]
                        },
                    }
                ],
            },
            "Policies": [{"PolicyName": "own", "PolicyDocument": policy(*without)}],
        },
    }


def task(resource: str, parameters: dict, **more) -> dict:
    """One Task state; it ends the machine unless `Next` is given."""
    ends = {} if "Next" in more else {"End": True}
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": parameters, **ends, **more}


def query(text: str | None = None, **more) -> dict:
    """The UNLOAD step."""
    parameters = {"WorkGroup": "demo"}
    if text is None:
        # Inside a literal of an intrinsic function a quote is escaped.
        literal = UNLOAD.replace("'", "\\'")
        parameters["QueryString.$"] = f"States.Format('{literal}', $$.Execution.Name)"
    else:
        parameters["QueryString"] = text
    return task("athena:startQueryExecution.sync", parameters, **more)


def machine(states: dict, start: str | None = None, **more) -> dict:
    """A state machine of the job role."""
    return {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "StateMachineName": "demo-job-marketing",
            "RoleArn": ROLE,
            "Definition": {"StartAt": start or next(iter(states)), "States": states},
            **more,
        },
    }


def base() -> dict:
    """What the machine works with, in the consumer's account."""
    return {
        "Role": role(),
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": BUCKET}},
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "demo-marketing"}},
        "Group": {
            "Type": "AWS::Athena::WorkGroup",
            "Properties": {
                "Name": "demo",
                "WorkGroupConfiguration": {"ResultConfiguration": {"OutputLocation": f"s3://{BUCKET}/athena/"}},
            },
        },
        "Job": {
            "Type": "AWS::Glue::Job",
            "DependsOn": "Role",
            "Properties": {
                "Name": "demo-job-marketing",
                "Role": "demo/demo-job-marketing",
                "Command": {"Name": "glueetl", "ScriptLocation": f"s3://{BUCKET}/job.py"},
            },
        },
        "Model": {
            "Type": "AWS::SageMaker::Model",
            "DependsOn": "Role",
            "Properties": {"ModelName": "demo-churn", "ExecutionRoleArn": ROLE},
        },
    }


def grants(principal: str = ROLE) -> dict:
    """The consumer's link and what the job role may see behind it."""
    local = {"Database": {"CatalogId": CONSUMER, "Name": lake.DATABASE}}
    return {
        "Link": lake.link(),
        "OnLink": lake.grant(principal, local, ["DESCRIBE"], [], after="Link"),
        "OnTables": lake.grant(principal, lake.expression("TABLE"), ["DESCRIBE", "SELECT"], [], after="OnLink"),
        "OnDatabases": lake.grant(principal, lake.expression("DATABASE"), ["DESCRIBE"], [], after="OnTables"),
        "Rules": {
            "Type": "AWS::Glue::DataQualityRuleset",
            "DependsOn": "Link",
            "Properties": {
                "Name": RULESET,
                "Ruleset": 'Rules = [ IsComplete "order_id", ColumnValues "day" matches "a,b", RowCount > 0 ]',
                "TargetTable": {"DatabaseName": lake.DATABASE, "TableName": "orders"},
            },
        },
    }


def bus(allowed: str | None = CONSUMER) -> dict:
    """The governance bus, and who may put events on it."""
    resources = {"Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "demo"}}}
    if allowed:
        resources["Policy"] = {
            "Type": "AWS::Events::EventBusPolicy",
            "Properties": {
                "EventBusName": {"Ref": "Bus"},
                "StatementId": "senders",
                "Statement": {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{allowed}:root"},
                    "Action": "events:PutEvents",
                    "Resource": {"Fn::GetAtt": ["Bus", "Arn"]},
                },
            },
        }
    return resources


def prepared(world: World) -> None:
    """Governance and consumer with everything but a machine."""
    world.accepts(GOVERNANCE, lake.publication(), stack="publication")
    world.accepts(GOVERNANCE, bus(), stack="bus")
    world.accepts(CONSUMER, {"Settings": lake.settings(CONSUMER)})
    world.accepts(GOVERNANCE, lake.sharing())
    world.accepts(CONSUMER, base(), stack="base")
    world.accepts(CONSUMER, grants(), stack="access")


def changed(resources: dict, name: str, **properties) -> dict:
    """Resources with other properties on one of them."""
    other = copy.deepcopy(resources)
    other[name]["Properties"].update(properties)
    return other
