"""QuickSight: a data set is made only when the role of its data source can read it."""

import json

from . import lake
from .cases import case
from .world import CONSUMER, GOVERNANCE, World, execution, service_trust, statement, trust

QS = "AWS::QuickSight::"
NAME = "demo-quicksight-marketing"
ROLE = f"arn:aws:iam::{CONSUMER}:role/demo/{NAME}"
SOURCE = f"arn:aws:quicksight:eu-west-1:{CONSUMER}:datasource/demo-marketing"
GROUP = f"arn:aws:quicksight:eu-west-1:{CONSUMER}:group/default/demo-marketing"
VIEW_SOURCE = ["quicksight:DescribeDataSource", "quicksight:DescribeDataSourcePermissions", "quicksight:PassDataSource"]
VIEW_SET = [
    "quicksight:DescribeDataSet",
    "quicksight:DescribeDataSetPermissions",
    "quicksight:DescribeIngestion",
    "quicksight:ListIngestions",
    "quicksight:PassDataSet",
]
READING = ["athena:*", "glue:Get*", "lakeformation:GetDataAccess"]


def role(trusted: dict | None = None, allowed: list[str] | None = None, **more) -> dict:
    """The role that QuickSight runs as."""
    policy = statement(READING if allowed is None else allowed)
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": NAME,
            "Path": "/demo/",
            "AssumeRolePolicyDocument": trusted or service_trust("quicksight"),
            "Policies": [{"PolicyName": "work", "PolicyDocument": policy}],
            **more,
        },
    }


WORKGROUP = {"Type": "AWS::Athena::WorkGroup", "Properties": {"Name": NAME}}


def workspace(made: dict | None = None) -> dict:
    """The consumer's settings, its role for QuickSight and the role's workgroup."""
    return {"Settings": lake.settings(CONSUMER), "Role": made or role(), "WorkGroup": WORKGROUP}


def source(role_arn: str = ROLE, workgroup: str = NAME, **more) -> dict:
    """The data source."""
    return {
        "Type": QS + "DataSource",
        "Properties": {
            "AwsAccountId": CONSUMER,
            "DataSourceId": "demo-marketing",
            "Name": "demo-marketing",
            "Type": "ATHENA",
            "DataSourceParameters": {"AthenaParameters": {"RoleArn": role_arn, "WorkGroup": workgroup}},
            "Permissions": [{"Principal": GROUP, "Actions": VIEW_SOURCE}],
            **more,
        },
    }


def data_set(*columns: str, after: str = "OnDatabases", table: dict | None = None, **more) -> dict:
    """A data set on the orders."""
    read = {
        "DataSourceArn": {"Fn::GetAtt": ["Source", "Arn"]},
        "Catalog": "AwsDataCatalog",
        "Schema": lake.DATABASE,
        "Name": "orders",
        "InputColumns": [{"Name": name, "Type": "STRING"} for name in columns or ("order_id", "day")],
        **(table or {}),
    }
    return {
        "Type": QS + "DataSet",
        "DependsOn": [after] if after else [],
        "Properties": {
            "AwsAccountId": CONSUMER,
            "DataSetId": "demo-marketing-orders",
            "Name": "orders",
            "ImportMode": "DIRECT_QUERY",
            "PhysicalTableMap": {"orders": {"RelationalTable": read}},
            "Permissions": [{"Principal": GROUP, "Actions": VIEW_SET}],
            **more,
        },
    }


def access(**more: dict) -> dict:
    """The link, the role's grants, the data source and what is given."""
    local = {"Database": {"CatalogId": CONSUMER, "Name": lake.DATABASE}}
    return {
        "Link": lake.link(),
        "OnLink": lake.grant(ROLE, local, ["DESCRIBE"], [], after="Link"),
        "OnTables": lake.grant(ROLE, lake.expression("TABLE"), ["DESCRIBE", "SELECT"], [], after="OnLink"),
        "OnDatabases": lake.grant(ROLE, lake.expression("DATABASE"), ["DESCRIBE"], [], after="OnTables"),
        "Source": source(),
        **more,
    }


def shared(world: World, made: dict | None = None) -> None:
    """Everything that stands before the consumer's access."""
    world.accepts(GOVERNANCE, lake.publication())
    world.accepts(GOVERNANCE, lake.sharing())
    world.accepts(CONSUMER, workspace(made))


@case
def a_data_set_shows_what_its_role_sees(world: World):
    """Visible columns, partition keys among them, are accepted; the summary still says `recorded`."""
    shared(world)
    schedule = {
        "Type": QS + "RefreshSchedule",
        "DependsOn": ["Set"],
        "Properties": {
            "AwsAccountId": CONSUMER,
            "DataSetId": "demo-marketing-orders",
            "Schedule": {
                "ScheduleId": "daily",
                "RefreshType": "FULL_REFRESH",
                "ScheduleFrequency": {"Interval": "DAILY", "TimeOfTheDay": "04:30"},
            },
        },
    }
    world.accepts(CONSUMER, access(Set=data_set()), stack="access")
    copied = data_set(ImportMode="SPICE")
    world.accepts(CONSUMER, access(Set=copied, Refresh=schedule), stack="access", kind="UPDATE")
    assert world.control("GET", "summary")[QS + "DataSet"] == {"count": 1, "kind": "recorded"}
    assert world.delete(CONSUMER, "access")[0] == "DELETE_COMPLETE"
    world.accepts(CONSUMER, access(Set=data_set()), stack="again")


@case
def a_hidden_column_refuses_the_data_set(world: World):
    """A column that the role's expression does not open, and one that is not there, are named; so is an update's."""
    shared(world)
    world.refuses(CONSUMER, access(Set=data_set("order_id", "card_number")), "cannot read card_number of", ROLE)
    world.refuses(CONSUMER, access(Set=data_set("order_number")), "cannot read order_number of")
    world.accepts(CONSUMER, access(Set=data_set("order_id")), stack="narrow")
    world.refuses(
        CONSUMER, access(Set=data_set("card_number")), "cannot read card_number of", stack="narrow", kind="UPDATE"
    )


@case
def a_data_set_comes_after_the_grants_of_its_role(world: World):
    """Made first, it is refused: without any grant, without the one on the link, without the one on the tables."""
    shared(world)
    world.control("POST", "control", {"early": "Set"})
    world.refuses(CONSUMER, access(Set=data_set(after="")), "database demo_sales_orders does not exist")
    world.refuses(CONSUMER, access(Set=data_set(after="Link")), "no DESCRIBE on the resource link")
    world.refuses(CONSUMER, access(Set=data_set(after="OnLink")), "cannot read order_id, day of")
    world.accepts(CONSUMER, access(Set=data_set(after="OnTables")))


@case
def the_grants_of_another_role_do_not_help(world: World):
    """The data source runs as its own role, whatever others of the account see."""
    shared(world)
    world.accepts(CONSUMER, {"Athena": lake.workspace()["Athena"]})
    others = {**lake.access(), "Source": source(), "Set": data_set()}
    world.refuses(CONSUMER, others, "no DESCRIBE on the resource link")


@case
def the_role_of_a_source_exists_and_is_passed(world: World):
    """A missing role, one that QuickSight may not assume, and one that the execution role may not pass are refused."""
    world.accepts(CONSUMER, {"WorkGroup": WORKGROUP})
    world.refuses(CONSUMER, {"Source": source()}, f"role {ROLE} does not exist")
    world.accepts(CONSUMER, {"Role": role(service_trust("glue"))}, stack="role")
    world.refuses(CONSUMER, {"Source": source()}, "quicksight.amazonaws.com is unable to assume role")
    conditional = trust({"Service": "quicksight.amazonaws.com"}, StringEquals={"aws:SourceAccount": CONSUMER})
    world.accepts(CONSUMER, {"Role": role(conditional)}, stack="role", kind="UPDATE")
    world.refuses(CONSUMER, {"Source": source()}, "only under a condition")
    world.accepts(CONSUMER, {"Role": role()}, stack="role", kind="UPDATE")
    world.accepts(CONSUMER, {"Source": source()}, stack="source")
    assert world.delete(CONSUMER, "source")[0] == "DELETE_COMPLETE"
    iam = world.administrator_client("iam", CONSUMER)
    iam.put_role_policy(
        RoleName=execution(CONSUMER).rpartition("/")[2],
        PolicyName="own",
        PolicyDocument=json.dumps(statement(["quicksight:*"])),
    )
    world.refuses(CONSUMER, {"Source": source()}, "iam:PassRole")


@case
def the_role_of_a_source_can_ask_athena(world: World):
    """No such workgroup, no right in it, a role without the catalog or the data: refused, with the missing right."""
    world.accepts(CONSUMER, {"Role": role(), "WorkGroup": WORKGROUP}, stack="role")
    world.refuses(CONSUMER, {"Source": source(workgroup="demo-other")}, "workgroup demo-other does not exist")
    for missing in ("athena:StartQueryExecution", "glue:GetTable", "lakeformation:GetDataAccess"):
        world.set_up()
        service = missing.split(":")[0]
        left = [action for action in READING if not action.startswith(service)]
        shared(world, role(allowed=left))
        world.refuses(CONSUMER, access(Set=data_set()), missing, ROLE.rpartition("/")[2])
    world.set_up()
    boundary = world.administrator_client("iam", CONSUMER).create_policy(
        PolicyName="narrow", PolicyDocument=json.dumps(statement(["athena:*"]))
    )["Policy"]["Arn"]
    shared(world, role(PermissionsBoundary=boundary))
    world.refuses(CONSUMER, access(Set=data_set()), "no permissions boundary allows the glue:GetTable action")


@case
def a_data_set_needs_its_source_and_its_table(world: World):
    """An unknown data source, an unknown table, and a data source that may not be used are refused."""
    shared(world)
    elsewhere = {"DataSourceArn": SOURCE.replace("demo-marketing", "demo-sales")}
    world.refuses(CONSUMER, access(Set=data_set(table=elsewhere)), "demo-sales does not exist")
    world.refuses(CONSUMER, access(Set=data_set(table={"Name": "returns"})), ".returns does not exist")
    other = {"Schema": "demo_sales_other"}
    world.refuses(CONSUMER, access(Set=data_set(table=other)), "demo_sales_other does not exist")
    iam = world.administrator_client("iam", CONSUMER)
    document = statement("*")
    document["Statement"].append({"Effect": "Deny", "Action": "quicksight:PassDataSource", "Resource": SOURCE})
    iam.put_role_policy(RoleName="demo-execution", PolicyName="own", PolicyDocument=json.dumps(document))
    world.refuses(CONSUMER, access(Set=data_set()), "quicksight:PassDataSource")


@case
def permissions_are_sets_of_viewers_or_owners(world: World):
    """A set of our own making, and a principal of another account, are refused; an owner's set is accepted."""
    shared(world)

    def by(principal: str, actions: list[str]) -> dict:
        return data_set(Permissions=[{"Principal": principal, "Actions": actions}])

    world.refuses(CONSUMER, access(Set=by(GROUP, VIEW_SET[:3])), "no set of a viewer or an owner")
    world.refuses(CONSUMER, access(Set=by(GROUP, [*VIEW_SET, "quicksight:*"])), "no set of a viewer or an owner")
    world.refuses(CONSUMER, access(Set=by(GROUP.replace(CONSUMER, GOVERNANCE), VIEW_SET)), "is no user, group")
    owner = [*VIEW_SET, "quicksight:UpdateDataSet", "quicksight:DeleteDataSet", "quicksight:CreateIngestion"]
    world.accepts(CONSUMER, access(Set=by(GROUP, owner)))


@case
def only_copies_are_refreshed(world: World):
    """A schedule without a data set, of a direct query, too often or without its day is refused."""
    shared(world)

    def schedule(data_set_id: str = "demo-marketing-orders", **frequency) -> dict:
        properties = {
            "AwsAccountId": CONSUMER,
            "DataSetId": data_set_id,
            "Schedule": {"ScheduleId": "own", "RefreshType": "FULL_REFRESH", "ScheduleFrequency": frequency},
        }
        return {"Type": QS + "RefreshSchedule", "DependsOn": ["Set"], "Properties": properties}

    hourly = schedule(Interval="HOURLY")
    world.refuses(CONSUMER, access(Set=data_set(), Refresh=hourly), "is no copy (SPICE)")
    copied = data_set(ImportMode="SPICE")
    other = schedule("demo-marketing-returns", Interval="HOURLY")
    world.refuses(CONSUMER, access(Set=copied, Refresh=other), "demo-marketing-returns does not exist")
    for frequency, text in (
        ({"Interval": "MINUTE15"}, "incremental"),
        ({"Interval": "DAILY"}, "TimeOfTheDay"),
        ({"Interval": "WEEKLY", "TimeOfTheDay": "04:00"}, "RefreshOnDay"),
    ):
        world.refuses(CONSUMER, access(Set=copied, Refresh=schedule(**frequency)), text)
    world.accepts(CONSUMER, access(Set=copied, Refresh=hourly))
