"""The APIs that the launcher answers itself: Lake Formation, and Glue across accounts."""

import json

from . import lake
from .cases import case
from .world import CONSUMER, GOVERNANCE, PRODUCER, World, refused, statement

DATABASE_CALL = {"CatalogId": GOVERNANCE, "Name": lake.DATABASE}
TABLES_CALL = {"CatalogId": GOVERNANCE, "DatabaseName": lake.DATABASE}


def _shared(world: World) -> None:
    world.accepts(GOVERNANCE, lake.publication())
    world.accepts(CONSUMER, lake.workspace())
    world.accepts(GOVERNANCE, lake.sharing())


@case
def lake_formation_reads_need_an_administrator(world: World):
    """The plan role, a read-only administrator, reads tags and grants; the administrators' IAM rights alone do not."""
    world.accepts(GOVERNANCE, lake.publication())
    world.accepts(GOVERNANCE, lake.sharing())
    plan = world.role_client("lakeformation", GOVERNANCE, "demo-plan")
    other = world.administrator_client("lakeformation", GOVERNANCE)
    for call, arguments in (
        ("list_permissions", {}),
        ("get_resource_lf_tags", {"Resource": lake.on_table()}),
        ("get_lf_tag", {"TagKey": "demo/sales"}),
        ("list_lf_tags", {}),
    ):
        getattr(plan, call)(**arguments)
        refused(lambda: getattr(other, call)(**arguments), "AccessDeniedException", "read-only administrator")  # noqa: B023
    refused(lambda: plan.list_permissions(CatalogId=CONSUMER), "AccessDeniedException")
    refused(lambda: plan.get_lf_tag(TagKey="demo/ghost"), "EntityNotFoundException")
    assert plan.get_lf_tag(TagKey="demo/sales")["TagValues"] == ["orders", "returns"]
    assert plan.list_resources()["ResourceInfoList"][0]["RoleArn"].endswith("role/demo/demo-register-sales")
    refused(
        lambda: plan.describe_resource(ResourceArn="arn:aws:s3:::acme-demo-sales-data/products"),
        "lakeformation:DescribeResource",
    )


@case
def lake_formation_asks_iam(world: World):
    """Without lakeformation:* in its policy a role is refused before anything is read."""
    world.accepts(GOVERNANCE, lake.publication())
    refused(
        world.role_client("lakeformation", GOVERNANCE, "demo-deploy").get_data_lake_settings,
        "AccessDeniedException",
        "lakeformation:GetDataLakeSettings",
    )
    admins = world.role_client("lakeformation", GOVERNANCE, "demo-plan").get_data_lake_settings()["DataLakeSettings"]
    assert admins["CreateDatabaseDefaultPermissions"] == [] and len(admins["DataLakeAdmins"]) == 1, admins


@case
def lists_come_in_pages(world: World):
    """Ten entries a page; the token leads to the rest."""
    world.accepts(GOVERNANCE, lake.publication())
    columns = {
        f"Grant{number:02}": lake.grant(
            f"arn:aws:iam::{GOVERNANCE}:role/demo-execution",
            {"Database": {"CatalogId": GOVERNANCE, "Name": f"demo_many_{number}"}},
            ["DESCRIBE"],
            [],
            after=[f"Database{number}", *([f"Grant{number - 1:02}"] if number else [])],
        )
        for number in range(13)
    }
    databases = {}
    for number in range(13):
        databases[f"Database{number}"] = lake.database(f"demo_many_{number}")
        del databases[f"Database{number}"]["DependsOn"]
    world.accepts(GOVERNANCE, {**columns, **databases})
    client = world.role_client("lakeformation", GOVERNANCE, "demo-plan")
    first = client.list_permissions()
    second = client.list_permissions(NextToken=first["NextToken"])
    assert (len(first["PrincipalResourcePermissions"]), len(second["PrincipalResourcePermissions"])) == (10, 3)
    assert "NextToken" not in second
    glue = world.role_client("glue", GOVERNANCE, "demo-plan")
    assert len([item for page in glue.get_paginator("get_databases").paginate() for item in page["DatabaseList"]]) == 14


@case
def grants_over_the_wire_keep_the_rules(world: World):
    """GrantPermissions and RevokePermissions obey the same rules as the template."""
    _shared(world)
    iam = world.administrator_client("iam", GOVERNANCE)
    iam.put_role_policy(
        RoleName="demo-plan",
        PolicyName="more",
        PolicyDocument=json.dumps(
            statement(
                [
                    "lakeformation:GrantPermissions",
                    "lakeformation:RevokePermissions",
                    "lakeformation:PutDataLakeSettings",
                ]
            )
        ),
    )
    plan = world.role_client("lakeformation", GOVERNANCE, "demo-plan")
    request = {
        "Principal": {"DataLakePrincipalIdentifier": CONSUMER},
        "Resource": lake.ON_DATABASE,
        "Permissions": ["DESCRIBE"],
        "PermissionsWithGrantOption": ["DESCRIBE"],
    }
    refused(lambda: plan.grant_permissions(**request), "AccessDeniedException", "administrator")
    settings = plan.get_data_lake_settings()["DataLakeSettings"]
    settings["DataLakeAdmins"].append({"DataLakePrincipalIdentifier": f"arn:aws:iam::{GOVERNANCE}:role/demo-plan"})
    plan.put_data_lake_settings(DataLakeSettings=settings)
    refused(
        lambda: plan.grant_permissions(**{**request, "Permissions": ["DROP"], "PermissionsWithGrantOption": []}),
        "external account",
    )
    plan.grant_permissions(**request)
    assert len(plan.list_permissions(Resource=lake.ON_DATABASE)["PrincipalResourcePermissions"]) == 1
    plan.revoke_permissions(**request)
    refused(lambda: plan.revoke_permissions(**request), "No permissions revoked")


@case
def a_shared_database_appears_after_the_share(world: World):
    """The subscriber's plan role sees the governance database once the share has arrived, and only what is shared."""
    world.accepts(GOVERNANCE, lake.publication())
    world.accepts(CONSUMER, lake.workspace())
    plan = world.role_client("glue", CONSUMER, "demo-plan")
    refused(lambda: plan.get_database(**DATABASE_CALL), "EntityNotFoundException")
    world.control("POST", "control", {"shareDelayMs": 60000})
    world.accepts(GOVERNANCE, lake.sharing())
    refused(lambda: plan.get_database(**DATABASE_CALL), "EntityNotFoundException")
    world.control("POST", "control", {"shareDelayMs": 0})
    assert plan.get_database(**DATABASE_CALL)["Database"]["CatalogId"] == GOVERNANCE
    tables = plan.get_tables(**TABLES_CALL)["TableList"]
    assert [column["Name"] for column in tables[0]["StorageDescriptor"]["Columns"]] == ["order_id"], tables
    assert tables[0]["IsRegisteredWithLakeFormation"] is True
    assert plan.get_table(**TABLES_CALL, Name="orders")["Table"]["PartitionKeys"][0]["Name"] == "day"
    refused(lambda: plan.get_table(**TABLES_CALL, Name="ghost"), "EntityNotFoundException")
    refused(
        lambda: world.role_client("glue", PRODUCER, "demo-plan").get_database(**DATABASE_CALL),
        "EntityNotFoundException",
    )


@case
def a_shared_database_needs_an_administrator_or_a_grant(world: World):
    """Another role of the account sees nothing until the local grants stand."""
    _shared(world)
    tool = world.client("glue", _tool_session(world))
    refused(lambda: tool.get_database(**DATABASE_CALL), "AccessDeniedException", "Lake Formation")
    world.control("POST", "control", {"catalogNeedsAdmin": False})
    tool.get_database(**DATABASE_CALL)
    world.control("POST", "control", {"catalogNeedsAdmin": True})
    world.accepts(CONSUMER, lake.access())
    tool.get_database(**DATABASE_CALL)
    # The link leads to the tables behind it.
    assert tool.get_tables(DatabaseName=lake.DATABASE)["TableList"][0]["Name"] == "orders"


def _tool_session(world: World) -> dict:
    """The tool role trusts its account's root, so its administrator may assume it."""
    world.administrator_client("iam", CONSUMER)
    return world.assume(world.sessions["administrator", CONSUMER], lake.TOOL_ROLE)


@case
def glue_asks_iam_for_the_governance_arns(world: World):
    """glue:GetDatabase is needed on the catalog and the database of the governance account, not only on one's own."""
    _shared(world)
    world.accepts(CONSUMER, lake.access())
    iam = world.administrator_client("iam", CONSUMER)
    for account, allowed in ((CONSUMER, False), (GOVERNANCE, True)):
        prefix = f"arn:aws:glue:eu-west-1:{account}:"
        iam.put_role_policy(
            RoleName="demo-athena-marketing",
            PolicyName="read",
            PolicyDocument=json.dumps(
                statement(
                    "glue:Get*",
                    [prefix + "catalog", prefix + f"database/{lake.DATABASE}", prefix + f"table/{lake.DATABASE}/*"],
                )
            ),
        )
        tool = world.client("glue", _tool_session(world))
        if allowed:
            tool.get_tables(**TABLES_CALL)
        else:
            refused(lambda: tool.get_tables(**TABLES_CALL), "AccessDeniedException", GOVERNANCE)  # noqa: B023
