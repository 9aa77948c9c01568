"""The service integrations of Step Functions that the local AWS knows: their parameters, and whom IAM is asked.

Sources: Step Functions: "Integrating optimized services" (actions and patterns of each page, `.sync` polls), the
service authorization reference (ARNs), Glue: data-quality-authorization (GetDataQualityResult also stands for
BatchGetDataQualityResult), aws-cdk #26012 (sagemaker:AddTags), issues on "create managed-rule". Parameter names are
those of the API's own model as botocore carries it; AWS refuses unknown ones when the machine is created.
"""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from . import encrypted_topics, quality, step_answers
from .step_answers import Call

_RESOURCE = re.compile(r"arn:aws:states:::(?P<name>[A-Za-z0-9:-]+?)(?P<pattern>\.sync(?::2)?|\.waitForTaskToken)?")

Asks = Callable[[Call], list[tuple[str, str]]]


@dataclass(frozen=True)
class Integration:
    """One integration."""

    service: str  # as botocore names it
    operation: str
    # The error that a machine's Catch sees when IAM refuses.
    denied: str
    asks: Asks
    # None: MiniStack's own handler runs it.
    run: Callable[[Call], dict] | None
    patterns: tuple[str, ...] = ("",)
    # With .sync: actions asked on the same ARNs, and the rule that Step Functions keeps in EventBridge.
    polls: tuple[str, ...] = ()
    rule: str | None = None
    # (parameter that holds a role, service that will assume it)
    passes: tuple[tuple[str, str], ...] = field(default=())


def _arn(service: str, kind: str, member: str) -> Callable[[Call], str]:
    return lambda call: f"arn:aws:{service}:{call.region}:{call.account}:{kind}{call.parameters.get(member, '')}"


def _one(action: str, arn: Callable[[Call], str]) -> Asks:
    return lambda call: [(action, arn(call))]


def _rulesets(call: Call, names: list[str]) -> list[str]:
    return [f"arn:aws:glue:{call.region}:{call.account}:dataQualityRuleset/{name}" for name in names]


def _of_run(call: Call) -> list[str]:
    return quality.rulesets_of_run(call.account, call.region, call.parameters.get("RunId"))


def _of_results(call: Call) -> list[str]:
    given = call.parameters
    identifiers = given.get("ResultIds") or [given.get("ResultId")]
    return sorted({quality.ruleset_of_result(call.account, call.region, identifier) for identifier in identifiers})


def _queue(call: Call) -> str:
    account, name = str(call.parameters.get("QueueUrl")).rstrip("/").split("/")[-2:]
    return f"arn:aws:sqs:{call.region}:{account}:{name}"


def _start_execution(call: Call) -> list[tuple[str, str]]:
    machine = str(call.parameters.get("StateMachineArn"))
    executions = machine.replace(":stateMachine:", ":execution:") + ":*"
    watched = [("states:DescribeExecution", executions)] if call.waits else []
    return [("states:StartExecution", machine), *watched]


def _quality(operation: str, action: str, names, run) -> Integration:
    def asks(call):
        return [(action, arn) for arn in _rulesets(call, names(call))]

    passes = (("Role", "glue.amazonaws.com"),) if operation.startswith("Start") else ()
    return Integration("glue", operation, "Glue.AccessDeniedException", asks, run, passes=passes)


INTEGRATIONS: dict[str, Integration] = {
    "athena:startQueryExecution": Integration(
        "athena",
        "StartQueryExecution",
        "Athena.AmazonAthenaException",
        _one(
            "athena:StartQueryExecution",
            lambda call: (
                f"arn:aws:athena:{call.region}:{call.account}:workgroup/{call.parameters.get('WorkGroup') or 'primary'}"
            ),
        ),
        step_answers.start_query,
        ("", ".sync"),
        ("athena:GetQueryExecution",),
    ),
    "glue:startJobRun": Integration(
        "glue",
        "StartJobRun",
        "Glue.AccessDeniedException",
        _one("glue:StartJobRun", _arn("glue", "job/", "JobName")),
        step_answers.start_job,
        ("", ".sync"),
        ("glue:GetJobRun",),
    ),
    "sagemaker:createTransformJob": Integration(
        "sagemaker",
        "CreateTransformJob",
        "SageMaker.AmazonSageMakerException",
        _one("sagemaker:CreateTransformJob", _arn("sagemaker", "transform-job/", "TransformJobName")),
        step_answers.create_transform_job,
        ("", ".sync"),
        ("sagemaker:AddTags", "sagemaker:DescribeTransformJob"),
        "StepFunctionsGetEventsForSageMakerTransformJobsRule",
    ),
    "events:putEvents": Integration(
        "events",
        "PutEvents",
        "EventBridge.EventBridgeException",
        lambda call: [("events:PutEvents", arn) for arn in step_answers.buses(call)],
        step_answers.put_events,
        ("", ".waitForTaskToken"),
    ),
    "sns:publish": Integration(
        "sns",
        "Publish",
        "SNS.AuthorizationErrorException",
        lambda call: [
            ("sns:Publish", str(call.parameters.get("TopicArn"))),
            *encrypted_topics.asked(str(call.parameters.get("TopicArn"))),
        ],
        None,
        ("", ".waitForTaskToken"),
    ),
    "sqs:sendMessage": Integration(
        "sqs",
        "SendMessage",
        "SQS.AmazonSQSException",
        _one("sqs:SendMessage", _queue),
        None,
        ("", ".waitForTaskToken"),
    ),
    "states:startExecution": Integration(
        "stepfunctions",
        "StartExecution",
        "StepFunctions.AWSStepFunctionsException",
        _start_execution,
        None,
        ("", ".sync", ".sync:2", ".waitForTaskToken"),
        rule="StepFunctionsGetEventsForStepFunctionsExecutionRule",
    ),
    "aws-sdk:glue:startDataQualityRulesetEvaluationRun": _quality(
        "StartDataQualityRulesetEvaluationRun",
        "glue:StartDataQualityRulesetEvaluationRun",
        lambda call: list(call.parameters.get("RulesetNames") or []),
        step_answers.start_quality,
    ),
    "aws-sdk:glue:getDataQualityRulesetEvaluationRun": _quality(
        "GetDataQualityRulesetEvaluationRun",
        "glue:GetDataQualityRulesetEvaluationRun",
        _of_run,
        step_answers.quality_run,
    ),
    "aws-sdk:glue:getDataQualityResult": _quality(
        "GetDataQualityResult", "glue:GetDataQualityResult", _of_results, step_answers.quality_result
    ),
    "aws-sdk:glue:batchGetDataQualityResult": _quality(
        "BatchGetDataQualityResult", "glue:GetDataQualityResult", _of_results, step_answers.quality_results
    ),
    "aws-sdk:glue:startCrawler": Integration(
        "glue",
        "StartCrawler",
        "Glue.AccessDeniedException",
        _one("glue:StartCrawler", _arn("glue", "crawler/", "Name")),
        step_answers.start_crawler,
    ),
    "aws-sdk:glue:getCrawler": Integration(
        "glue",
        "GetCrawler",
        "Glue.AccessDeniedException",
        _one("glue:GetCrawler", _arn("glue", "crawler/", "Name")),
        step_answers.get_crawler,
    ),
}


def split(resource: str) -> tuple[str, str] | None:
    """The name of an integration and its pattern ("", ".sync", ".sync:2", ".waitForTaskToken")."""
    found = _RESOURCE.fullmatch(str(resource))
    return (found["name"], found["pattern"] or "") if found else None


def managed_rule(state: dict) -> str | None:
    """The rule that Step Functions needs in EventBridge to see the end of a `.sync` task."""
    name, pattern = split(state.get("Resource", "")) or ("", "")
    known = INTEGRATIONS.get(name)
    return known.rule if known and pattern.startswith(".sync") else None


@functools.cache
def _input_shape(service: str, operation: str):
    import botocore.session

    model = botocore.session.get_session().get_service_model(service)
    return model.operation_model(operation).input_shape


def problems_of_task(here: str, state: dict, language: str) -> list[str]:
    """What is wrong with the integration of one Task state."""
    name, pattern = split(state.get("Resource", "")) or (None, "")
    known = INTEGRATIONS.get(name)
    if known is None:
        return [f"{here}: the local AWS has no integration {state.get('Resource')}; add it to step_integrations.py"]
    if pattern not in known.patterns:
        return [f"{here}: {name} has no pattern {pattern or 'without .sync'}"]
    given = state.get("Arguments" if language == "JSONata" else "Parameters")
    found: list[str] = []
    if isinstance(given, dict):
        _check_members(given, _input_shape(known.service, known.operation), here, found)
    return found


def _member(name: str) -> str:
    """Step Functions writes every parameter in PascalCase."""
    return name[:1].upper() + name[1:]


def _check_members(given, shape, here: str, found: list[str]) -> None:
    if shape.type_name == "list" and isinstance(given, list):
        for item in given:
            _check_members(item, shape.member, here, found)
    if shape.type_name != "structure" or not isinstance(given, dict):
        return
    members = {_member(name): member for name, member in shape.members.items()}
    names = {name.removesuffix(".$"): value for name, value in given.items()}
    for name in names:
        if name not in members:
            found.append(f"{here}: The field {name!r} is not supported by Step Functions")
        else:
            _check_members(names[name], members[name], f"{here}/{name}", found)
    for name in sorted({_member(name) for name in shape.required_members} - set(names)):
        found.append(f"{here}: The field {name!r} is required but was missing")
