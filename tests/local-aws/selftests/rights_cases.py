"""What the execution role, or the caller, may do; which roles and policies a template may name."""

import json

from .cases import case
from .world import (
    CONSUMER,
    GOVERNANCE,
    PRODUCER,
    World,
    execution,
    made_role,
    refused,
    service_trust,
    statement,
    trust,
)

BUCKET = {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "acme-demo-sales-probe"}}}


def _change_set(world: World, role: str | None, account: str = PRODUCER, client=None):
    client = client or world.role_client("cloudformation", account)
    return lambda: client.create_change_set(
        StackName="role-probe",
        ChangeSetName="probe",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps({"Resources": BUCKET}),
        **({"RoleARN": role} if role else {}),
    )


@case
def the_execution_role_must_stand(world: World):
    """The execution role exists, trusts CloudFormation, lies in this account, and the caller may pass it."""
    administrator = world.administrator_client("cloudformation", PRODUCER)
    ghost = f"arn:aws:iam::{PRODUCER}:role/demo-ghost"
    refused(_change_set(world, ghost, client=administrator), "is invalid or cannot be assumed")
    untrusting = made_role(world, PRODUCER, "untrusting", service_trust("glue"), statement("*"))
    refused(_change_set(world, untrusting, client=administrator), "is invalid or cannot be assumed")
    refused(_change_set(world, execution(CONSUMER), client=administrator), "Cross-account pass role")
    refused(
        _change_set(world, f"arn:aws:iam::{PRODUCER}:role/OrganizationAccountAccessRole"),
        "iam:PassRole",
        "not authorized",
    )
    _change_set(world, execution(PRODUCER))()


@case
def describe_stacks_shows_the_role(world: World):
    """A stack keeps its execution role, and DescribeStacks shows it only after the change set ran."""
    client = world.role_client("cloudformation", PRODUCER)
    _change_set(world, execution(PRODUCER))()
    assert "RoleARN" not in client.describe_stacks(StackName="role-probe")["Stacks"][0]
    client.execute_change_set(StackName="role-probe", ChangeSetName="probe")
    world.ended(PRODUCER, "role-probe")
    assert client.describe_stacks(StackName="role-probe")["Stacks"][0]["RoleARN"] == execution(PRODUCER)
    assert world.delete(PRODUCER, "role-probe")[0] == "DELETE_COMPLETE"


@case
def without_a_role_the_callers_rights_count(world: World):
    """The deploy role cannot make a bucket by leaving out RoleARN; the administrator can."""
    world.refuses(PRODUCER, BUCKET, "not authorized", "s3:CreateBucket", "acme-demo-sales-probe", role="")
    world.accepts(PRODUCER, BUCKET)


@case
def the_execution_role_is_least_privilege(world: World):
    """An action that the role lacks, on the resource that is made, fails that resource."""
    iam = world.administrator_client("iam", PRODUCER)
    allowed = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::acme-demo-*"}],
    }
    iam.put_role_policy(RoleName="demo-execution", PolicyName="own", PolicyDocument=json.dumps(allowed))
    world.refuses(
        PRODUCER,
        {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "alarm"}}},
        "sns:CreateTopic",
        "alarm",
    )
    other = {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "somebody-else"}}}
    world.refuses(PRODUCER, other, "s3:CreateBucket", "somebody-else")
    world.accepts(PRODUCER, BUCKET)


@case
def a_permissions_boundary_limits_the_execution_role(world: World):
    """What the boundary leaves out is refused although the policy allows it."""
    iam = world.administrator_client("iam", PRODUCER)
    boundary = iam.create_policy(PolicyName="limit", PolicyDocument=json.dumps(statement("sns:*")))["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName="demo-execution", PermissionsBoundary=boundary)
    world.refuses(PRODUCER, BUCKET, "no permissions boundary allows the s3:CreateBucket")
    world.accepts(PRODUCER, {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "alarm"}}})


def _bounded_role(boundary: str | None) -> dict:
    properties = {"RoleName": "demo-job-sales", "Path": "/demo/", "AssumeRolePolicyDocument": service_trust("glue")}
    if boundary:
        properties["PermissionsBoundary"] = boundary
    return {"Role": {"Type": "AWS::IAM::Role", "Properties": properties}}


@case
def roles_need_the_boundary_and_the_path(world: World):
    """The execution role may make roles only under /demo/ and only with the mesh's boundary."""
    iam = world.administrator_client("iam", PRODUCER)
    boundary = iam.create_policy(PolicyName="demo-boundary", PolicyDocument=json.dumps(statement("*")))["Policy"]["Arn"]
    allowed = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "iam:*", "Resource": f"arn:aws:iam::{PRODUCER}:role/demo/*"},
            {
                "Effect": "Deny",
                "Action": "iam:CreateRole",
                "Resource": "*",
                "Condition": {"StringNotEquals": {"iam:PermissionsBoundary": boundary}},
            },
        ],
    }
    iam.put_role_policy(RoleName="demo-execution", PolicyName="own", PolicyDocument=json.dumps(allowed))
    world.refuses(PRODUCER, _bounded_role(None), "iam:CreateRole", "explicit deny")
    outside = _bounded_role(boundary)
    outside["Role"]["Properties"]["Path"] = "/"
    world.refuses(PRODUCER, outside, "iam:CreateRole")
    missing = boundary.replace("demo-boundary", "demo-ghost")
    iam.put_role_policy(RoleName="demo-execution", PolicyName="own", PolicyDocument=json.dumps(statement("*")))
    world.refuses(PRODUCER, _bounded_role(missing), missing, "does not exist")
    world.accepts(PRODUCER, _bounded_role(boundary))


@case
def a_made_role_keeps_its_boundary(world: World):
    """A role made by a stack is limited by the boundary in its template."""
    iam = world.administrator_client("iam", PRODUCER)
    boundary = iam.create_policy(PolicyName="only-iam", PolicyDocument=json.dumps(statement("iam:ListRoles")))[
        "Policy"
    ]["Arn"]
    made = {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": "demo-job",
                "Path": "/demo/",
                "PermissionsBoundary": boundary,
                "AssumeRolePolicyDocument": trust({"AWS": f"arn:aws:iam::{GOVERNANCE}:root"}),
                "Policies": [{"PolicyName": "all", "PolicyDocument": statement("*")}],
            },
        }
    }
    world.accepts(PRODUCER, made)
    key = world.assume(world.deployer, f"arn:aws:iam::{PRODUCER}:role/demo/demo-job")
    world.client("iam", key).list_roles()
    refused(world.client("s3", key).list_buckets, "AccessDenied")


def _job(role: str) -> dict:
    return {
        "Job": {
            "Type": "AWS::Glue::Job",
            "Properties": {
                "Name": "demo-job",
                "Role": role,
                "Command": {"Name": "glueetl", "ScriptLocation": "s3://acme-demo/job.py"},
            },
        }
    }


@case
def passing_a_role_needs_pass_role(world: World):
    """iam:PassRole with iam:PassedToService inside the execution role; the passed role exists and trusts the service."""
    iam = world.administrator_client("iam", PRODUCER)
    job_role = made_role(world, PRODUCER, "demo-job", service_trust("glue"), path="/demo/")
    lambda_role = made_role(world, PRODUCER, "demo-function", service_trust("lambda"), path="/demo/")
    allowed = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "glue:*", "Resource": "*"},
            {
                "Effect": "Allow",
                "Action": "iam:PassRole",
                "Resource": f"arn:aws:iam::{PRODUCER}:role/demo/*",
                "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
            },
        ],
    }
    iam.put_role_policy(RoleName="demo-execution", PolicyName="own", PolicyDocument=json.dumps(allowed))
    world.refuses(PRODUCER, _job(job_role), "iam:PassRole", job_role)
    allowed["Statement"][1]["Condition"]["StringEquals"]["iam:PassedToService"] = "glue.amazonaws.com"
    iam.put_role_policy(RoleName="demo-execution", PolicyName="own", PolicyDocument=json.dumps(allowed))
    world.refuses(PRODUCER, _job(job_role.replace("demo-job", "demo-missing")), "does not exist")
    world.refuses(PRODUCER, _job(lambda_role), "unable to assume role")
    world.accepts(PRODUCER, _job(job_role))


@case
def policies_may_not_name_ghosts(world: World):
    """Key, bucket and trust policies naming a missing role are refused; account root with aws:PrincipalArn is not."""
    ghost = f"arn:aws:iam::{GOVERNANCE}:role/demo/demo-register-sales"
    root = {"AWS": f"arn:aws:iam::{GOVERNANCE}:root"}
    condition = {"ArnEquals": {"aws:PrincipalArn": ghost}}

    def key(principal, **more):
        own = {
            "Effect": "Allow",
            "Action": "kms:*",
            "Resource": "*",
            "Principal": {"AWS": f"arn:aws:iam::{PRODUCER}:root"},
        }
        return {
            "Key": {
                "Type": "AWS::KMS::Key",
                "Properties": {
                    "KeyPolicy": {
                        "Version": "2012-10-17",
                        "Statement": [
                            own,
                            {
                                "Effect": "Allow",
                                "Action": "kms:Decrypt",
                                "Resource": "*",
                                "Principal": principal,
                                **more,
                            },
                        ],
                    }
                },
            }
        }

    def bucket(principal, **more):
        policy = statement("s3:GetObject", Principal=principal, **more)
        policy["Statement"][0]["Resource"] = "arn:aws:s3:::acme-demo-sales-probe/*"
        return {
            **BUCKET,
            "Policy": {
                "Type": "AWS::S3::BucketPolicy",
                "Properties": {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": policy},
            },
        }

    def role(principal, **conditions):
        return {
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {"RoleName": "demo-probe", "AssumeRolePolicyDocument": trust(principal, **conditions)},
            }
        }

    for made in (key, bucket, role):
        world.refuses(PRODUCER, made({"AWS": ghost}), ghost)
    world.accepts(PRODUCER, key(root, Condition=condition))
    world.accepts(PRODUCER, bucket(root, Condition=condition))
    world.accepts(PRODUCER, role(root, **condition))
    made_role(world, GOVERNANCE, "demo-register-sales", service_trust("lakeformation"), path="/demo/")
    world.accepts(PRODUCER, key({"AWS": ghost}))


@case
def resource_arns_are_the_real_ones(world: World):
    """A policy limited to keys, databases and roles by ARN is enough, and no more than enough."""
    iam = world.administrator_client("iam", PRODUCER)
    prefix = f"arn:aws:glue:eu-west-1:{PRODUCER}:"
    allowed = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "kms:CreateKey", "Resource": "*"},
            {"Effect": "Allow", "Action": "kms:PutKeyPolicy", "Resource": f"arn:aws:kms:*:{PRODUCER}:key/*"},
            {"Effect": "Allow", "Action": "glue:*", "Resource": [prefix + "catalog", prefix + "database/demo_*"]},
            {"Effect": "Allow", "Action": "iam:*", "Resource": f"arn:aws:iam::{PRODUCER}:role/demo/*"},
        ],
    }
    iam.put_role_policy(RoleName="demo-execution", PolicyName="own", PolicyDocument=json.dumps(allowed))
    made_role(world, PRODUCER, "demo-job", service_trust("glue"), path="/demo/")
    made_role(world, PRODUCER, "other-job", service_trust("glue"))

    def database(name):
        return {
            "Database": {
                "Type": "AWS::Glue::Database",
                "Properties": {"CatalogId": PRODUCER, "DatabaseInput": {"Name": name}},
            }
        }

    def inline(role):
        return {
            "Policy": {
                "Type": "AWS::IAM::RolePolicy",
                "Properties": {"RoleName": role, "PolicyName": "more", "PolicyDocument": statement("s3:GetObject")},
            }
        }

    key = {
        "Key": {
            "Type": "AWS::KMS::Key",
            "Properties": {"KeyPolicy": statement("kms:*", Principal={"AWS": f"arn:aws:iam::{PRODUCER}:root"})},
        }
    }
    key["Key"]["Properties"]["KeyPolicy"]["Statement"][0]["Resource"] = "*"
    world.accepts(PRODUCER, {**key, **database("demo_local_raw"), **inline("demo-job")})
    world.refuses(PRODUCER, database("other"), "glue:CreateDatabase", "database/other")
    world.refuses(PRODUCER, inline("other-job"), "iam:PutRolePolicy", "role/other-job")
