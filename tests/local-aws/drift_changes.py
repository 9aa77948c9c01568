"""Changes the demo behind meshform's back: `python drift_changes.py ENDPOINT KEYS_JSON`. Ends with `changed`.

What `meshform drift` must tell afterwards stands in tests/it/drift.rs.
"""

import json
import sys

from machine_cases import Local

GOVERNANCE, SALES, ANALYSTS = "111111111111", "444444444444", "777777777777"
DATABASE = "demo_sales_sales_analytics"


def administer(local: Local, account: str) -> object:
    """A client of Lake Formation that may grant: its role is made an administrator, which is a change of its own."""
    client = local.client("lakeformation", account)
    settings = client.get_data_lake_settings()["DataLakeSettings"]
    role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    settings["DataLakeAdmins"].append({"DataLakePrincipalIdentifier": role})
    client.put_data_lake_settings(DataLakeSettings=settings)
    return client


def main(endpoint: str, keys: str) -> None:
    local = Local(endpoint, json.loads(keys))
    # a column that nobody declared
    glue = local.client("glue", GOVERNANCE)
    table = glue.get_table(DatabaseName=DATABASE, Name="orders")["Table"]
    known = ("Name", "TableType", "Parameters", "StorageDescriptor", "PartitionKeys")
    table = {key: table[key] for key in known if key in table}
    table["StorageDescriptor"]["Columns"].append({"Name": "coupon", "Type": "string"})
    table.setdefault("Parameters", {})["UpdatedByCrawler"] = "demo.sales.sales-analytics.orders"
    glue.update_table(DatabaseName=DATABASE, TableInput=table)
    # a bucket of the storage stack
    s3 = local.client("s3", SALES)
    s3.put_bucket_versioning(Bucket=next(it["Name"] for it in s3.list_buckets()["Buckets"] if "sales-data" in it["Name"]), VersioningConfiguration={"Status": "Suspended"})
    # a grant too many
    administer(local, GOVERNANCE).grant_permissions(
        Principal={"DataLakePrincipalIdentifier": f"arn:aws:iam::{GOVERNANCE}:role/demo/demo-crawl-marketing"},
        Resource={"Database": {"Name": DATABASE}},
        Permissions=["DESCRIBE"],
    )
    # and one too few
    client = administer(local, ANALYSTS)
    pages, token = [], {}
    while True:
        answer = client.list_permissions(**token)
        pages += answer["PrincipalResourcePermissions"]
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    gone = next(
        grant
        for grant in pages
        if grant["Resource"].get("LFTagPolicy", {}).get("ResourceType") == "TABLE"
        and grant["Principal"]["DataLakePrincipalIdentifier"].endswith("demo-athena-business-analysts")
    )
    client.revoke_permissions(
        Principal=gone["Principal"], Resource=gone["Resource"], Permissions=gone["Permissions"]
    )
    print("changed")


if __name__ == "__main__":
    main(*sys.argv[1:])
