"""What the services answer to a step: recorded and answered, nothing computes.

What is checked is what a wrong machine would trip over: names that do not exist, columns that the role does not see,
prefixes that were used. Errors are named as a Catch sees them.
"""

import json
import time
import uuid
from dataclasses import dataclass

from . import crawler_runs, event_delivery, principals, quality, reads, recorded_types, unload
from .principals import Actor


class StepError(Exception):
    """An error of a step, by the name that Retry and Catch look at."""

    def __init__(self, error: str, cause: str):
        super().__init__(cause)
        self.error, self.cause = error, cause


@dataclass(frozen=True)
class Call:
    """One call of a service by a machine."""

    parameters: dict
    account: str
    region: str
    actor: Actor  # the machine's role
    pattern: str
    execution: str
    machine: str

    @property
    def waits(self) -> bool:
        """Whether the step waits for the end (`.sync`)."""
        return self.pattern.startswith(".sync")


def _now() -> int:
    return int(time.time() * 1000)


def start_query(call: Call) -> dict:
    """Athena: the workgroup exists, its result location can be written to; an UNLOAD is read."""
    from ministack.services import athena

    given = call.parameters
    name = given.get("WorkGroup") or "primary"
    group = athena._workgroups.get(name)
    if group is None and name != "primary":
        raise StepError("Athena.InvalidRequestException", f"WorkGroup {name} is not found.")
    configuration = (group or {}).get("Configuration") or {}
    own = (configuration.get("ResultConfiguration") or {}).get("OutputLocation")
    asked = (given.get("ResultConfiguration") or {}).get("OutputLocation")
    # By default a workgroup's settings win over the client's (EnforceWorkGroupConfiguration).
    output = own if configuration.get("EnforceWorkGroupConfiguration", True) and own else asked or own
    if not output:
        raise StepError(
            "Athena.InvalidRequestException", "No output location provided. An output location is required."
        )
    bucket, _, prefix = output.removeprefix("s3://").partition("/")
    location = principals.denial(call.actor, "s3:GetBucketLocation", f"arn:aws:s3:::{bucket}", call.region)
    if reads.bucket(bucket) is None or location:
        raise StepError(
            "Athena.InvalidRequestException", f"Unable to verify/create output bucket {bucket} ({location})"
        )
    identifier, query = str(uuid.uuid4()), str(given.get("QueryString") or "")
    execution = {
        "QueryExecutionId": identifier,
        "Query": query,
        "StatementType": "DML",
        "WorkGroup": name,
        "QueryExecutionContext": given.get("QueryExecutionContext") or {},
        "ResultConfiguration": {"OutputLocation": f"{output.rstrip('/')}/{identifier}.csv"},
        "Status": {"State": "SUCCEEDED", "SubmissionDateTime": _now(), "CompletionDateTime": _now()},
    }
    reason = _why_query_fails(call, query, bucket, prefix)
    if reason:
        execution["Status"] |= {"State": "FAILED", "StateChangeReason": reason}
        # A query that was started and failed: the whole answer of GetQueryExecution is the cause.
        raise StepError("States.TaskFailed", json.dumps({"QueryExecution": execution}))
    return {"QueryExecution": execution} if call.waits else {"QueryExecutionId": identifier}


def _why_query_fails(call: Call, query: str, bucket: str, prefix: str) -> str | None:
    """Results, and an UNLOAD's manifest, go to the result location; then the statement itself."""
    reason = reads.write_refusal(call.actor, call.region, bucket, prefix)
    if reason:
        return f"Access denied when writing output to url: s3://{bucket}/{prefix} ({reason})"
    if unload.is_unload(query):
        try:
            unload.run(
                call.actor, call.region, query, (call.parameters.get("QueryExecutionContext") or {}).get("Database")
            )
        except unload.Failed as failure:
            return str(failure)
    return None


def start_job(call: Call) -> dict:
    """Glue: the job exists; the run succeeds at once."""
    from ministack.services import glue

    name = call.parameters.get("JobName")
    if name not in glue._jobs:
        raise StepError("Glue.EntityNotFoundException", f"Failed to start job run due to missing metadata: job {name}")
    run = f"jr_{uuid.uuid4().hex}"
    if not call.waits:
        return {"JobName": name, "JobRunId": run}
    return {
        "Id": run,
        "JobName": name,
        "JobRunState": "SUCCEEDED",
        "Attempt": 0,
        "Arguments": call.parameters.get("Arguments") or {},
        "StartedOn": _now(),
        "CompletedOn": _now(),
    }


def create_transform_job(call: Call) -> dict:
    """SageMaker: the model was made by a stack of this account."""
    name, model = call.parameters.get("TransformJobName"), str(call.parameters.get("ModelName"))
    if recorded_types.find(call.account, call.region, "AWS::SageMaker::Model", model) is None:
        raise StepError(
            "SageMaker.AmazonSageMakerException", f'Could not find model "{model}" in account {call.account}'
        )
    arn = f"arn:aws:sagemaker:{call.region}:{call.account}:transform-job/{name}"
    if not call.waits:
        return {"TransformJobArn": arn}
    return {"TransformJobName": name, "TransformJobArn": arn, "ModelName": model, "TransformJobStatus": "Completed"}


def buses(call: Call) -> list[str]:
    """The ARNs of the buses that the entries name."""
    return sorted(
        {event_delivery.bus_arn(entry, call.account, call.region) for entry in call.parameters.get("Entries") or []}
    )


def put_events(call: Call) -> dict:
    """EventBridge: Detail may be an object, the machine's ARNs are added; one failed entry fails the step."""
    entries = []
    for entry in call.parameters.get("Entries") or []:
        detail = entry.get("Detail", {})
        entries.append(
            {
                **entry,
                "Detail": detail if isinstance(detail, str) else json.dumps(detail),
                "Resources": [*(entry.get("Resources") or []), call.execution, call.machine],
            }
        )
    answer = event_delivery.put_events(call.actor, entries)
    if answer["FailedEntryCount"]:
        raise StepError("EventBridge.FailedEntry", json.dumps(answer))
    return answer


def _quality_answer(answer):
    def run(call: Call) -> dict:
        try:
            return answer(call)
        except quality.Missing as missing:
            raise StepError("Glue.EntityNotFoundException", str(missing)) from None

    return run


start_quality = _quality_answer(lambda call: quality.start(call.account, call.region, call.parameters))
quality_run = _quality_answer(lambda call: quality.run_of(call.account, call.region, call.parameters.get("RunId")))
quality_result = _quality_answer(
    lambda call: quality.result(call.account, call.region, call.parameters.get("ResultId"))
)
quality_results = _quality_answer(
    lambda call: quality.results(call.account, call.region, call.parameters.get("ResultIds") or [])
)


def start_crawler(call: Call) -> dict:
    """Glue: a crawler that exists and does not run yet."""
    try:
        crawler_runs.start(call.parameters.get("Name"))
    except crawler_runs.CrawlerError as failure:
        raise StepError(f"Glue.{failure.code}", str(failure)) from None
    return {}


def get_crawler(call: Call) -> dict:
    """Glue: the crawler's state, RUNNING or READY, with its last crawl."""
    try:
        return {"Crawler": crawler_runs.show(call.parameters.get("Name"))}
    except crawler_runs.CrawlerError as failure:
        raise StepError(f"Glue.{failure.code}", str(failure)) from None
