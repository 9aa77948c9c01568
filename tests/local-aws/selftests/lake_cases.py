"""Settings, tags, locations, associations, links."""

import copy

from . import lake
from .cases import case
from .world import CONSUMER, GOVERNANCE, PRODUCER, World, service_trust


def _without(resources: dict, *names: str) -> dict:
    """Without these resources and every DependsOn on them."""
    left = copy.deepcopy({name: body for name, body in resources.items() if name not in names})
    for body in left.values():
        after = body.get("DependsOn") or []
        body["DependsOn"] = [name for name in ([after] if isinstance(after, str) else after) if name in left]
    return left


def _with(resources: dict, name: str, **properties) -> dict:
    changed = copy.deepcopy(resources)
    changed[name]["Properties"].update(properties)
    return changed


@case
def a_second_settings_resource_is_refused(world: World):
    """One DataLakeSettings per account and region; a retained one may be taken over."""
    world.accepts(GOVERNANCE, {"Settings": lake.settings(GOVERNANCE)}, stack="first")
    world.refuses(GOVERNANCE, {"Other": lake.settings(GOVERNANCE)}, "already belong to Settings", "DataLakeSettings")
    world.accepts(PRODUCER, {"Settings": lake.settings(PRODUCER)})
    world.delete(GOVERNANCE, "first")
    world.accepts(GOVERNANCE, {"Other": lake.settings(GOVERNANCE)})


@case
def settings_append_and_check_principals(world: World):
    """An administrator that does not exist is refused; APPEND keeps those that are there."""
    ghost = f"arn:aws:iam::{GOVERNANCE}:role/demo-ghost"
    world.refuses(GOVERNANCE, {"Settings": lake.settings(GOVERNANCE, [ghost])}, "Invalid principal", ghost)
    world.accepts(GOVERNANCE, {"Settings": lake.settings(GOVERNANCE)}, stack="settings")
    other = f"arn:aws:iam::{GOVERNANCE}:role/demo-deploy"
    world.accepts(GOVERNANCE, {"Settings": lake.settings(GOVERNANCE, [other])}, stack="settings", kind="UPDATE")
    admins = world.role_client("lakeformation", GOVERNANCE, "demo-plan").get_data_lake_settings()["DataLakeSettings"][
        "DataLakeAdmins"
    ]
    assert len(admins) == 2, admins


@case
def tags_need_an_administrator(world: World):
    """An execution role that is no administrator makes no tag; a key that stands is refused."""
    resources = {"Settings": lake.settings(GOVERNANCE, []), "Tag": lake.tag("demo/sales", "orders")}
    world.refuses(GOVERNANCE, resources, "is no Lake Formation administrator", "demo/sales")
    world.accepts(GOVERNANCE, {"Settings": lake.settings(GOVERNANCE), "Tag": lake.tag("demo/sales", "orders")})
    again = lake.tag("demo/sales", "orders")
    del again["DependsOn"]
    world.refuses(GOVERNANCE, {"Tag": again}, "already exists", "demo/sales")
    too_long = lake.tag("demo/" + "x" * 50, "orders")
    del too_long["DependsOn"]
    world.refuses(GOVERNANCE, {"Tag": too_long}, "at most 50 characters")


@case
def a_location_needs_its_role(world: World):
    """A registered location needs a role that exists and trusts Lake Formation, once."""
    world.accepts(GOVERNANCE, {"Settings": lake.settings(GOVERNANCE), **lake.registration()})
    location = lake.registration()["Location"]
    location["Properties"]["RoleArn"] = f"arn:aws:iam::{GOVERNANCE}:role/demo/demo-register-sales"
    world.refuses(GOVERNANCE, {"Again": location}, "already registered")
    ghost = copy.deepcopy(location)
    ghost["Properties"].update(
        ResourceArn="arn:aws:s3:::acme-demo-sales-data/more", RoleArn=f"arn:aws:iam::{GOVERNANCE}:role/ghost"
    )
    world.refuses(GOVERNANCE, {"Ghost": ghost}, "role/ghost does not exist")
    ghost["Properties"]["RoleArn"] = f"arn:aws:iam::{GOVERNANCE}:role/demo-deploy"
    world.refuses(GOVERNANCE, {"Untrusting": ghost}, "lakeformation.amazonaws.com is unable to assume role")
    del ghost["Properties"]["RoleArn"]
    world.refuses(GOVERNANCE, {"Roleless": ghost}, "needs a RoleArn")


@case
def the_service_linked_role_stays_in_its_account(world: World):
    """A bucket of another account cannot be registered with the service-linked role."""
    world.accepts(
        PRODUCER, {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "acme-demo-sales-data"}}}
    )
    location = {
        "Type": lake.LF + "Resource",
        "Properties": {"ResourceArn": "arn:aws:s3:::acme-demo-sales-data/products", "UseServiceLinkedRole": True},
    }
    world.refuses(GOVERNANCE, {"Location": location}, "belongs to another account")
    world.accepts(PRODUCER, {"Location": location})


@case
def a_whole_publication_is_accepted_in_many_orders(world: World):
    """Eight seeds, eight legal orders, eight times complete."""
    for seed in range(8):
        world.set_up({"seed": seed})
        world.accepts(GOVERNANCE, lake.publication())


@case
def an_association_before_its_table_is_refused(world: World):
    """A missing DependsOn: with the table as late as its edges allow the association fails."""
    resources = lake.publication()
    resources["OnTable"]["DependsOn"] = ["TagClassification", "TagSales"]
    world.control("POST", "control", {"late": "Table"})
    world.refuses(GOVERNANCE, resources, "EntityNotFoundException", "demo_sales_orders")
    resources = lake.publication()
    resources["OnDatabase"]["DependsOn"] = ["TagSales"]
    world.control("POST", "control", {"late": "Database"})
    world.refuses(GOVERNANCE, resources, f"Database {lake.DATABASE} not found")
    world.accepts(GOVERNANCE, lake.publication())


@case
def an_association_before_its_tag_is_refused(world: World):
    """The same, with the association as early as its edges allow."""
    resources = lake.publication()
    resources["OnDatabase"]["DependsOn"] = ["Database"]
    world.control("POST", "control", {"early": "OnDatabase"})
    world.refuses(GOVERNANCE, resources, "LF-Tag key demo/sales does not exist")
    world.accepts(GOVERNANCE, lake.publication())


@case
def an_association_is_about_one_thing(world: World):
    """Unknown value or column, two targets, two values: refused, each by name."""
    world.accepts(GOVERNANCE, _without(lake.publication(), "OnDatabase", "OnTable", "OnOrderId", "OnDay", "OnCard"))
    wrong = {
        "LF-Tag value demo/sales=orderz": lake.association(lake.ON_DATABASE, "demo/sales", "orderz"),
        "LF-Tag key demo/salez": lake.association(lake.ON_DATABASE, "demo/salez", "orders"),
        "exactly one value per key": lake.association(lake.ON_DATABASE, "demo/sales", "orders", "returns"),
        "exactly one of its members": lake.association({"Catalog": {}, **lake.ON_DATABASE}, "demo/sales", "orders"),
        "Column order_no": lake.association(lake.on_table("order_no"), "demo/classification", "public"),
        f"Table {lake.DATABASE}.orderz not found": lake.association(
            lake.on_table(name="orderz"), "demo/classification", "public"
        ),
    }
    for text, resource in wrong.items():
        world.refuses(GOVERNANCE, {"Wrong": resource}, text)
    twice = lake.association(lake.ON_DATABASE, "demo/sales", "orders")
    twice["Properties"]["LFTags"] *= 2
    world.refuses(GOVERNANCE, {"Wrong": twice}, "exactly one value per key")
    world.accepts(GOVERNANCE, {"Right": lake.association(lake.ON_DATABASE, "demo/sales", "orders")})


@case
def associations_of_one_table_are_chained(world: World):
    """Two columns of one table with no path between them are refused; a chain is accepted."""
    resources = lake.publication()
    resources["OnCard"]["DependsOn"] = ["OnTable"]
    world.refuses(GOVERNANCE, resources, "ConcurrentModificationException", "OnCard")
    world.accepts(GOVERNANCE, lake.publication())


@case
def a_changed_association_is_deleted_then_created(world: World):
    """The change set says Replacement, the new value stands, and a rollback brings the old one back."""
    stack = "publication"
    world.accepts(GOVERNANCE, lake.publication(), stack=stack)
    changed = lake.publication()
    changed["OnCard"] = lake.association(lake.on_table("card_number"), "demo/classification", "internal", after="OnDay")
    broken = copy.deepcopy(changed)
    broken["Late"] = lake.association(lake.ON_DATABASE, "demo/sales", "nothing", after="OnCard")
    status, _ = world.deploy(GOVERNANCE, broken, stack=stack, kind="UPDATE")
    assert status == "UPDATE_ROLLBACK_COMPLETE", status
    assert _value(world, "card_number") == "confidential"
    client = world.role_client("cloudformation", GOVERNANCE)
    world.accepts(GOVERNANCE, changed, stack=stack, kind="UPDATE")
    assert _value(world, "card_number") == "internal"
    for change_set in client.list_change_sets(StackName=stack)["Summaries"][-1:]:
        changes = client.describe_change_set(StackName=stack, ChangeSetName=change_set["ChangeSetId"])["Changes"]
        assert [change["ResourceChange"].get("Replacement") for change in changes] == ["True"], changes


def _value(world: World, column: str) -> str | None:
    tags = world.role_client("lakeformation", GOVERNANCE, "demo-plan").get_resource_lf_tags(
        Resource=lake.on_table(column)
    )
    found = [
        tag["TagValues"][0] for tag in tags["LFTagsOnColumns"][0]["LFTags"] if tag["TagKey"] == "demo/classification"
    ]
    return found[0] if found else None


@case
def a_removed_tag_value_takes_access_silently(world: World):
    """AWS makes no check: the associations and grants of a removed value show nothing any more."""
    world.accepts(GOVERNANCE, lake.publication(), stack="publication")
    world.accepts(GOVERNANCE, lake.sharing())
    lakes = lambda: {item["account"]: item for item in world.control("GET", "lakeformation")}  # noqa: E731
    assert [grant["alive"] for grant in lakes()[GOVERNANCE]["grants"]] == [True, True]
    fewer = _with(_without(lake.publication(), "OnDatabase"), "TagSales", TagValues=["returns"])
    world.accepts(GOVERNANCE, fewer, stack="publication", kind="UPDATE")
    assert [grant["alive"] for grant in lakes()[GOVERNANCE]["grants"]] == [False, False]


@case
def a_link_needs_a_share(world: World):
    """A resource link to a database that is not shared is refused, and so is one before the share has arrived."""
    world.accepts(GOVERNANCE, lake.publication())
    world.accepts(CONSUMER, lake.workspace())
    world.refuses(CONSUMER, {"Link": lake.link()}, "is not shared with account")
    world.control("POST", "control", {"shareDelayMs": 700})
    world.accepts(GOVERNANCE, lake.sharing())
    world.refuses(CONSUMER, {"Link": lake.link()}, "has not arrived yet")
    world.control("POST", "control", {"shareDelayMs": 0})
    world.accepts(CONSUMER, lake.access())
    missing = lake.link()
    missing["Properties"]["DatabaseInput"]["TargetDatabase"]["DatabaseName"] = "demo_sales_ghost"
    world.refuses(CONSUMER, {"Link": missing}, "demo_sales_ghost")


@case
def a_database_is_made_in_its_own_catalog(world: World):
    """CatalogId of another account is refused."""
    foreign = lake.database()
    del foreign["DependsOn"]
    world.refuses(PRODUCER, {"Database": foreign}, "cannot be made in catalog")


@case
def a_renamed_database_is_replaced(world: World):
    """MiniStack fails here; AWS makes the new database first and drops the old one after."""
    resources = {"Settings": lake.settings(GOVERNANCE), "Database": lake.database("demo_old")}
    world.accepts(GOVERNANCE, resources, stack="renamed")
    world.accepts(GOVERNANCE, {**resources, "Database": lake.database("demo_new")}, stack="renamed", kind="UPDATE")
    names = [
        item["Name"] for item in world.role_client("glue", GOVERNANCE, "demo-plan").get_databases()["DatabaseList"]
    ]
    assert names == ["demo_new"], names


@case
def the_registration_role_trust_is_checked_at_once(world: World):
    """A registration role made in the same stack must be made before the location."""
    resources = {"Settings": lake.settings(GOVERNANCE), **lake.registration()}
    resources["Location"]["Properties"]["RoleArn"] = f"arn:aws:iam::{GOVERNANCE}:role/demo/demo-register-sales"
    world.control("POST", "control", {"late": "RegisterRole"})
    world.refuses(GOVERNANCE, resources, "demo-register-sales does not exist")
    resources["Location"]["DependsOn"] = "RegisterRole"
    resources["RegisterRole"]["Properties"]["AssumeRolePolicyDocument"] = service_trust("lakeformation")
    world.accepts(GOVERNANCE, resources)
