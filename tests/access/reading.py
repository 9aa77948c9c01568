"""Reads a directory of CloudFormation templates into the facts that the rules of sight speak of.

`<12-digit account>/<name>.json`, with `<name>.json.parameters.json`, or `<name>.parameters.json`, beside it where the template takes parameters. Only what the
generator writes is understood; anything else stops the run, so that a slip never passes for an answer.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REGION = "eu-central-1"

# A template and the account that it is deployed into.
Template = tuple[str, str, dict[str, Any], dict[str, str]]


@dataclass
class Grant:
    """An AWS::LakeFormation::PrincipalPermissions, its intrinsics resolved."""

    account: str
    """The account in whose template it stands: who makes the grant."""
    where: str
    principal: str
    resource: dict[str, Any]
    permissions: frozenset[str]
    grantable: frozenset[str]


@dataclass
class Filter:
    """An AWS::LakeFormation::DataCellsFilter."""

    rows: str | None
    """The row filter's expression; none for all rows."""
    include: list[str] | None
    exclude: list[str] | None


@dataclass
class Mesh:
    """Everything that the rules ask for. Catalogs are told by their account's id."""

    accounts: set[str] = field(default_factory=set)
    roles: set[str] = field(default_factory=set)
    databases: set[tuple[str, str]] = field(default_factory=set)
    tables: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    database_links: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    table_links: dict[tuple[str, str, str], tuple[str, str, str]] = field(default_factory=dict)
    database_tags: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    table_tags: dict[tuple[str, str, str], dict[str, str]] = field(default_factory=dict)
    column_tags: dict[tuple[str, str, str, str], dict[str, str]] = field(default_factory=dict)
    filters: dict[tuple[str, str, str, str], Filter] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)


def templates_in(directory: Path) -> list[Template]:
    """The templates of a directory: account, file name, body, parameters."""
    found: list[Template] = []
    for path in sorted(directory.rglob("*.json")):
        if path.name.endswith(".parameters.json"):
            continue
        account = next(part for part in reversed(path.relative_to(directory).parts[:-1]) if re.fullmatch(r"\d{12}", part))
        both = [path.with_name(path.name + ".parameters.json"), path.with_suffix(".parameters.json")]
        parameters = next((json.loads(beside.read_text()) for beside in both if beside.exists()), [])
        values = {one["ParameterKey"]: one["ParameterValue"] for one in parameters}
        found.append((account, path.name, json.loads(path.read_text()), values))
    return found


def read(templates: list[Template]) -> Mesh:
    """All facts of all templates."""
    mesh = Mesh()
    for account, name, template, parameters in templates:
        mesh.accounts.add(account)
        for logical_id, resource in template.get("Resources", {}).items():
            properties = resolve(resource.get("Properties", {}), account, template, parameters)
            add(mesh, account, f"{account}/{name}#{logical_id}", resource["Type"], properties)
    return mesh


def add(mesh: Mesh, account: str, where: str, kind: str, properties: dict[str, Any]) -> None:
    """Adds what one resource says."""
    if kind == "AWS::Glue::Database":
        described = properties["DatabaseInput"]
        key = (properties["CatalogId"], described["Name"])
        target = described.get("TargetDatabase")
        if target is None:
            mesh.databases.add(key)
        else:
            mesh.database_links[key] = (target["CatalogId"], target["DatabaseName"])
    elif kind == "AWS::Glue::Table":
        described = properties["TableInput"]
        table = (properties["CatalogId"], properties["DatabaseName"], described["Name"])
        target = described.get("TargetTable")
        if target is None:
            columns = described.get("StorageDescriptor", {}).get("Columns", []) + described.get("PartitionKeys", [])
            mesh.tables[table] = [column["Name"] for column in columns]
        else:
            mesh.table_links[table] = (target["CatalogId"], target["DatabaseName"], target["Name"])
    elif kind == "AWS::LakeFormation::TagAssociation":
        add_tags(mesh, properties)
    elif kind == "AWS::LakeFormation::DataCellsFilter":
        table_names = (properties["TableCatalogId"], properties["DatabaseName"], properties["TableName"])
        wildcard = properties.get("ColumnWildcard")
        mesh.filters[(*table_names, properties["Name"])] = Filter(
            rows=properties["RowFilter"].get("FilterExpression"),
            include=properties.get("ColumnNames"),
            exclude=None if wildcard is None else wildcard.get("ExcludedColumnNames", []),
        )
    elif kind == "AWS::LakeFormation::PrincipalPermissions":
        mesh.grants.append(
            Grant(
                account=account,
                where=where,
                principal=properties["Principal"]["DataLakePrincipalIdentifier"],
                resource=properties["Resource"],
                permissions=frozenset(properties["Permissions"]),
                grantable=frozenset(properties["PermissionsWithGrantOption"]),
            )
        )
    elif kind == "AWS::IAM::Role":
        mesh.roles.add(role_arn(account, properties))
    elif kind != "AWS::LakeFormation::Tag":
        raise ValueError(f"{where}: no rule for {kind}")


def add_tags(mesh: Mesh, properties: dict[str, Any]) -> None:
    """Adds one tag association. Keys and values are stored in lower case (Lake Formation guide, TBAC notes)."""
    (kind, resource), = properties["Resource"].items()
    for tag in properties["LFTags"]:
        key, (value,) = tag["TagKey"].lower(), tag["TagValues"]
        if kind == "Database":
            mesh.database_tags.setdefault((resource["CatalogId"], resource["Name"]), {})[key] = value.lower()
        elif kind == "Table":
            table = (resource["CatalogId"], resource["DatabaseName"], resource["Name"])
            mesh.table_tags.setdefault(table, {})[key] = value.lower()
        elif kind == "TableWithColumns":
            for name in resource["ColumnNames"]:
                column = (resource["CatalogId"], resource["DatabaseName"], resource["Name"], name)
                mesh.column_tags.setdefault(column, {})[key] = value.lower()
        else:
            raise ValueError(f"no rule for a tag on {kind}")


def role_arn(account: str, properties: dict[str, Any]) -> str:
    """A role's ARN, from its name and path."""
    return f"arn:aws:iam::{account}:role{properties.get('Path', '/')}{properties['RoleName']}"


def resolve(value: Any, account: str, template: dict[str, Any], parameters: dict[str, str]) -> Any:
    """A value without intrinsics."""

    def inner(one: Any) -> Any:
        return resolve(one, account, template, parameters)

    if isinstance(value, list):
        return [inner(one) for one in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"}:
        return reference(value["Ref"], account, template, parameters)
    if set(value) == {"Fn::GetAtt"}:
        logical_id, attribute = value["Fn::GetAtt"]
        return reference(f"{logical_id}.{attribute}", account, template, parameters)
    if set(value) == {"Fn::Sub"}:
        return re.sub(r"\$\{([^}]+)\}", lambda found: reference(found[1], account, template, parameters), value["Fn::Sub"])
    if set(value) == {"Fn::Join"}:
        separator, parts = value["Fn::Join"]
        return separator.join(inner(part) for part in parts)
    return {key: inner(one) for key, one in value.items()}


def reference(name: str, account: str, template: dict[str, Any], parameters: dict[str, str]) -> str:
    """What `Ref` or `Fn::GetAtt` (as `Id.Attribute`) gives."""
    pseudo = {"AWS::AccountId": account, "AWS::Region": REGION, "AWS::Partition": "aws"}
    if name in pseudo:
        return pseudo[name]
    if name in template.get("Parameters", {}):
        return parameters.get(name) or template["Parameters"][name]["Default"]
    logical_id, _, attribute = name.partition(".")
    resource = template["Resources"][logical_id]
    properties = resolve(resource["Properties"], account, template, parameters)
    answers = {
        ("AWS::Glue::Database", ""): lambda: properties["DatabaseInput"]["Name"],
        ("AWS::Glue::Table", ""): lambda: properties["TableInput"]["Name"],
        ("AWS::LakeFormation::Tag", ""): lambda: properties["TagKey"],
        ("AWS::IAM::Role", ""): lambda: properties["RoleName"],
        ("AWS::IAM::Role", "Arn"): lambda: role_arn(account, properties),
    }
    return answers[(resource["Type"], attribute)]()
