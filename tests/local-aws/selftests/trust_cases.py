"""Who may come in: root keys, signatures, external ids, the organization, paths."""

import time

from .cases import case
from .world import (
    EXTERNAL_ID,
    GOVERNANCE,
    ORGANIZATION,
    PRODUCER,
    World,
    made_role,
    refused,
    statement,
    trust,
)

DEPLOY = f"arn:aws:iam::{PRODUCER}:role/demo-deploy"


@case
def root_keys_are_refused_once_locked(world: World):
    """Twelve-digit keys, `test` and unsigned calls are refused; an assumed role is not."""
    for key in (PRODUCER, "test"):
        client = world.client("iam", {"accessKeyId": key, "secretAccessKey": "x"})
        refused(client.list_roles, "InvalidClientTokenId")
    world.administrator_client("iam", PRODUCER).list_roles()
    world.control("POST", "unlock")
    world.client("iam", {"accessKeyId": PRODUCER, "secretAccessKey": "x"}).list_roles()
    world.control("POST", "lock")


@case
def a_wrong_secret_is_refused(world: World):
    """A signature with another secret is SignatureDoesNotMatch, also for Lake Formation and Glue."""
    key = world.assume(world.deployer, DEPLOY, ExternalId=EXTERNAL_ID)
    for service, call in (
        ("cloudformation", "describe_stacks"),
        ("lakeformation", "get_data_lake_settings"),
        ("glue", "get_databases"),
    ):
        refused(getattr(world.client(service, {**key, "secretAccessKey": "wrong"}), call), "Signature")
    world.client("cloudformation", key).describe_stacks()


@case
def the_external_id_is_needed(world: World):
    """No external id, or a wrong one: AccessDenied; the right one: a session."""
    refused(lambda: world.assume(world.deployer, DEPLOY), "AccessDenied", DEPLOY)
    refused(lambda: world.assume(world.deployer, DEPLOY, ExternalId="other-mesh"), "AccessDenied", DEPLOY)
    world.assume(world.deployer, DEPLOY, ExternalId=EXTERNAL_ID)


@case
def the_organization_is_needed(world: World):
    """The outsider is refused although a trust policy names its account's root; aws:PrincipalOrgID decides."""
    account = {"AWS": f"arn:aws:iam::{world.outsider['account']}:root"}
    outside = made_role(
        world, PRODUCER, "for-outsider", trust(account, StringEquals={"aws:PrincipalOrgID": ORGANIZATION})
    )
    refused(lambda: world.assume(world.outsider, outside), "AccessDenied")
    open_role = made_role(world, PRODUCER, "for-anybody", trust(account))
    world.assume(world.outsider, open_role)
    refused(lambda: world.assume(world.outsider, DEPLOY, ExternalId=EXTERNAL_ID), "AccessDenied")


@case
def principal_arn_is_the_role(world: World):
    """aws:PrincipalArn of a session is the ARN of its role, path included."""
    root = {"AWS": f"arn:aws:iam::{GOVERNANCE}:root"}
    tool = made_role(world, GOVERNANCE, "tool", trust(root), statement("sts:AssumeRole"), path="/demo/")
    exact = made_role(world, PRODUCER, "exact", trust(root, ArnEquals={"aws:PrincipalArn": tool}))
    other = made_role(
        world, PRODUCER, "other", trust(root, ArnLike={"aws:PrincipalArn": f"arn:aws:iam::{GOVERNANCE}:role/demo/x*"})
    )
    session = world.assume(world.deployer, tool)
    world.assume(session, exact)
    refused(lambda: world.assume(session, other), "AccessDenied")
    refused(lambda: world.assume(world.deployer, exact), "AccessDenied")


@case
def a_role_arn_needs_its_path(world: World):
    """A role under /demo/ cannot be assumed by its name alone."""
    arn = made_role(world, PRODUCER, "pathed", trust({"AWS": f"arn:aws:iam::{GOVERNANCE}:root"}), path="/demo/")
    refused(lambda: world.assume(world.deployer, arn.replace("/demo", "")), "AccessDenied")
    world.assume(world.deployer, arn)


@case
def the_deploy_role_has_only_its_own_rights(world: World):
    """The deploy role may neither list buckets nor make roles."""
    refused(world.role_client("s3", PRODUCER).list_buckets, "AccessDenied")
    refused(world.role_client("iam", PRODUCER).list_roles, "AccessDenied")
    world.role_client("cloudformation", PRODUCER).describe_stacks()


@case
def an_expired_session_is_refused(world: World):
    """A session of one second is ExpiredToken after it."""
    key = world.assume(world.deployer, DEPLOY, ExternalId=EXTERNAL_ID, DurationSeconds=1)
    time.sleep(1.1)
    refused(world.client("cloudformation", key).describe_stacks, "ExpiredToken")
