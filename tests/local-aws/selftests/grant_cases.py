"""Grants: what they need, who may make them, what may not cross an account border."""

import copy
import json

from . import lake
from .cases import case
from .world import CONSUMER, GOVERNANCE, PRODUCER, World, execution

NAMED_TABLE = {"Table": {"CatalogId": GOVERNANCE, "DatabaseName": lake.DATABASE, "Name": "orders"}}
NAMED_DATABASE = {"Database": {"CatalogId": GOVERNANCE, "Name": lake.DATABASE}}
OWN_ROLE = execution(GOVERNANCE)


def _one(principal: str, resource: dict, permissions: list[str], grantable: list[str] | None = None) -> dict:
    return {"Grant": lake.grant(principal, resource, permissions, grantable)}


def _published(world: World) -> None:
    world.accepts(GOVERNANCE, lake.publication())


@case
def a_grant_needs_a_principal_that_exists(world: World):
    """A grant to a missing role is refused; the whole ARN counts."""
    _published(world)
    ghost = f"arn:aws:iam::{GOVERNANCE}:role/demo/demo-execution"
    world.refuses(GOVERNANCE, _one(ghost, NAMED_DATABASE, ["DESCRIBE"], []), "Invalid principal", ghost)
    world.accepts(GOVERNANCE, _one(OWN_ROLE, NAMED_DATABASE, ["DESCRIBE"], []))


@case
def a_grant_needs_its_target(world: World):
    """Missing database, table or column, unknown tag key or value: refused by name."""
    _published(world)
    ghost_database = {"Database": {"CatalogId": GOVERNANCE, "Name": "demo_ghost"}}
    ghost_table = {"Table": {**NAMED_TABLE["Table"], "Name": "ghost"}}
    ghost_column = {"TableWithColumns": {**NAMED_TABLE["Table"], "ColumnNames": ["ghost"]}}
    world.refuses(GOVERNANCE, _one(OWN_ROLE, ghost_database, ["DESCRIBE"]), "Database demo_ghost not found")
    world.refuses(GOVERNANCE, _one(OWN_ROLE, ghost_table, ["SELECT"]), "Table demo_sales_orders.ghost not found")
    world.refuses(GOVERNANCE, _one(OWN_ROLE, ghost_column, ["SELECT"]), "has no column ghost")
    world.refuses(
        GOVERNANCE,
        _one(CONSUMER, lake.expression("TABLE", "secret"), ["SELECT"]),
        "demo/classification=secret does not exist",
    )
    world.refuses(
        GOVERNANCE, _one(CONSUMER, lake.expression("DATABASE", product="ghost"), ["DESCRIBE"]), "demo/sales=ghost"
    )
    unknown = copy.deepcopy(lake.expression("DATABASE"))
    unknown["LFTagPolicy"]["Expression"][0]["TagKey"] = "demo/ghost"
    world.refuses(GOVERNANCE, _one(CONSUMER, unknown, ["DESCRIBE"]), "LF-Tag key demo/ghost does not exist")
    right = {"TableWithColumns": {**NAMED_TABLE["Table"], "ColumnNames": ["order_id"]}}
    world.accepts(GOVERNANCE, _one(OWN_ROLE, right, ["SELECT"]))


@case
def a_grant_needs_a_registered_location(world: World):
    """A table outside every registered location cannot be granted, by name or by tag; nor an unregistered data location."""
    resources = lake.publication()
    resources["Table"] = {**lake.table(path="elsewhere/orders"), "DependsOn": ["Database", "Location"]}
    world.accepts(GOVERNANCE, resources, stack="publication")
    world.refuses(GOVERNANCE, _one(OWN_ROLE, NAMED_TABLE, ["SELECT"]), "elsewhere/orders", "is not registered")
    world.refuses(
        GOVERNANCE, _one(CONSUMER, lake.expression("TABLE"), ["SELECT"]), "elsewhere/orders", "is not registered"
    )
    data = {"DataLocation": {"CatalogId": GOVERNANCE, "ResourceArn": "arn:aws:s3:::acme-demo-sales-data/elsewhere"}}
    world.refuses(GOVERNANCE, _one(OWN_ROLE, data, ["DATA_LOCATION_ACCESS"], []), "elsewhere is not registered")
    world.accepts(GOVERNANCE, lake.publication(), stack="publication", kind="UPDATE")
    data["DataLocation"]["ResourceArn"] = "arn:aws:s3:::acme-demo-sales-data/products/orders"
    world.accepts(GOVERNANCE, _one(OWN_ROLE, data, ["DATA_LOCATION_ACCESS"], []))
    world.accepts(GOVERNANCE, _one(CONSUMER, lake.expression("TABLE"), ["SELECT"]))


@case
def permissions_fit_their_resource(world: World):
    """SELECT on a database, a grant option without the permission, two targets: refused."""
    _published(world)
    world.refuses(GOVERNANCE, _one(OWN_ROLE, NAMED_DATABASE, ["SELECT"]), "does not fit Database")
    world.refuses(GOVERNANCE, _one(OWN_ROLE, NAMED_TABLE, ["SELECT"], ["INSERT"]), "grant option for INSERT")
    world.refuses(
        GOVERNANCE, _one(OWN_ROLE, {**NAMED_TABLE, **NAMED_DATABASE}, ["DESCRIBE"]), "exactly one of its members"
    )
    world.accepts(GOVERNANCE, _one(OWN_ROLE, NAMED_TABLE, ["SELECT"]))


@case
def some_things_do_not_cross_accounts(world: World):
    """ALL or DROP on a database, and a tag grant without grant option, cannot go to another account."""
    _published(world)
    for permission in ("ALL", "DROP"):
        world.refuses(GOVERNANCE, _one(CONSUMER, NAMED_DATABASE, [permission]), permission, "external account")
        world.refuses(
            GOVERNANCE, _one(CONSUMER, lake.expression("DATABASE"), [permission]), permission, "external account"
        )
    for kind, permissions in (("DATABASE", ["DESCRIBE"]), ("TABLE", ["DESCRIBE", "SELECT"])):
        world.refuses(
            GOVERNANCE, _one(CONSUMER, lake.expression(kind), permissions, []), "needs the grant option", CONSUMER
        )
    world.accepts(GOVERNANCE, _one(OWN_ROLE, NAMED_DATABASE, ["DROP"]))
    world.accepts(GOVERNANCE, lake.sharing())


@case
def iam_allowed_principals_block_a_share(world: World):
    """A database made before the settings carries IAM_ALLOWED_PRINCIPALS and cannot be shared by name."""
    early = lake.database("demo_early")
    del early["DependsOn"]
    world.accepts(GOVERNANCE, {"Database": early})
    _published(world)
    resource = {"Database": {"CatalogId": GOVERNANCE, "Name": "demo_early"}}
    world.refuses(GOVERNANCE, _one(CONSUMER, resource, ["DESCRIBE"]), "IAM_ALLOWED_PRINCIPALS", "demo_early")
    world.accepts(GOVERNANCE, _one(CONSUMER, NAMED_DATABASE, ["DESCRIBE"]))


@case
def only_an_administrator_or_holder_grants(world: World):
    """An execution role that is no administrator grants nothing; with the grant option it does."""
    _published(world)
    world.accepts(CONSUMER, lake.workspace())
    iam = world.administrator_client("iam", GOVERNANCE)
    role = iam.get_role(RoleName="demo-execution")["Role"]
    iam.create_role(RoleName="other-execution", AssumeRolePolicyDocument=json.dumps(role["AssumeRolePolicyDocument"]))
    iam.put_role_policy(
        RoleName="other-execution",
        PolicyName="own",
        PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        ),
    )
    iam.put_role_policy(
        RoleName="demo-deploy",
        PolicyName="more",
        PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}]}
        ),
    )
    other = f"arn:aws:iam::{GOVERNANCE}:role/other-execution"
    plain = _one(f"arn:aws:iam::{GOVERNANCE}:role/demo-plan", NAMED_TABLE, ["SELECT"], [])
    world.refuses(GOVERNANCE, plain, other, "is neither a Lake Formation administrator", role=other)
    world.accepts(GOVERNANCE, _one(other, NAMED_TABLE, ["SELECT"]))
    world.accepts(GOVERNANCE, plain, role=other)


@case
def cascade_rule_one(world: World):
    """The subscriber re-grants only the identical expression that it holds with grant option."""
    _published(world)
    world.accepts(CONSUMER, lake.workspace())
    tool = lake.TOOL_ROLE
    world.refuses(CONSUMER, _one(tool, lake.expression("TABLE"), ["SELECT"], []), "does not hold SELECT", "identical")
    world.accepts(GOVERNANCE, lake.sharing())
    world.refuses(CONSUMER, _one(tool, lake.expression("TABLE", "public"), ["SELECT"], []), "identical")
    world.refuses(CONSUMER, _one(tool, lake.expression("TABLE"), ["INSERT"], []), "does not hold INSERT")
    world.refuses(CONSUMER, _one(PRODUCER, lake.expression("TABLE"), ["SELECT"]), "only to its own principals")
    reordered = lake.expression("TABLE")
    reordered["LFTagPolicy"]["Expression"].reverse()
    world.accepts(CONSUMER, _one(tool, reordered, ["SELECT"], []))


@case
def the_share_must_have_arrived(world: World):
    """A local grant before the share has arrived is refused."""
    _published(world)
    world.accepts(CONSUMER, lake.workspace())
    world.control("POST", "control", {"shareDelayMs": 60000})
    world.accepts(GOVERNANCE, lake.sharing())
    world.refuses(CONSUMER, lake.access(), "has not arrived yet")
    world.control("POST", "control", {"shareDelayMs": 0})
    world.accepts(CONSUMER, lake.access())


@case
def a_link_takes_only_describe(world: World):
    """SELECT or ALTER on a resource link is refused, DESCRIBE is not."""
    _published(world)
    world.accepts(GOVERNANCE, lake.sharing())
    world.accepts(CONSUMER, lake.workspace())
    resources = lake.access()
    resources["OnLink"]["Properties"]["Permissions"] = ["ALTER"]
    world.refuses(CONSUMER, resources, "only DESCRIBE and DROP")
    world.accepts(CONSUMER, lake.access())


@case
def one_identity_has_one_resource(world: World):
    """Two PrincipalPermissions of one principal and resource: AlreadyExists, whatever their permissions."""
    _published(world)
    twice = {
        "First": lake.grant(OWN_ROLE, NAMED_TABLE, ["SELECT"]),
        "Second": lake.grant(OWN_ROLE, NAMED_TABLE, ["DESCRIBE"], after="First"),
    }
    world.refuses(GOVERNANCE, twice, "AlreadyExists", "First")
    world.accepts(GOVERNANCE, {"First": twice["First"]})


@case
def grants_of_one_stack_are_chained(world: World):
    """Two grants with no path between them are refused, in any order; the chain is accepted."""
    _published(world)
    loose = lake.sharing()
    del loose["OnDatabases"]["DependsOn"]
    for seed in (1, 2, 3):
        world.control("POST", "control", {"seed": seed})
        world.refuses(GOVERNANCE, loose, "ConcurrentModificationException", "DependsOn")
    world.accepts(GOVERNANCE, lake.sharing())


@case
def grants_of_two_stacks_do_not_overlap(world: World):
    """Grant stacks of one account at the same time: one is refused; with grantsInFlight 2 both complete."""
    _published(world)

    def both():
        names = [world.deploy(GOVERNANCE, lake.sharing(account), wait=False) for account in (CONSUMER, PRODUCER)]
        return names, [world.ended(GOVERNANCE, name) for name in names]

    names, ends = both()
    assert any("ConcurrentModificationException" in reasons for _, reasons in ends), ends
    for name in names:
        world.delete(GOVERNANCE, name)
    world.control("POST", "control", {"grantsInFlight": 2})
    _, ends = both()
    assert [status for status, _ in ends] == ["CREATE_COMPLETE"] * 2, ends


@case
def a_changed_grant_is_deleted_then_created(world: World):
    """Other permissions on the same pair keep one grant; deleting the stack removes it."""
    _published(world)
    world.accepts(GOVERNANCE, _one(OWN_ROLE, NAMED_TABLE, ["SELECT"]), stack="grants")
    world.accepts(GOVERNANCE, _one(OWN_ROLE, NAMED_TABLE, ["DESCRIBE", "SELECT"]), stack="grants", kind="UPDATE")
    client = world.role_client("lakeformation", GOVERNANCE, "demo-plan")
    found = client.list_permissions(Resource=NAMED_TABLE)["PrincipalResourcePermissions"]
    assert [grant["Permissions"] for grant in found] == [["DESCRIBE", "SELECT"]], found
    assert world.delete(GOVERNANCE, "grants")[0] == "DELETE_COMPLETE"
    assert client.list_permissions(Resource=NAMED_TABLE)["PrincipalResourcePermissions"] == []


@case
def another_expression_is_another_grant(world: World):
    """The new expression stands before the old one goes, under two logical ids."""
    _published(world)
    old = {"Public": lake.grant(CONSUMER, lake.expression("TABLE", "public"), ["SELECT"])}
    new = {"Both": lake.grant(CONSUMER, lake.expression("TABLE", "public", "internal"), ["SELECT"])}
    world.accepts(GOVERNANCE, old, stack="grants")
    world.accepts(GOVERNANCE, new, stack="grants", kind="UPDATE")
    found = world.role_client("lakeformation", GOVERNANCE, "demo-plan").list_permissions(
        ResourceType="LF_TAG_POLICY_TABLE"
    )
    assert len(found["PrincipalResourcePermissions"]) == 1, found


@case
def a_surviving_revoke_is_visible(world: World):
    """A revoke that fails in the cleanup leaves UPDATE_COMPLETE, a DELETE_FAILED event and a live grant."""
    _published(world)
    world.accepts(GOVERNANCE, lake.sharing(), stack="sharing")
    world.control("POST", "control", {"fail": {"delete": {"OnDatabases": "ConcurrentModificationException"}}})
    left = {"OnTables": lake.sharing()["OnTables"]}
    status, reasons = world.deploy(GOVERNANCE, left, stack="sharing", kind="UPDATE")
    assert status == "UPDATE_COMPLETE" and "ConcurrentModificationException" in reasons, (status, reasons)
    events = world.role_client("cloudformation", GOVERNANCE).describe_stack_events(StackName="sharing")["StackEvents"]
    assert ("OnDatabases", "DELETE_FAILED") in [
        (event["LogicalResourceId"], event["ResourceStatus"]) for event in events
    ]
    grants = world.role_client("lakeformation", GOVERNANCE, "demo-plan").list_permissions()[
        "PrincipalResourcePermissions"
    ]
    assert len(grants) == 2, grants


@case
def the_local_grant_goes_before_the_accounts(world: World):
    """Revoking the account's grant first makes the local revoke fail; the other way round both go."""
    _published(world)
    world.accepts(CONSUMER, lake.workspace())
    for wrong_way in (True, False):
        world.accepts(GOVERNANCE, lake.sharing(), stack="sharing")
        world.accepts(CONSUMER, lake.access(), stack="access")
        if wrong_way:
            world.delete(GOVERNANCE, "sharing")
            status, reasons = world.delete(CONSUMER, "access")
            assert status == "DELETE_FAILED" and "No permissions revoked" in reasons, (status, reasons)
            world.accepts(GOVERNANCE, lake.sharing(), stack="sharing")
        assert world.delete(CONSUMER, "access")[0] == "DELETE_COMPLETE"
        assert world.delete(GOVERNANCE, "sharing")[0] == "DELETE_COMPLETE"
