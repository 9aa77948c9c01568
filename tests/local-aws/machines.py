"""Start one execution on the local AWS, wait for its end, print what it did as one JSON object.

    AWS_ACCESS_KEY_ID=.. AWS_SECRET_ACCESS_KEY=.. [AWS_SESSION_TOKEN=..] \
        python machines.py ENDPOINT STATE_MACHINE_ARN [--input JSON] [--name N] [--role ARN [--external-id ID]] [--seconds N]

The credentials are those of the account of the machine, or of somebody who may assume `--role` there. Exit 0 when the
execution has ended, however it ended; 1 when it could not be started or did not end in time.

    {"execution": ARN, "status": "SUCCEEDED", "output": {..}, "error": null, "cause": null,
     "states": [{"state": "Unload", "type": "Task", "attempts": 2, "errors": ["Athena.TooManyRequestsException"]}, ..],
     "steps": [{"state": "Unload", "integration": "athena:startQueryExecution", "attempt": 1, "outcome": ERROR}, ..]}
"""

import argparse
import json
import os
import sys
import time
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

_SETTINGS = Config(retries={"max_attempts": 1, "mode": "standard"}, connect_timeout=5, read_timeout=20)


def run(client, machine: str, given: dict | None = None, name: str | None = None, seconds: float = 30) -> dict:
    """Start, wait, and tell; `client` is a boto3 client of Step Functions."""
    more = {"name": name} if name else {}
    execution = client.start_execution(stateMachineArn=machine, input=json.dumps(given or {}), **more)["executionArn"]
    until = time.monotonic() + seconds
    while True:
        found = client.describe_execution(executionArn=execution)
        if found["status"] != "RUNNING":
            break
        if time.monotonic() > until:
            raise TimeoutError(f"{execution} did not end in {seconds} s")
        time.sleep(0.02)
    succeeded = found["status"] == "SUCCEEDED"
    return {
        "execution": execution,
        "status": found["status"],
        "output": json.loads(found["output"]) if succeeded else None,
        "error": found.get("error"),
        "cause": found.get("cause"),
        "states": states(client, execution),
    }


def states(client, execution: str) -> list[dict]:
    """The states in the order in which they were entered, each with its attempts and errors."""
    found: list[dict] = []
    pages = client.get_paginator("get_execution_history").paginate(executionArn=execution)
    for event in (event for page in pages for event in page["events"]):
        kind = event["type"]
        if kind.endswith("StateEntered"):
            state = event["stateEnteredEventDetails"]["name"]
            found.append({"state": state, "type": kind.removesuffix("StateEntered"), "attempts": 0, "errors": []})
        elif kind == "TaskScheduled" and found:
            found[-1]["attempts"] += 1
        elif kind == "TaskFailed" and found:
            found[-1]["errors"].append(event["taskFailedEventDetails"].get("error"))
    return found


def steps(endpoint: str, execution: str) -> list[dict]:
    """Every attempt of every task, also inside branches, which the history does not name."""
    with urllib.request.urlopen(f"{endpoint}/_local/steps", timeout=20) as answer:
        found = [step for step in json.load(answer) if step["execution"] == execution]
    return [{name: step[name] for name in ("state", "integration", "attempt", "outcome")} for step in found]


def _client(service: str, endpoint: str, region: str, key: dict):
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=region,
        config=_SETTINGS,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        aws_session_token=key.get("SessionToken"),
    )


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("endpoint")
    parser.add_argument("machine", help="ARN of the state machine")
    parser.add_argument("--input", default="{}", help="JSON (default {})")
    parser.add_argument("--name", help="of the execution (default: made up)")
    parser.add_argument("--role", help="ARN of a role to assume first")
    parser.add_argument("--external-id")
    parser.add_argument("--seconds", type=float, default=30, help="how long to wait (default 30)")
    arguments = parser.parse_args()
    region = arguments.machine.split(":")[3]
    key = {
        "AccessKeyId": os.environ["AWS_ACCESS_KEY_ID"],
        "SecretAccessKey": os.environ["AWS_SECRET_ACCESS_KEY"],
        "SessionToken": os.environ.get("AWS_SESSION_TOKEN"),
    }
    try:
        if arguments.role:
            more = {"ExternalId": arguments.external_id} if arguments.external_id else {}
            sts = _client("sts", arguments.endpoint, region, key)
            key = sts.assume_role(RoleArn=arguments.role, RoleSessionName="machines", **more)["Credentials"]
        client = _client("stepfunctions", arguments.endpoint, region, key)
        given = json.loads(arguments.input)
        told = run(client, arguments.machine, given, arguments.name, arguments.seconds)
        print(json.dumps({**told, "steps": steps(arguments.endpoint, told["execution"])}))
    except (BotoCoreError, ClientError, TimeoutError) as failure:
        print(f"machines: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
