"""State machines: each step as the machine's role, faults, waits, UNLOAD, quality runs; each refused and accepted once."""

import json
import subprocess
import sys
import time
from pathlib import Path

import machines

from . import lake, pipeline
from .cases import case
from .pipeline import BUS, MACHINE, ROLE, RULESET, TOPIC, task
from .world import CONSUMER, GOVERNANCE, PRODUCER, World

_QUALITY = "aws-sdk:glue:"


def _run(world: World, states: dict | None = None, **given) -> dict:
    """Make (or replace) the machine and run it to its end."""
    if states:
        stacks = world.role_client("cloudformation", CONSUMER).list_stacks()["StackSummaries"]
        made = any(stack["StackName"] == "machine" for stack in stacks)
        world.accepts(
            CONSUMER,
            {"Machine": pipeline.machine(states)},
            stack="machine",
            kind="UPDATE" if made else "CREATE",
        )
    return machines.run(world.administrator_client("stepfunctions", CONSUMER), MACHINE, given or None)


def _rights(world: World, *without: str) -> None:
    """Take rights from the role."""
    document = json.dumps(pipeline.policy(*without))
    iam = world.administrator_client("iam", CONSUMER)
    iam.put_role_policy(RoleName="demo-job-marketing", PolicyName="own", PolicyDocument=document)


def _fails(run: dict, error: str, *texts: str) -> None:
    assert run["status"] == "FAILED" and run["error"] == error, run
    for text in texts:
        assert text in run["cause"], f"{text!r} is not in {run['cause']!r}"


def _quality_states() -> dict:
    table = {"DatabaseName": lake.DATABASE, "TableName": "orders"}
    return {
        "Evaluate": task(
            _QUALITY + "startDataQualityRulesetEvaluationRun",
            {"DataSource": {"GlueTable": table}, "Role": ROLE, "RulesetNames": [RULESET]},
            ResultPath="$.run",
            Next="Wait",
        ),
        "Wait": {"Type": "Wait", "Seconds": 30, "Next": "Look"},
        "Look": task(
            _QUALITY + "getDataQualityRulesetEvaluationRun",
            {"RunId.$": "$.run.RunId"},
            ResultPath="$.look",
            Next="Done",
        ),
        "Done": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.look.Status", "StringEquals": "RUNNING", "Next": "Wait"},
                {"Variable": "$.look.Status", "StringEquals": "SUCCEEDED", "Next": "Result"},
            ],
            "Default": "Broken",
        },
        "Result": task(_QUALITY + "batchGetDataQualityResult", {"ResultIds.$": "$.look.ResultIds"}),
        "Broken": {"Type": "Fail", "ErrorPath": "$.look.Status", "CausePath": "$.look.ErrorString"},
    }


@case
def a_pipeline_runs_as_its_role(world: World):
    """UNLOAD, job, quality, transform, event, notice: the steps are told in order, with role, actions and outcome."""
    pipeline.prepared(world)
    states = {
        "Unload": pipeline.query(Next="Job", ResultPath=None),
        "Job": task("glue:startJobRun.sync", {"JobName": "demo-job-marketing"}, Next="Score", ResultPath=None),
        "Score": task(
            "sagemaker:createTransformJob.sync",
            {
                "TransformJobName": "demo-churn-1",
                "ModelName": "demo-churn",
                "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://a/b"}}},
                "TransformOutput": {"S3OutputPath": "s3://a/c"},
                "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
            },
            Next="Tell",
            ResultPath=None,
        ),
        "Tell": task(
            "events:putEvents",
            {
                "Entries": [
                    {
                        "EventBusName": BUS,
                        "Source": "meshform.demo",
                        "DetailType": "Product Refreshed",
                        "Detail": {"product": "orders"},
                    }
                ]
            },
            Next="Notice",
            ResultPath=None,
        ),
        "Notice": task("sns:publish", {"TopicArn": TOPIC, "Message": {"done": True}}),
    }
    run = _run(world, states)
    assert run["status"] == "SUCCEEDED" and run["output"]["MessageId"], run
    assert [state["state"] for state in run["states"]] == list(states)
    steps = world.control("GET", "steps")
    assert [step["integration"] for step in steps] == [
        "athena:startQueryExecution",
        "glue:startJobRun",
        "sagemaker:createTransformJob",
        "events:putEvents",
        "sns:publish",
    ]
    assert {(step["principal"], step["outcome"], step["attempt"]) for step in steps} == {(ROLE, "succeeded", 1)}
    assert steps[0]["actions"] == ["athena:StartQueryExecution", "athena:GetQueryExecution"]
    assert f"/staging/orders/{run['execution'].rsplit(':', 1)[1]}/" in steps[0]["parameters"]["QueryString"]
    assert world.control("DELETE", "steps") == [] == world.control("GET", "steps")


@case
def every_step_needs_its_right(world: World):
    """A role without the action, or with an explicit deny or a boundary, fails the step by the service's error."""
    pipeline.prepared(world)
    job = {"Job": task("glue:startJobRun.sync", {"JobName": "demo-job-marketing"})}
    assert _run(world, job)["status"] == "SUCCEEDED"
    _rights(world, "Job")
    _fails(_run(world), "Glue.AccessDeniedException", "glue:StartJobRun", "job/demo-job-marketing", "identity-based")
    caught = {
        "Job": {
            **job["Job"],
            "Catch": [{"ErrorEquals": ["Glue.AccessDeniedException"], "ResultPath": "$.error", "Next": "Caught"}],
        },
        "Caught": {"Type": "Pass", "End": True},
    }
    run = _run(world, caught)
    assert run["status"] == "SUCCEEDED" and run["output"]["error"]["Error"] == "Glue.AccessDeniedException", run
    pipeline_policy = pipeline.policy()
    pipeline_policy["Statement"].append({"Effect": "Deny", "Action": "glue:GetJobRun", "Resource": "*"})
    iam = world.administrator_client("iam", CONSUMER)
    iam.put_role_policy(RoleName="demo-job-marketing", PolicyName="own", PolicyDocument=json.dumps(pipeline_policy))
    _fails(_run(world, job), "Glue.AccessDeniedException", "glue:GetJobRun", "explicit deny")
    _rights(world)
    boundary = iam.create_policy(PolicyName="narrow", PolicyDocument=json.dumps(pipeline.policy("Job")))
    iam.put_role_permissions_boundary(RoleName="demo-job-marketing", PermissionsBoundary=boundary["Policy"]["Arn"])
    _fails(_run(world), "Glue.AccessDeniedException", "no permissions boundary allows")


@case
def steps_of_other_services_ask_too(world: World):
    """Athena, SageMaker, SNS and EventBridge refuse by their own names."""
    pipeline.prepared(world)
    event = {"EventBusName": BUS, "Source": "s", "DetailType": "t", "Detail": {}}
    for right, state, error, text in (
        ("Query", pipeline.query(), "Athena.AmazonAthenaException", "workgroup/demo"),
        ("Publish", task("sns:publish", {"TopicArn": TOPIC, "Message": "x"}), "SNS.AuthorizationErrorException", TOPIC),
        ("Events", task("events:putEvents", {"Entries": [event]}), "EventBridge.EventBridgeException", BUS),
    ):
        _rights(world)
        assert _run(world, {"Only": state})["status"] == "SUCCEEDED", right
        _rights(world, right)
        _fails(_run(world), error, text, "not authorized")
    _rights(world)
    world.accepts(GOVERNANCE, pipeline.bus(PRODUCER), stack="bus", kind="UPDATE")
    _fails(_run(world), "EventBridge.FailedEntry", "AccessDeniedException", "resource-based policy")


@case
def an_unload_is_read(world: World):
    """Columns the role does not see, a star, a used prefix, a missing bucket, a prefix it may not write: all fail."""
    pipeline.prepared(world)
    text = pipeline.UNLOAD

    def unload(statement: str) -> dict:
        return _run(world, {"Unload": pipeline.query(statement)})

    assert unload(text.format("one"))["status"] == "SUCCEEDED"
    _fails(_run(world), "States.TaskFailed", "HIVE_PATH_ALREADY_EXISTS")
    hidden = text.format("two").replace('"order_id"', '"order_id", "card_number"')
    _fails(unload(hidden), "States.TaskFailed", "COLUMN_NOT_FOUND", "card_number", "not visible")
    _fails(unload(text.format("two").replace('"order_id", "day"', "*")), "States.TaskFailed", "never *")
    _fails(unload(text.format("two").replace('WHERE "day"', 'WHERE "card_number"')), "States.TaskFailed", "card_number")
    _fails(unload(text.format("two").replace(pipeline.BUCKET, "acme-ghost")), "States.TaskFailed", "acme-ghost")
    _fails(unload(text.format("two").replace("staging/", "products/")), "States.TaskFailed", "s3:PutObject")
    _fails(unload(text.format("two").replace('"orders"', '"ghost"')), "States.TaskFailed", "TABLE_NOT_FOUND")
    assert unload(text.format("two"))["status"] == "SUCCEEDED"
    for right, words in (("Data", "lakeformation:GetDataAccess"), ("Read", "glue:GetTable")):
        _rights(world, right)
        _fails(unload(text.format(right)), "States.TaskFailed", words)


@case
def an_unload_needs_the_link_and_the_grants(world: World):
    """Without its local grants the role finds no column; without DESCRIBE on the link not even the database."""
    pipeline.prepared(world)
    other = pipeline.grants(f"arn:aws:iam::{CONSUMER}:role/demo-plan")
    world.accepts(CONSUMER, other, stack="access", kind="UPDATE")
    _fails(_run(world, {"Unload": pipeline.query()}), "States.TaskFailed", "Required Describe", lake.DATABASE)
    other["OnLink"] = pipeline.grants()["OnLink"]
    world.accepts(CONSUMER, other, stack="access", kind="UPDATE")
    _fails(_run(world), "States.TaskFailed", "COLUMN_NOT_FOUND")
    world.accepts(CONSUMER, pipeline.grants(), stack="access", kind="UPDATE")
    assert _run(world)["status"] == "SUCCEEDED"


@case
def a_missing_result_location_or_workgroup_is_refused(world: World):
    """Athena wants a workgroup that exists and a place for results."""
    pipeline.prepared(world)
    state = pipeline.query("SELECT 1")
    state["Parameters"]["WorkGroup"] = "ghost"
    world.administrator_client("iam", CONSUMER).put_role_policy(
        RoleName="demo-job-marketing",
        PolicyName="more",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "athena:*", "Resource": "*"}],
            }
        ),
    )
    _fails(_run(world, {"Only": state}), "Athena.InvalidRequestException", "ghost is not found")
    del state["Parameters"]["WorkGroup"]
    _fails(_run(world, {"Only": state}), "Athena.InvalidRequestException", "No output location")
    state["Parameters"]["ResultConfiguration"] = {"OutputLocation": f"s3://{pipeline.BUCKET}/athena/"}
    assert _run(world, {"Only": state})["status"] == "SUCCEEDED"
    _rights(world, "Results")
    _fails(_run(world), "States.TaskFailed", "Access denied when writing output")
    _rights(world, "Bucket")
    _fails(_run(world), "Athena.InvalidRequestException", "Unable to verify/create output bucket")


@case
def faults_are_retried_and_counted(world: World):
    """Two throttled attempts, then success: three attempts in the log; one fault too many ends the execution."""
    pipeline.prepared(world)
    retry = [{"ErrorEquals": ["Athena.TooManyRequestsException"], "IntervalSeconds": 20, "MaxAttempts": 2}]
    fault = {"error": "Athena.TooManyRequestsException", "cause": "slow down", "times": 2}
    world.control("POST", "control", {"fail": {"step": {"athena:startQueryExecution": [fault]}}})
    started = time.monotonic()
    run = _run(world, {"Unload": pipeline.query(Retry=retry)})
    assert run["status"] == "SUCCEEDED" and run["states"][0]["attempts"] == 3, run
    assert time.monotonic() - started < 5, "the retries took their real time"
    outcomes = [(step["attempt"], step["outcome"]) for step in world.control("GET", "steps")]
    assert outcomes == [(1, fault["error"]), (2, fault["error"]), (3, "succeeded")], outcomes
    world.control("POST", "control", {"fail": {"step": {"athena:startQueryExecution": [{**fault, "times": 3}]}}})
    _fails(_run(world), "Athena.TooManyRequestsException", "slow down")


@case
def waits_are_scaled(world: World):
    """A minute takes well below a second by default, and as long as the knob says."""
    pipeline.prepared(world)
    started = time.monotonic()
    assert _run(world, {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}})["status"] == "SUCCEEDED"
    short = time.monotonic() - started
    world.control("POST", "control", {"waitScale": 0.05})
    started = time.monotonic()
    _run(world)
    assert short < 3 <= time.monotonic() - started, short


@case
def quality_runs_answer_as_told(world: World):
    """A run is looked at twice, its rules pass, or the first one fails as the control says."""
    pipeline.prepared(world)
    run = _run(world, _quality_states(), any="thing")
    assert run["status"] == "SUCCEEDED", run
    found = run["output"]["Results"][0]
    assert (found["RulesetName"], found["Score"]) == (RULESET, 1.0), found
    assert [rule["Result"] for rule in found["RuleResults"]] == ["PASS"] * 3, found
    assert [state["state"] for state in run["states"]].count("Look") == 2, run
    world.control("POST", "control", {"quality": {RULESET: "FAIL"}})
    found = _run(world)["output"]["Results"][0]
    assert [rule["Result"] for rule in found["RuleResults"]] == ["FAIL", "PASS", "PASS"], found
    states = _quality_states()
    states["Result"] = task(
        _QUALITY + "getDataQualityResult", {"ResultId.$": "$.look.ResultIds[0]"}, ResultPath="$.result", Next="Good"
    )
    states["Good"] = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.result.Score", "NumericGreaterThanEquals": 1, "Next": "Passed"}],
        "Default": "Bad",
    }
    states["Passed"] = {"Type": "Succeed"}
    states["Bad"] = {"Type": "Fail", "Error": "QualityFailed"}
    _fails(_run(world, states), "QualityFailed")
    world.control("POST", "control", {"quality": {}})
    assert _run(world)["output"]["result"]["RulesetName"] == RULESET


@case
def a_quality_run_needs_rights_rules_and_columns(world: World):
    """PassRole, the ruleset's ARN, a ruleset and a table that exist, and columns that the run's role sees."""
    pipeline.prepared(world)
    states = _quality_states()
    assert _run(world, states)["status"] == "SUCCEEDED"
    for right, text in (("Pass", "iam:PassRole"), ("Quality", f"dataQualityRuleset/{RULESET}")):
        _rights(world, right)
        _fails(_run(world), "Glue.AccessDeniedException", text)
    _rights(world)
    states["Evaluate"]["Parameters"]["RulesetNames"] = ["demo.ghost"]
    _fails(_run(world, states), "Glue.EntityNotFoundException", "demo.ghost")
    states = _quality_states()
    states["Evaluate"]["Parameters"]["DataSource"]["GlueTable"]["TableName"] = "ghost"
    _fails(_run(world, states), "Glue.EntityNotFoundException", "ghost")
    sql = 'Rules = [ CustomSql "select count_if(`card_number` is null) from primary" = 0 ]'
    hidden = pipeline.changed(pipeline.grants(), "Rules", Ruleset=sql)
    world.accepts(CONSUMER, hidden, stack="access", kind="UPDATE")
    _fails(_run(world, _quality_states()), "FAILED", "may not select card_number")
    _rights(world, "Data")
    _fails(_run(world), "FAILED", "lakeformation:GetDataAccess")


@case
def jobs_and_models_must_exist(world: World):
    """A step that names a job or a model nobody made fails."""
    pipeline.prepared(world)
    more = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "glue:*", "Resource": "*"}]}
    world.administrator_client("iam", CONSUMER).put_role_policy(
        RoleName="demo-job-marketing", PolicyName="more", PolicyDocument=json.dumps(more)
    )
    ghost = {"Only": task("glue:startJobRun.sync", {"JobName": "ghost"})}
    _fails(_run(world, ghost), "Glue.EntityNotFoundException", "ghost")
    score = {
        "TransformJobName": "demo-churn-1",
        "ModelName": "ghost",
        "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://a/b"}}},
        "TransformOutput": {"S3OutputPath": "s3://a/c"},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    }
    _fails(
        _run(world, {"Only": task("sagemaker:createTransformJob.sync", score)}),
        "SageMaker.AmazonSageMakerException",
        "ghost",
    )
    score["ModelName"] = "demo-churn"
    assert _run(world, {"Only": task("sagemaker:createTransformJob.sync", score)})["status"] == "SUCCEEDED"


@case
def branches_keep_their_names(world: World):
    """Steps of parallel branches are told by their own states, and one branch's fault fails the whole."""
    pipeline.prepared(world)
    branches = []
    for number in range(8):
        text = pipeline.UNLOAD.replace("orders/{}", f"orders/{number}")
        first = pipeline.query(text, Next=f"Job {number}", ResultPath=None)
        second = task("glue:startJobRun.sync", {"JobName": "demo-job-marketing"})
        branches.append({"StartAt": f"Copy {number}", "States": {f"Copy {number}": first, f"Job {number}": second}})
    states = {"All": {"Type": "Parallel", "Branches": branches, "End": True}}
    run = _run(world, states)
    assert run["status"] == "SUCCEEDED" and len(run["output"]) == 8, run
    told = sorted(step["state"] for step in world.control("GET", "steps"))
    assert told == sorted(f"{verb} {number}" for verb in ("Copy", "Job") for number in range(8)), told
    _fails(_run(world), "States.TaskFailed", "HIVE_PATH_ALREADY_EXISTS")


@case
def the_driver_tells_what_a_machine_did(world: World):
    """`machines.py` assumes a role, runs, and prints one object; what it may not start is exit 1."""
    pipeline.prepared(world)
    states = {"Unload": pipeline.query(Next="Done"), "Done": {"Type": "Pass", "End": True}}
    world.accepts(CONSUMER, {"Machine": pipeline.machine(states)})
    environment = {
        "AWS_ACCESS_KEY_ID": world.administrator["accessKeyId"],
        "AWS_SECRET_ACCESS_KEY": world.administrator["secretAccessKey"],
    }
    script = Path(machines.__file__)
    access = f"arn:aws:iam::{CONSUMER}:role/OrganizationAccountAccessRole"
    command = [sys.executable, str(script), world.endpoint, MACHINE, "--input", '{"day": 1}']
    ran = subprocess.run([*command, "--role", access], env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert (told["status"], [state["state"] for state in told["states"]]) == ("SUCCEEDED", ["Unload", "Done"]), told
    step = {"state": "Unload", "integration": "athena:startQueryExecution", "attempt": 1, "outcome": "succeeded"}
    assert told["steps"] == [step], told
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 1 and "machines: " in ran.stderr, ran
