"""Crawlers: targets that do not go together, tables of other accounts, missing permissions; each refused and accepted."""

import copy
import json

import machines

from . import lake, pipeline
from .cases import case
from .world import CONSUMER, GOVERNANCE, PRODUCER, World, made_role, service_trust, statement

CRAWL = f"arn:aws:iam::{GOVERNANCE}:role/demo/demo-crawl-sales"
LOCATION = "arn:aws:s3:::acme-demo-sales-data/products"


def _crawl_role(world: World, account: str = GOVERNANCE) -> str:
    return made_role(world, account, "demo-crawl-sales", service_trust("glue"), statement("glue:*"), path="/demo/")


def _grants() -> dict:
    """What a crawler of one published table needs."""
    place = {"DataLocation": {"CatalogId": GOVERNANCE, "ResourceArn": LOCATION}}
    table = {"Table": {"CatalogId": GOVERNANCE, "DatabaseName": lake.DATABASE, "Name": "orders"}}
    return {
        "Place": lake.grant(CRAWL, place, ["DATA_LOCATION_ACCESS"], []),
        "OnDatabase": lake.grant(CRAWL, lake.ON_DATABASE, ["DESCRIBE"], [], after="Place"),
        "OnTable": lake.grant(CRAWL, table, ["ALTER", "DESCRIBE", "INSERT", "SELECT"], [], after="OnDatabase"),
    }


def _crawler(**more) -> dict:
    properties = {
        "Name": "demo.sales.orders.orders",
        "Role": "demo/demo-crawl-sales",
        "Targets": {"CatalogTargets": [{"DatabaseName": lake.DATABASE, "Tables": ["orders"]}]},
        "SchemaChangePolicy": {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "LOG"},
        "LakeFormationConfiguration": {"UseLakeFormationCredentials": True, "AccountId": GOVERNANCE},
        "Schedule": {"ScheduleExpression": "cron(15 4 * * ? *)"},
        "Configuration": json.dumps({"Version": 1.0}),
    }
    return {"Crawler": {"Type": "AWS::Glue::Crawler", "Properties": {**properties, **more}}}


def _without(resources: dict, name: str) -> dict:
    """Grants without one of them; what came after it comes after what it came after."""
    other = copy.deepcopy(resources)
    before = other.pop(name)["DependsOn"]
    for resource in other.values():
        if name in resource["DependsOn"]:
            resource["DependsOn"] = list(before)
    return other


@case
def a_crawler_of_a_published_table_is_accepted(world: World):
    """One catalog target with its grants, and each single thing wrong about its shape."""
    world.accepts(GOVERNANCE, lake.publication())
    _crawl_role(world)
    world.accepts(GOVERNANCE, _grants())
    s3 = [{"Path": "s3://acme-demo-sales-data/products/orders"}]
    catalog = {"DatabaseName": lake.DATABASE, "Tables": ["orders"]}
    for properties, texts in (
        ({"Targets": {"CatalogTargets": [catalog], "S3Targets": s3}}, ("can't mix in other source types", "S3Targets")),
        ({"Targets": {}}, ("has no target",)),
        ({"SchemaChangePolicy": {"DeleteBehavior": "DELETE_FROM_DATABASE"}}, ("only LOG DeleteBehavior",)),
        ({"SchemaChangePolicy": {}}, ("only LOG DeleteBehavior", "DEPRECATE_IN_DATABASE")),
        ({"Targets": {"CatalogTargets": [catalog, catalog]}}, ("one catalog target of one table",)),
        ({"Targets": {"CatalogTargets": [{**catalog, "Tables": ["ghost"]}]}}, ("ghost", "does not exist")),
        ({"Targets": {"CatalogTargets": [{**catalog, "DatabaseName": "ghost"}]}}, ("ghost", "not in catalog")),
        ({"LakeFormationConfiguration": {"AccountId": PRODUCER}}, ("AccountId", PRODUCER)),
        ({"Schedule": {"ScheduleExpression": "cron(15 4 * *)"}}, ("invalid schedule expression", "six fields")),
        ({"Schedule": {"ScheduleExpression": "rate(1 day)"}}, ("invalid schedule expression",)),
        ({"Configuration": "{"}, ("is no JSON",)),
        ({"RecrawlPolicy": {"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"}}, ("Crawl new folders only",)),
        ({"Role": "demo-crawl-sales"}, ("name it demo/demo-crawl-sales or by its ARN",)),
        ({"Role": "demo/demo-ghost"}, ("demo-ghost", "does not exist")),
    ):
        world.refuses(GOVERNANCE, _crawler(**properties), *texts)
    world.accepts(GOVERNANCE, _crawler(), stack="crawler")
    world.accepts(GOVERNANCE, _crawler(Role=CRAWL), stack="crawler", kind="UPDATE")


@case
def a_crawler_needs_its_lake_permissions(world: World):
    """Each missing grant is refused; a tag grant is not a named one."""
    world.accepts(GOVERNANCE, lake.publication())
    _crawl_role(world)
    for missing, text in (
        ("Place", "DATA_LOCATION_ACCESS"),
        ("OnDatabase", "DESCRIBE on database"),
        ("OnTable", "named ALTER, DESCRIBE, INSERT, SELECT on table"),
    ):
        world.accepts(GOVERNANCE, _without(_grants(), missing), stack=f"without-{missing}")
        world.refuses(GOVERNANCE, _crawler(), "Insufficient Lake Formation permission", CRAWL, text)
        world.delete(GOVERNANCE, f"without-{missing}")
    tagged = _grants()
    tagged["OnTable"] = lake.grant(
        CRAWL,
        lake.expression("TABLE", "public", "internal", "confidential", "unclassified"),
        ["ALTER", "DESCRIBE", "INSERT", "SELECT"],
        [],
        after="OnDatabase",
    )
    world.accepts(GOVERNANCE, tagged, stack="tagged")
    world.refuses(GOVERNANCE, _crawler(), "named ALTER")


@case
def a_crawler_does_not_cross_accounts(world: World):
    """A catalog target behind a resource link, and an output database that is a link, are refused."""
    world.accepts(GOVERNANCE, lake.publication())
    world.accepts(CONSUMER, lake.workspace())
    world.accepts(GOVERNANCE, lake.sharing())
    world.accepts(CONSUMER, lake.access())
    _crawl_role(world, CONSUMER)
    world.refuses(CONSUMER, _crawler(LakeFormationConfiguration={}), "same account", "resource link", GOVERNANCE)
    targets = {"S3Targets": [{"Path": "s3://acme-demo-marketing-data/raw"}]}
    other = _crawler(Targets=targets, DatabaseName=lake.DATABASE, LakeFormationConfiguration={})
    world.refuses(CONSUMER, other, "is a resource link")


@case
def a_crawler_of_raw_files_writes_to_its_own_database(world: World):
    """An S3 target needs CREATE_TABLE on a local database, and the location when it is registered."""
    role = _crawl_role(world, PRODUCER)
    raw = {
        "Type": "AWS::Glue::Database",
        "DependsOn": "Settings",
        "Properties": {"CatalogId": PRODUCER, "DatabaseInput": {"Name": "demo_sales_raw"}},
    }
    world.accepts(PRODUCER, {"Settings": lake.settings(PRODUCER), "Raw": raw})
    crawler = _crawler(
        Targets={"S3Targets": [{"Path": "s3://acme-demo-sales-data/raw/orders"}]},
        DatabaseName="demo_sales_raw",
        LakeFormationConfiguration={},
    )
    on_raw = {"Database": {"CatalogId": PRODUCER, "Name": "demo_sales_raw"}}
    world.refuses(PRODUCER, crawler, "CREATE_TABLE on database demo_sales_raw")
    world.accepts(PRODUCER, {"Grant": lake.grant(role, on_raw, ["CREATE_TABLE", "DESCRIBE"], [])})
    ghost = copy.deepcopy(crawler)
    ghost["Crawler"]["Properties"]["DatabaseName"] = "demo_ghost"
    world.refuses(PRODUCER, ghost, "demo_ghost", "not in catalog")
    uses = copy.deepcopy(crawler)
    uses["Crawler"]["Properties"]["LakeFormationConfiguration"] = {"UseLakeFormationCredentials": True}
    world.refuses(PRODUCER, uses, "s3://acme-demo-sales-data/raw/orders is not registered")
    world.accepts(PRODUCER, crawler)


@case
def crawls_are_told_to_the_default_bus(world: World):
    """StartCrawler in a machine, its end by GetCrawler and by an event, and the status that the control says."""
    world.accepts(GOVERNANCE, lake.publication())
    _crawl_role(world)
    world.accepts(GOVERNANCE, _grants())
    world.accepts(GOVERNANCE, _crawler())
    name = "demo.sales.orders.orders"
    machine = pipeline.machine(
        {
            "Crawl": pipeline.task("aws-sdk:glue:startCrawler", {"Name": name}, Next="Wait"),
            "Wait": {"Type": "Wait", "Seconds": 40, "Next": "Look"},
            "Look": pipeline.task("aws-sdk:glue:getCrawler", {"Name": name}),
        }
    )
    role = made_role(world, GOVERNANCE, "demo-machine", service_trust("states"), statement("glue:*"))
    machine["Properties"]["RoleArn"] = role
    rule = {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "EventPattern": {"source": ["aws.glue"], "detail-type": ["Glue Crawler State Change"]},
            "Targets": [{"Id": "nobody", "Arn": f"arn:aws:sns:eu-west-1:{GOVERNANCE}:nobody"}],
        },
    }
    world.accepts(GOVERNANCE, {"Machine": machine, "Rule": rule})
    arn = pipeline.MACHINE.replace(CONSUMER, GOVERNANCE)
    client = world.administrator_client("stepfunctions", GOVERNANCE)
    run = machines.run(client, arn)
    assert run["output"]["Crawler"]["State"] == "READY", run
    assert run["output"]["Crawler"]["LastCrawl"]["Status"] == "SUCCEEDED", run
    told = [json.loads(item["event"]["detail"]) for item in world.control("GET", "deliveries")]
    assert [(item["crawlerName"], item["state"]) for item in told] == [(name, "Started"), (name, "Succeeded")], told
    world.control("POST", "control", {"crawlers": {name: "FAILED"}})
    assert machines.run(client, arn)["output"]["Crawler"]["LastCrawl"]["Status"] == "FAILED"
    world.control("DELETE", "deliveries")
    world.administrator_client("glue", GOVERNANCE).start_crawler(Name=name)
    assert "Started" in world.control("GET", "deliveries")[0]["event"]["detail"]
    world.administrator_client("iam", GOVERNANCE).put_role_policy(
        RoleName="demo-machine", PolicyName="own", PolicyDocument=json.dumps(statement("glue:GetCrawler"))
    )
    run = machines.run(client, arn)
    assert (run["error"], run["states"][0]["attempts"]) == ("Glue.AccessDeniedException", 1), run
