"""Templates of a small lake, whole and right; the cases break one thing at a time."""

from .world import CONSUMER, GOVERNANCE, PRODUCER, execution, service_trust, statement

LF = "AWS::LakeFormation::"
DATABASE = "demo_sales_orders"
ADMIN_ROLES = {account: execution(account) for account in (GOVERNANCE, PRODUCER, CONSUMER)}


def settings(account: str, admins: list[str] | None = None) -> dict:
    """The settings of an account, with the plan role as read-only administrator."""
    return {
        "Type": LF + "DataLakeSettings",
        "DeletionPolicy": "Retain",
        "Properties": {
            "MutationType": "APPEND",
            "Admins": [
                {"DataLakePrincipalIdentifier": arn}
                for arn in (admins if admins is not None else [ADMIN_ROLES[account]])
            ],
            "ReadOnlyAdmins": [{"DataLakePrincipalIdentifier": f"arn:aws:iam::{account}:role/demo-plan"}],
            "CreateDatabaseDefaultPermissions": [],
            "CreateTableDefaultPermissions": [],
        },
    }


def tag(key: str, *values: str) -> dict:
    """An LF-Tag."""
    return {"Type": LF + "Tag", "DependsOn": "Settings", "Properties": {"TagKey": key, "TagValues": list(values)}}


def registration() -> dict:
    """The registration role and the location."""
    return {
        "RegisterRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": "demo-register-sales",
                "Path": "/demo/",
                "AssumeRolePolicyDocument": service_trust("lakeformation"),
                "Policies": [{"PolicyName": "read", "PolicyDocument": statement(["s3:GetObject", "s3:ListBucket"])}],
            },
        },
        "Location": {
            "Type": LF + "Resource",
            "Properties": {
                "ResourceArn": "arn:aws:s3:::acme-demo-sales-data/products",
                "UseServiceLinkedRole": False,
                "RoleArn": {"Fn::GetAtt": ["RegisterRole", "Arn"]},
            },
        },
    }


def database(name: str = DATABASE) -> dict:
    """A database of the governance catalog."""
    return {
        "Type": "AWS::Glue::Database",
        "DependsOn": "Settings",
        "Properties": {"CatalogId": GOVERNANCE, "DatabaseInput": {"Name": name, "CreateTableDefaultPermissions": []}},
    }


def table(name: str = "orders", path: str = "products/orders") -> dict:
    """A table with a public and a confidential column."""
    return {
        "Type": "AWS::Glue::Table",
        "DependsOn": "Database",
        "Properties": {
            "CatalogId": GOVERNANCE,
            "DatabaseName": DATABASE,
            "TableInput": {
                "Name": name,
                "TableType": "EXTERNAL_TABLE",
                "PartitionKeys": [{"Name": "day", "Type": "date"}],
                "StorageDescriptor": {
                    "Location": f"s3://acme-demo-sales-data/{path}",
                    "Columns": [{"Name": "order_id", "Type": "string"}, {"Name": "card_number", "Type": "string"}],
                },
            },
        },
    }


def association(target: dict, key: str, *values: str, after: list[str] | str = ()) -> dict:
    """A tag association."""
    return {
        "Type": LF + "TagAssociation",
        "DependsOn": [after] if isinstance(after, str) else list(after),
        "Properties": {
            "Resource": target,
            "LFTags": [{"CatalogId": GOVERNANCE, "TagKey": key, "TagValues": list(values)}],
        },
    }


def on_table(column: str | None = None, name: str = "orders") -> dict:
    """The target of an association: the table, or one column."""
    body = {"CatalogId": GOVERNANCE, "DatabaseName": DATABASE, "Name": name}
    return {"TableWithColumns": {**body, "ColumnNames": [column]}} if column else {"Table": body}


ON_DATABASE = {"Database": {"CatalogId": GOVERNANCE, "Name": DATABASE}}


def publication() -> dict:
    """Settings, tags, location, database, table and associations, in an order that CloudFormation can see."""
    tags = ["TagClassification", "TagSales"]
    return {
        "Settings": settings(GOVERNANCE),
        "TagClassification": tag("demo/classification", "public", "internal", "confidential", "unclassified"),
        "TagSales": tag("demo/sales", "orders", "returns"),
        **registration(),
        "Database": database(),
        "Table": {**table(), "DependsOn": ["Database", "Location"]},
        "OnDatabase": association(ON_DATABASE, "demo/sales", "orders", after=["Database", *tags]),
        "OnTable": association(on_table(), "demo/classification", "unclassified", after=["Table", *tags]),
        "OnOrderId": association(on_table("order_id"), "demo/classification", "public", after="OnTable"),
        "OnDay": association(on_table("day"), "demo/classification", "public", after="OnOrderId"),
        "OnCard": association(on_table("card_number"), "demo/classification", "confidential", after="OnDay"),
    }


def expression(kind: str, *classifications: str, product: str = "orders") -> dict:
    """An LFTagPolicy resource in the governance catalog."""
    conditions = [{"TagKey": "demo/sales", "TagValues": [product]}]
    if kind == "TABLE":
        conditions.insert(
            0, {"TagKey": "demo/classification", "TagValues": list(classifications or ("public", "internal"))}
        )
    return {"LFTagPolicy": {"CatalogId": GOVERNANCE, "ResourceType": kind, "Expression": conditions}}


def grant(
    principal: str,
    resource: dict,
    permissions: list[str],
    grantable: list[str] | None = None,
    after: str | list[str] = (),
) -> dict:
    """A PrincipalPermissions resource."""
    return {
        "Type": LF + "PrincipalPermissions",
        "DependsOn": [after] if isinstance(after, str) else list(after),
        "Properties": {
            "Principal": {"DataLakePrincipalIdentifier": principal},
            "Resource": resource,
            "Permissions": permissions,
            "PermissionsWithGrantOption": permissions if grantable is None else grantable,
        },
    }


def sharing(account: str = CONSUMER) -> dict:
    """The grants of one subscription to an account."""
    return {
        "OnTables": grant(account, expression("TABLE"), ["DESCRIBE", "SELECT"]),
        "OnDatabases": grant(account, expression("DATABASE"), ["DESCRIBE"], after="OnTables"),
    }


def link(name: str = DATABASE) -> dict:
    """A resource link in the consumer's account."""
    return {
        "Type": "AWS::Glue::Database",
        "Properties": {
            "CatalogId": CONSUMER,
            "DatabaseInput": {
                "Name": name,
                "TargetDatabase": {"CatalogId": GOVERNANCE, "DatabaseName": DATABASE, "Region": "eu-west-1"},
            },
        },
    }


TOOL_ROLE = f"arn:aws:iam::{CONSUMER}:role/demo/demo-athena-marketing"


def workspace() -> dict:
    """The consumer's settings and its one tool role."""
    return {
        "Settings": settings(CONSUMER),
        "Athena": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": "demo-athena-marketing",
                "Path": "/demo/",
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": "sts:AssumeRole",
                            "Principal": {"AWS": f"arn:aws:iam::{CONSUMER}:root"},
                        }
                    ],
                },
                "Policies": [
                    {"PolicyName": "read", "PolicyDocument": statement(["glue:Get*", "lakeformation:GetDataAccess"])}
                ],
            },
        },
    }


def access() -> dict:
    """The link and the local grants."""
    local = {"Database": {"CatalogId": CONSUMER, "Name": DATABASE}}
    return {
        "Link": link(),
        "OnLink": grant(TOOL_ROLE, local, ["DESCRIBE"], [], after="Link"),
        "OnTables": grant(TOOL_ROLE, expression("TABLE"), ["DESCRIBE", "SELECT"], [], after="OnLink"),
        "OnDatabases": grant(TOOL_ROLE, expression("DATABASE"), ["DESCRIBE"], [], after="OnTables"),
    }
