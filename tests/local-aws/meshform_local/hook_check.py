"""After the start: one small stack in a scratch account, and the proof that every hook has fired.

A patch on a name that MiniStack no longer reads does nothing and says nothing; every refusal after it would be
hollow. So the launcher does not become ready before each hook has been seen at work. It runs over HTTP, on a
thread, with the signing of botocore (which MiniStack brings along).
"""

import json
import time
import urllib.error
import urllib.request
from urllib.parse import urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from . import control, control_api
from .private_names import LauncherError

ACCOUNT = "999999999999"
REGION = "eu-west-1"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "cloudformation.amazonaws.com"}}
    ],
}
ADMIN_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Condition": {
                "StringEquals": {"aws:PrincipalOrgID": "o-scratch"},
                "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"},
            },
        }
    ],
}
MACHINE_TRUST = json.loads(json.dumps(TRUST).replace("cloudformation", "states"))
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


class _Client:
    """Just enough of an SDK to sign and send form posts."""

    def __init__(self, endpoint: str):
        self.endpoint = endpoint

    def post(self, path: str, content: dict) -> dict:
        request = urllib.request.Request(self.endpoint + path, json.dumps(content).encode(), method="POST")
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())

    def target_call(self, service: str, credentials: Credentials, target: str, content: dict) -> tuple[int, str]:
        """A call of a JSON service."""
        body = json.dumps(content).encode()
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": target}
        return self._send(service, credentials, body, headers)

    def call(self, service: str, credentials: Credentials, action: str, **parameters) -> tuple[int, str]:
        body = urlencode({"Action": action, **parameters}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        return self._send(service, credentials, body, headers)

    def _send(self, service: str, credentials: Credentials, body: bytes, headers: dict) -> tuple[int, str]:
        request = AWSRequest("POST", self.endpoint + "/", data=body, headers=headers)
        SigV4Auth(credentials, service, REGION).add_auth(request)
        plain = urllib.request.Request(self.endpoint + "/", body, dict(request.headers), method="POST")
        try:
            with urllib.request.urlopen(plain) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()


def _expect(condition: bool, what: str) -> None:
    if not condition:
        raise LauncherError(f"self-test of the hooks: {what}")


def _wait(client: _Client, credentials: Credentials, stack: str) -> str:
    for _ in range(400):
        _, text = client.call("cloudformation", credentials, "DescribeStacks", StackName=stack)
        status = text.partition("<StackStatus>")[2].partition("<")[0]
        if status and not status.endswith("_IN_PROGRESS"):
            return text
        time.sleep(0.01)
    raise LauncherError(f"self-test of the hooks: stack {stack} does not end")


def _template(tables: list[str], ghost: bool = False) -> str:
    resources: dict = {
        "Settings": {
            "Type": "AWS::LakeFormation::DataLakeSettings",
            "Properties": {
                "Admins": [{"DataLakePrincipalIdentifier": f"arn:aws:iam::{ACCOUNT}:role/scratch/execution"}],
                "CreateDatabaseDefaultPermissions": [],
                "CreateTableDefaultPermissions": [],
            },
        }
    }
    for name in tables:
        resources[name] = {
            "Type": "AWS::Glue::Database",
            "DependsOn": "Settings",
            "Properties": {
                "CatalogId": ACCOUNT,
                "DatabaseInput": {"Name": name.lower(), "Description": ",".join(tables)},
            },
        }
    principal = "arn:aws:iam::999999999999:role/ghost" if ghost else f"arn:aws:iam::{ACCOUNT}:root"
    resources["Role"] = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": "hooked",
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": principal}}],
            },
        },
    }
    return json.dumps({"Resources": resources})


MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:hooked"
EVENTS = {
    "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "scratch-of-the-hooks"}},
    "Rule": {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "EventPattern": {"source": ["scratch"]},
            "Targets": [{"Id": "nobody", "Arn": f"arn:aws:sns:{REGION}:{ACCOUNT}:nobody"}],
        },
    },
    "Machine": {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "StateMachineName": "hooked",
            "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/scratch/machine",
            "Definition": {
                "StartAt": "Wait",
                "States": {
                    "Wait": {"Type": "Wait", "Seconds": 1, "Next": "Tell"},
                    "Tell": {
                        "Type": "Task",
                        "Resource": "arn:aws:states:::events:putEvents",
                        "Parameters": {"Entries": [{"Source": "scratch", "DetailType": "hook", "Detail": {}}]},
                        "End": True,
                    },
                },
            },
        },
    },
}


def _run_machine(client: _Client, credentials: Credentials) -> None:
    """One execution: a wait, a step, an event, a rule's target."""
    target = "AWSStepFunctions.StartExecution"
    status, text = client.target_call("states", credentials, target, {"stateMachineArn": MACHINE, "name": "hook"})
    _expect(status == 200, f"StartExecution was refused: {text}")
    for _ in range(400):
        if control_api.hooks()["target"]:
            return
        time.sleep(0.01)
    raise LauncherError("self-test of the hooks: the state machine's event reached no target")


def prove(endpoint: str) -> None:
    """Use every hook once; the caller resets everything afterwards."""
    client = _Client(endpoint)
    root = Credentials(ACCOUNT, "unchecked")
    control.control.delay_ms = 0
    users = client.post(
        "/_local/setup",
        {"organization": "o-scratch", "management": ACCOUNT, "accounts": [ACCOUNT], "deployAccount": ACCOUNT},
    )
    user = Credentials(users["deployer"]["accessKeyId"], users["deployer"]["secretAccessKey"])
    for name, trust in (("execution", TRUST), ("deploy", ADMIN_TRUST), ("machine", MACHINE_TRUST)):
        client.call(
            "iam", root, "CreateRole", RoleName=name, Path="/scratch/", AssumeRolePolicyDocument=json.dumps(trust)
        )
        client.call(
            "iam", root, "PutRolePolicy", RoleName=name, PolicyName="all", PolicyDocument=json.dumps(EVERYTHING)
        )
    client.post("/_local/lock", {})
    status, _ = client.call("iam", root, "ListRoles")
    _expect(status == 403, "a locked root key was not refused (iam_evaluator.enforce)")
    role = f"arn:aws:iam::{ACCOUNT}:role/scratch/deploy"
    status, text = client.call("sts", user, "AssumeRole", RoleArn=role.replace("/scratch", ""), RoleSessionName="check")
    _expect(status == 403, "a role ARN without its path was assumed (sts.handle_request)")
    status, text = client.call("sts", user, "AssumeRole", RoleArn=role, RoleSessionName="check")
    _expect(
        status == 200, f"the scratch deploy role was not assumed (_resolve_condition_key, _principal_org_id): {text}"
    )
    session = Credentials(
        *(text.partition(f"<{tag}>")[2].partition("<")[0] for tag in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    )
    execution = role.replace("deploy", "execution")

    def operate(action, template):
        status, text = client.call(
            "cloudformation",
            session,
            action,
            StackName="hooks",
            TemplateBody=template,
            RoleARN=execution,
            **{"Capabilities.member.1": "CAPABILITY_NAMED_IAM"},
        )
        _expect(status == 200, f"{action} was refused: {text}")
        return _wait(client, session, "hooks")

    text = operate("CreateStack", _template(["One", "Two"]))
    _expect("CREATE_COMPLETE" in text, f"the first stack did not complete: {text}")
    _expect(f"<RoleARN>{execution}</RoleARN>" in text, "DescribeStacks shows no RoleARN (_ACTION_HANDLERS)")
    _expect(
        "<StackStatus>UPDATE_COMPLETE<" in operate("UpdateStack", _template(["One"])), "the update did not complete"
    )
    text = operate("UpdateStack", _template(["One"], ghost=True))
    _expect("<StackStatus>UPDATE_ROLLBACK_COMPLETE<" in text, "a trust policy with a missing principal was accepted")
    events = json.loads(_template(["One"]))
    events["Resources"] |= EVENTS
    text = operate("UpdateStack", json.dumps(events))
    _expect("<StackStatus>UPDATE_COMPLETE<" in text, f"the stack with a state machine did not complete: {text}")
    _run_machine(client, session)
    silent = [name for name, fired in control_api.hooks().items() if not fired]
    _expect(not silent, f"these hooks never fired: {', '.join(silent)}")
