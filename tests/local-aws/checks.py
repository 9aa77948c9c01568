"""Who may assume what, and what the plan role may change, asked over the wire: `python checks.py ENDPOINT KEYS_JSON MESH ACCOUNT`.

Runs against accounts that are bootstrapped; KEYS_JSON is the answer of /_local/setup. Ends with `N passed, 0 failed`.
"""

import json
import sys
from collections.abc import Callable

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

REGION = "eu-west-1"
CONFIG = Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"})


def client(service: str, endpoint: str, key: dict) -> object:
    """A client as one identity: a user's key or a session's credentials."""
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        config=CONFIG,
        aws_access_key_id=key.get("accessKeyId") or key["AccessKeyId"],
        aws_secret_access_key=key.get("secretAccessKey") or key["SecretAccessKey"],
        aws_session_token=key.get("SessionToken"),
    )


def refused(call: Callable[[], object]) -> str | None:
    """None when the call is refused for lack of rights, else what happened instead."""
    try:
        call()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        return None if code in ("AccessDenied", "AccessDeniedException") else f"failed with {code}: {error}"
    return "was allowed"


def main() -> int:
    """Every case once."""
    endpoint, keys, mesh, account = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3], sys.argv[4]
    external_id = f"acme-{mesh}"

    def assume(who: str, role: str, **extra: str) -> dict:
        sts = client("sts", endpoint, keys[who])
        arn = f"arn:aws:iam::{account}:role/{mesh}-{role}"
        return sts.assume_role(RoleArn=arn, RoleSessionName="checks", **extra)["Credentials"]

    plan = assume("deployer", "plan", ExternalId=external_id)
    deploy = assume("deployer", "deploy", ExternalId=external_id)

    def of(session: dict, service: str) -> object:
        return client(service, endpoint, session)

    template = '{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}'
    bucket = f"acme-{mesh}-deploy-{account}"
    execution = f"arn:aws:iam::{account}:role/{mesh}-execution"
    database = {"Database": {"CatalogId": account, "Name": f"{mesh}_x"}}
    somebody = {"DataLakePrincipalIdentifier": f"arn:aws:iam::{account}:role/{mesh}-plan"}
    cases: list[tuple[str, Callable[[], object]]] = []
    for role in ("plan", "deploy"):
        cases += [
            (f"{role} without an external id", lambda role=role: assume("deployer", role)),
            (f"{role} with a wrong external id", lambda role=role: assume("deployer", role, ExternalId="acme-other")),
            (f"{role} from another organization", lambda role=role: assume("outsider", role, ExternalId=external_id)),
            (f"{role} from another account", lambda role=role: assume("administrator", role, ExternalId=external_id)),
        ]
    cases += [
        ("execution by a person", lambda: assume("deployer", "execution", ExternalId=external_id)),
        ("plan role: create a stack", lambda: of(plan, "cloudformation").create_stack(StackName=f"{mesh}-x", TemplateBody=template)),
        (
            "plan role: make a change set",
            lambda: of(plan, "cloudformation").create_change_set(
                StackName=f"{mesh}-x", ChangeSetName="x", ChangeSetType="CREATE", TemplateBody=template
            ),
        ),
        ("plan role: delete a stack", lambda: of(plan, "cloudformation").delete_stack(StackName=f"{mesh}-bootstrap")),
        ("plan role: write to the staging bucket", lambda: of(plan, "s3").put_object(Bucket=bucket, Key="x", Body=b"x")),
        ("plan role: make a role", lambda: of(plan, "iam").create_role(RoleName="x", AssumeRolePolicyDocument="{}")),
        (
            "plan role: grant",
            lambda: of(plan, "lakeformation").grant_permissions(Principal=somebody, Resource=database, Permissions=["DESCRIBE"]),
        ),
        (
            "plan role: change the settings",
            lambda: of(plan, "lakeformation").put_data_lake_settings(DataLakeSettings={"DataLakeAdmins": [somebody]}),
        ),
        ("plan role: make a database", lambda: of(plan, "glue").create_database(DatabaseInput={"Name": f"{mesh}_x"})),
        ("deploy role: make a role itself", lambda: of(deploy, "iam").create_role(RoleName="x", AssumeRolePolicyDocument="{}")),
        ("deploy role: read the data", lambda: of(deploy, "s3").get_object(Bucket=f"acme-{mesh}-sales-data-{account}", Key="x")),
        ("deploy role: delete its own roles", lambda: of(deploy, "cloudformation").delete_stack(StackName=f"{mesh}-bootstrap")),
        (
            "deploy role: a stack outside the mesh",
            lambda: of(deploy, "cloudformation").create_change_set(
                StackName="other", ChangeSetName="x", ChangeSetType="CREATE", TemplateBody=template, RoleARN=execution
            ),
        ),
    ]
    failed = 0
    for name, call in cases:
        problem = refused(call)
        if problem:
            failed += 1
            print(f"{name}: should be refused, but it {problem}")
    # the other way round, so that the refusals above are not hollow
    of(plan, "cloudformation").describe_stacks(StackName=f"{mesh}-bootstrap")
    of(deploy, "s3").put_object(Bucket=bucket, Key="checks", Body=b"x")
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
