"""A small mesh to try refusals in: four accounts, their bootstrap roles, and stacks deployed as meshform deploys them."""

import itertools
import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

GOVERNANCE, PRODUCER, CONSUMER, MANAGEMENT = "111111111111", "222222222222", "333333333333", "444444444444"
ORGANIZATION, EXTERNAL_ID, REGION = "o-acme", "acme-demo", "eu-west-1"
_HERE = Path(__file__).resolve().parent.parent
_SETTINGS = Config(
    retries={"max_attempts": 1, "mode": "standard"},
    s3={"addressing_style": "path"},
    connect_timeout=5,
    read_timeout=20,
    parameter_validation=False,
)


def statement(action, resource="*", effect="Allow", **more) -> dict:
    """A policy document of one statement."""
    body = {"Effect": effect, "Action": action, **more}
    if "Principal" not in more:
        body["Resource"] = resource
    return {"Version": "2012-10-17", "Statement": [body]}


def trust(principal: dict, **condition) -> dict:
    """A trust policy."""
    more = {"Condition": condition} if condition else {}
    return statement("sts:AssumeRole", Principal=principal, **more)


def service_trust(service: str) -> dict:
    """A trust policy for an AWS service."""
    return trust({"Service": f"{service}.amazonaws.com"})


def execution(account: str) -> str:
    """The ARN of an account's execution role."""
    return f"arn:aws:iam::{account}:role/demo-execution"


class World:
    """The running server, the organization in it, and sessions of its roles."""

    def __init__(self, *options: str):
        self.process = subprocess.Popen(
            [sys.executable, str(_HERE / "launcher.py"), "--delay-ms", "0", *options], stdout=subprocess.PIPE, text=True
        )
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("the local AWS did not start")
        self.endpoint = json.loads(line)["endpoint"]
        self.numbers = itertools.count(1)
        self.sessions: dict = {}

    def stop(self) -> None:
        """End the server."""
        self.process.terminate()
        self.process.wait(timeout=5)

    def control(self, method: str, name: str, content: dict | None = None):
        """One call of the control API."""
        request = urllib.request.Request(
            f"{self.endpoint}/_local/{name}", json.dumps(content or {}).encode(), method=method
        )
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())

    def client(self, service: str, key: dict, region: str = REGION):
        """A boto3 client with these credentials."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=region,
            config=_SETTINGS,
            aws_access_key_id=key["accessKeyId"],
            aws_secret_access_key=key["secretAccessKey"],
            aws_session_token=key.get("sessionToken"),
        )

    def assume(self, key: dict, role_arn: str, **more) -> dict:
        """Credentials of a role's session."""
        answer = self.client("sts", key).assume_role(RoleArn=role_arn, RoleSessionName="self-test", **more)[
            "Credentials"
        ]
        return {
            "accessKeyId": answer["AccessKeyId"],
            "secretAccessKey": answer["SecretAccessKey"],
            "sessionToken": answer["SessionToken"],
        }

    def set_up(self, knobs: dict | None = None) -> None:
        """Reset, make the organization, the bootstrap roles and the lock."""
        self.control("POST", "reset")
        self.sessions.clear()
        users = self.control(
            "POST",
            "setup",
            {
                "organization": ORGANIZATION,
                "management": MANAGEMENT,
                "accounts": [GOVERNANCE, PRODUCER, CONSUMER],
                "deployAccount": GOVERNANCE,
            },
        )
        self.administrator, self.deployer, self.outsider = users["administrator"], users["deployer"], users["outsider"]
        self.control("POST", "lock")
        for account in (GOVERNANCE, PRODUCER, CONSUMER):
            self._bootstrap(account)
        self.control("POST", "control", knobs or {})

    def _bootstrap(self, account: str) -> None:
        iam = self.administrator_client("iam", account)
        entry = trust(
            {"AWS": f"arn:aws:iam::{GOVERNANCE}:root"},
            StringEquals={"sts:ExternalId": EXTERNAL_ID, "aws:PrincipalOrgID": ORGANIZATION},
        )
        deploy = {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "cloudformation:*", "Resource": "*"},
                {
                    "Effect": "Allow",
                    "Action": "iam:PassRole",
                    "Resource": execution(account),
                    "Condition": {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}},
                },
            ],
        }
        plan = statement(["lakeformation:Get*", "lakeformation:List*", "glue:Get*", "cloudformation:Describe*"])
        for name, trusted, allowed in (
            ("demo-deploy", entry, deploy),
            ("demo-plan", entry, plan),
            ("demo-execution", service_trust("cloudformation"), statement("*")),
        ):
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trusted))
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(allowed))

    def administrator_client(self, service: str, account: str):
        """A client with every right in an account."""
        role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
        if ("administrator", account) not in self.sessions:
            self.sessions["administrator", account] = self.assume(self.administrator, role)
        return self.client(service, self.sessions["administrator", account])

    def role_client(self, service: str, account: str, name: str = "demo-deploy"):
        """A client of the deploy or plan role of an account."""
        if (name, account) not in self.sessions:
            self.sessions[name, account] = self.assume(
                self.deployer, f"arn:aws:iam::{account}:role/{name}", ExternalId=EXTERNAL_ID
            )
        return self.client(service, self.sessions[name, account])

    def deploy(
        self,
        account: str,
        resources: dict,
        stack: str | None = None,
        kind: str = "CREATE",
        role: str | None = None,
        outputs: dict | None = None,
        wait: bool = True,
    ):
        """Change set, execute, wait; answers (status, every reason of the events)."""
        stack = stack or f"stack-{next(self.numbers)}"
        cloudformation = self.role_client("cloudformation", account)
        template = {"Resources": resources, **({"Outputs": outputs} if outputs else {})}
        name = f"change-{next(self.numbers)}"
        role = execution(account) if role is None else role
        cloudformation.create_change_set(
            StackName=stack,
            ChangeSetName=name,
            ChangeSetType=kind,
            TemplateBody=json.dumps(template),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            **({"RoleARN": role} if role else {}),
        )
        cloudformation.execute_change_set(StackName=stack, ChangeSetName=name)
        return self.ended(account, stack) if wait else stack

    def ended(self, account: str, stack: str):
        """Wait for a stack; answers its status and the reasons of all its events."""
        cloudformation = self.role_client("cloudformation", account)
        for _ in range(1500):
            try:
                status = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
            except ClientError:
                return "DELETE_COMPLETE", ""
            if not status.endswith("_IN_PROGRESS"):
                break
            time.sleep(0.01)
        events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
        return status, " | ".join(event.get("ResourceStatusReason", "") for event in events)

    def delete(self, account: str, stack: str):
        """Delete a stack and wait; answers its status and reasons."""
        self.role_client("cloudformation", account).delete_stack(StackName=stack)
        return self.ended(account, stack)

    def accepts(self, account: str, resources: dict, **more) -> None:
        """The stack completes."""
        status, reasons = self.deploy(account, resources, **more)
        assert status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), f"{status}: {reasons}"

    def refuses(self, account: str, resources: dict, *texts: str, **more) -> None:
        """The stack rolls back, and a reason holds every text."""
        status, reasons = self.deploy(account, resources, **more)
        assert "ROLLBACK" in status, f"was accepted: {status}"
        for text in texts:
            assert text in reasons, f"{text!r} is not in {reasons!r}"


def refused(call, *texts: str) -> None:
    """A direct call fails, and the error holds every text."""
    try:
        call()
    except ClientError as error:
        for text in texts:
            assert text in str(error), f"{text!r} is not in {error}"
        return
    raise AssertionError(f"was accepted; expected {texts}")


def made_role(
    world: World, account: str, name: str, trusted: dict, allowed: dict | None = None, path: str = "/", **more
) -> str:
    """Make a role with every right of the administrator; answers its ARN."""
    iam = world.administrator_client("iam", account)
    arn = iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=json.dumps(trusted), **more)["Role"]["Arn"]
    if allowed:
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(allowed))
    return arn
