"""Random small meshes as CloudFormation templates. Equal seeds give equal templates.

Most of what is written is nearly right: a chain that holds, with one link of it moved. That is where two evaluators
disagree.

    python3 generator.py SEED DIRECTORY
"""

from __future__ import annotations

import json
import random
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reading import Template

ACCOUNTS = ["111111111111", "222222222222", "333333333333", "444444444444"]
OUTSIDER = "999999999999"
"""An account of which no template is written."""
TAGS = {"Domain": ["Sales", "hr", "ops"], "sensitivity": ["public", "internal", "PII"], "stage": ["dev", "Prod"]}
DATABASES = ["lake", "mart", "raw"]
TABLES = ["orders", "customers", "events", "visits"]
COLUMNS = ["id", "email", "region", "amount", "note", "score"]
PARTITIONS = ["day", "hour"]
ROWS = ["region = 'eu'", "region = 'us'", "amount > 10"]
TABLE_PERMISSIONS = ["SELECT", "DESCRIBE", "INSERT", "ALTER", "DROP", "DELETE"]

Properties = dict[str, Any]


@dataclass
class Table:
    """A table, with what the generator needs to aim at it."""

    catalog: str
    database: str
    name: str
    columns: list[str]
    tags: dict[str, str] = field(default_factory=dict)
    """Its effective tags."""
    column_tags: dict[str, dict[str, str]] = field(default_factory=dict)
    """The effective tags of each column."""


class Writer:
    """Templates in the making, and the references between their resources."""

    def __init__(self, chance: random.Random):
        self.chance = chance
        self.templates: dict[tuple[str, str], dict[str, Any]] = {}
        self.parameters: dict[tuple[str, str], dict[str, str]] = {}
        self.made: dict[tuple[tuple[str, str], str, str], str] = {}

    def template(self, account: str) -> tuple[str, str]:
        """One of an account's two templates."""
        key = (account, self.chance.choice(["base", "more"]))
        self.templates.setdefault(key, {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {}})
        return key

    def add(self, key: tuple[str, str], kind: str, properties: Properties, name: str = "") -> None:
        resources = self.templates[key]["Resources"]
        logical_id = f"{kind.split('::')[-1]}{len(resources):02}"
        resources[logical_id] = {"Type": kind, "Properties": properties}
        if name:
            self.made[(key, kind, name)] = logical_id

    def account_id(self, key: tuple[str, str], account: str) -> Any:
        """An account's id, as a template may write it."""
        way = self.chance.random()
        if account == key[0] and way < 0.25:
            return {"Ref": "AWS::AccountId"}
        if account == key[0] and way < 0.3:
            return {"Fn::Sub": "${AWS::AccountId}"}
        if way > 0.93:
            return {"Ref": self.parameter(key, f"Account{account[0]}", account)}
        return account

    def parameter(self, key: tuple[str, str], name: str, value: str) -> str:
        """A parameter with a value: its default, or the file beside the template, which wins."""
        declared = self.templates[key].setdefault("Parameters", {})
        if name not in declared:
            declared[name] = {"Type": "String"}
            if self.chance.random() < 0.5:
                declared[name]["Default"] = value
            else:
                declared[name]["Default"] = OUTSIDER
                self.parameters.setdefault(key, {})[name] = value
        return name

    def name(self, key: tuple[str, str], kind: str, catalog: str, name: str, full_name: str = "") -> Any:
        """A database's, a table's or a tag's name: a reference where its resource is in the same template, now and then."""
        logical_id = self.made.get((key, kind, f"{catalog}/{full_name or name}"))
        if logical_id is not None and self.chance.random() < 0.5:
            return {"Ref": logical_id} if self.chance.random() < 0.8 else {"Fn::Sub": f"${{{logical_id}}}"}
        return name

    def written(self) -> list[Template]:
        """The templates, as reading.templates_in reads them."""
        return [
            (account, f"{name}.json", template, self.parameters.get((account, name), {}))
            for (account, name), template in sorted(self.templates.items())
        ]


class Generator:
    """One mesh."""

    def __init__(self, seed: int):
        self.chance = random.Random(seed)
        self.writer = Writer(self.chance)
        self.accounts = ACCOUNTS[: self.chance.choice([2, 2, 3, 3, 4])]
        self.owners = self.accounts[: 2 if self.chance.random() < 0.2 else 1]
        self.tags = {key: TAGS[key] for key in self.chance.sample(sorted(TAGS), self.chance.choice([2, 2, 3]))}
        self.databases: dict[tuple[str, str], dict[str, str]] = {}
        self.tables: list[Table] = []
        self.filters: dict[tuple[str, str, str], list[str]] = {}
        self.roles: dict[str, list[str]] = {}
        self.links: set[tuple[str, str]] = set()
        self.linked: set[tuple[str, str, str, str]] = set()

    def maybe(self, probability: float) -> bool:
        return self.chance.random() < probability

    def mesh(self) -> list[Template]:
        for account in self.accounts:
            self.writer.template(account)
        for owner in self.owners:
            for key in sorted(self.tags):
                template = self.writer.template(owner)
                properties = {"CatalogId": owner, "TagKey": key, "TagValues": self.tags[key]}
                self.writer.add(template, "AWS::LakeFormation::Tag", properties, f"{owner}/{key}")
            self.add_databases(owner)
        for account in self.accounts:
            self.add_roles(account)
        for _ in range(self.chance.randint(2, 6)):
            self.add_subscription()
        return self.writer.written()

    # Catalogs

    def add_databases(self, owner: str) -> None:
        names = self.chance.sample(DATABASES, self.chance.choice([1, 1, 2, 3]) if owner == self.owners[0] else 1)
        for name in names:
            template = self.writer.template(owner)
            properties = {"CatalogId": self.writer.account_id(template, owner), "DatabaseInput": {"Name": name}}
            self.writer.add(template, "AWS::Glue::Database", properties, f"{owner}/{name}")
            tags = self.own_tags({}, 0.7)
            self.databases[(owner, name)] = tags
            for key, value in tags.items():
                template = self.writer.template(owner)
                database = {"CatalogId": self.writer.account_id(template, owner), "Name": self.database_name(template, owner, name)}
                self.add_tag(template, owner, {"Database": database}, key, value)
        for _ in range(self.chance.randint(1, 4)):
            self.add_table(owner, self.chance.choice(names))

    def add_table(self, owner: str, database: str) -> None:
        taken = {table.name for table in self.tables if (table.catalog, table.database) == (owner, database)}
        name = self.chance.choice(sorted(set(TABLES) - taken))
        columns = self.chance.sample(COLUMNS, self.chance.choice([0, 1, 2, 2, 3, 3, 4, 5]))
        partitions = self.chance.sample(PARTITIONS, self.chance.choice([0, 0, 0, 1, 2]) if columns else self.chance.choice([0, 1]))
        template = self.writer.template(owner)
        properties = {
            "CatalogId": self.writer.account_id(template, owner),
            "DatabaseName": self.database_name(template, owner, database),
            "TableInput": {
                "Name": name,
                "PartitionKeys": [{"Name": each, "Type": "string"} for each in partitions],
                "StorageDescriptor": {"Columns": [{"Name": each, "Type": "string"} for each in columns]},
            },
        }
        self.writer.add(template, "AWS::Glue::Table", properties, f"{owner}/{database}/{name}")
        inherited = self.databases[(owner, database)]
        own = self.own_tags(inherited, 0.35)
        table = Table(owner, database, name, columns + partitions, {**inherited, **own})
        self.tables.append(table)
        for key, value in own.items():
            self.add_tag_of(table, None, key, value)
        for column in table.columns:
            of_column = self.own_tags(table.tags, 0.25)
            table.column_tags[column] = {**table.tags, **of_column}
            for key, value in of_column.items():
                self.add_tag_of(table, column, key, value)
        for number in range(self.chance.choice([0, 1, 2, 2]) if table.columns else 0):
            self.add_filter(table, f"filter_{number}")

    def own_tags(self, inherited: dict[str, str], probability: float) -> dict[str, str]:
        """Tags of a resource's own; one that overrides mostly differs from what it overrides."""
        own = {}
        for key, values in sorted(self.tags.items()):
            if self.maybe(probability):
                others = [value for value in values if value != inherited.get(key)]
                own[key] = self.chance.choice(others if self.maybe(0.8) else values)
        return own

    def add_tag_of(self, table: Table, column: str | None, key: str, value: str) -> None:
        template = self.writer.template(table.catalog)
        resource = self.table_resource(template, table)
        if column is None:
            self.add_tag(template, table.catalog, {"Table": resource}, key, value)
        else:
            self.add_tag(template, table.catalog, {"TableWithColumns": {**resource, "ColumnNames": [column]}}, key, value)

    def add_tag(self, template: tuple[str, str], owner: str, resource: Properties, key: str, value: str) -> None:
        tag = {"CatalogId": self.writer.account_id(template, owner), "TagKey": self.tag_key(template, owner, key), "TagValues": [self.cased(value)]}
        self.writer.add(template, "AWS::LakeFormation::TagAssociation", {"Resource": resource, "LFTags": [tag]})

    def add_filter(self, table: Table, name: str) -> None:
        template = self.writer.template(table.catalog)
        properties: Properties = {
            "TableCatalogId": self.writer.account_id(template, table.catalog),
            "DatabaseName": self.database_name(template, table.catalog, table.database),
            "TableName": table.name,
            "Name": name,
            "RowFilter": {"AllRowsWildcard": {}} if self.maybe(0.25) else {"FilterExpression": self.chance.choice(ROWS)},
            **self.column_list(table, 0.5),
        }
        self.writer.add(template, "AWS::LakeFormation::DataCellsFilter", properties)
        self.filters.setdefault((table.catalog, table.database, table.name), []).append(name)

    # Names

    def cased(self, text: str) -> str:
        return self.chance.choice([text.upper(), text.lower()]) if self.maybe(0.25) else text

    def database_name(self, template: tuple[str, str], catalog: str, name: str) -> Any:
        return self.writer.name(template, "AWS::Glue::Database", catalog, name)

    def tag_key(self, template: tuple[str, str], catalog: str, key: str) -> Any:
        return self.writer.name(template, "AWS::LakeFormation::Tag", catalog, self.cased(key), key)

    def table_resource(self, template: tuple[str, str], table: Table) -> Properties:
        return {
            "CatalogId": self.writer.account_id(template, table.catalog),
            "DatabaseName": self.database_name(template, table.catalog, table.database),
            "Name": self.writer.name(template, "AWS::Glue::Table", table.catalog, table.name, f"{table.database}/{table.name}"),
        }

    # Principals

    def add_roles(self, account: str) -> None:
        self.roles[account] = []
        for name in self.chance.sample(["analyst", "scientist"], self.chance.choice([1, 1, 2])):
            path = "/teams/" if self.maybe(0.2) else "/"
            properties = {
                "RoleName": name,
                **({"Path": path} if path != "/" else {}),
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}],
                },
                "Policies": [
                    {
                        "PolicyName": "query",
                        "PolicyDocument": {
                            "Version": "2012-10-17",
                            "Statement": [{"Effect": "Allow", "Action": ["lakeformation:GetDataAccess", "glue:*"], "Resource": "*"}],
                        },
                    }
                ],
            }
            arn = f"arn:aws:iam::{account}:role{path}{name}"
            self.writer.add(self.writer.template(account), "AWS::IAM::Role", properties, arn)
            self.roles[account].append(arn)

    def principal(self, account: str) -> str:
        """Somebody in an account: mostly a role that a template makes."""
        way = self.chance.random()
        if way < 0.82 and self.roles.get(account):
            return self.chance.choice(self.roles[account])
        if way < 0.9:
            return f"arn:aws:iam::{account}:user/guest"
        if way < 0.95:
            return f"arn:aws:iam::{account}:role/made-elsewhere"
        return f"arn:aws:quicksight:eu-central-1:{account}:group/default/readers"

    def written_principal(self, template: tuple[str, str], principal: str) -> Any:
        logical_id = self.writer.made.get((template, "AWS::IAM::Role", principal))
        if logical_id is not None and self.maybe(0.6):
            return {"Fn::GetAtt": [logical_id, "Arn"]}
        if f"::{template[0]}:" in principal and self.maybe(0.3):
            return {"Fn::Sub": principal.replace(template[0], "${AWS::AccountId}")}
        return principal

    # Grants

    def add_grant(self, account: str, principal: str, resource: Properties, permissions: list[str], grantable: list[str]) -> None:
        """`resource` has plain values; it is written with references of the template that it lands in."""
        template = self.writer.template(account)
        properties = {
            "Principal": {"DataLakePrincipalIdentifier": self.written_principal(template, principal)},
            "Resource": self.written_resource(template, resource),
            "Permissions": permissions,
            "PermissionsWithGrantOption": grantable,
        }
        self.writer.add(template, "AWS::LakeFormation::PrincipalPermissions", properties)

    def written_resource(self, template: tuple[str, str], resource: Properties) -> Properties:
        (kind, plain), = resource.items()
        written = dict(plain)
        for field_name in ("CatalogId", "TableCatalogId"):
            if field_name in plain:
                written[field_name] = self.writer.account_id(template, plain[field_name])
        catalog = plain.get("CatalogId") or plain.get("TableCatalogId")
        if "DatabaseName" in plain:
            written["DatabaseName"] = self.database_name(template, catalog, plain["DatabaseName"])
        if kind == "Database":
            written["Name"] = self.database_name(template, catalog, plain["Name"])
        if kind == "LFTagPolicy":
            expression = [
                {"TagKey": self.tag_key(template, catalog, each["TagKey"]), "TagValues": [self.cased(value) for value in each["TagValues"]]}
                for each in plain["Expression"]
            ]
            written["Expression"] = self.chance.sample(expression, len(expression))
        return {kind: written}

    def add_subscription(self) -> None:
        """Somebody shall see a table: the whole chain of it, with a flaw now and then."""
        table = self.chance.choice(self.tables)
        owner = table.catalog
        way = self.chance.random()
        if way < 0.2:
            self.local(table, self.principal(owner))
        elif way < 0.32:
            self.outside(table)
        else:
            subscriber = self.chance.choice([account for account in self.accounts if account != owner])
            principal = self.principal(subscriber)
            if self.maybe(0.25):
                self.direct(table, principal)
            else:
                self.by_hops(table, subscriber, principal)
            self.add_links(table, subscriber, principal)

    def local(self, table: Table, principal: str) -> None:
        permissions = self.permissions()
        resource = self.table_grant(table)
        self.add_grant(self.who_grants(table.catalog), principal, resource, self.fitting(resource, permissions), [])
        if "DataCellsFilter" in resource and self.maybe(0.5):
            # Row filters add up.
            self.add_grant(table.catalog, principal, self.filter_of(table), ["SELECT"], [])
        if self.maybe(0.9):
            self.add_grant(self.who_grants(table.catalog), principal, self.database_grant(table), self.database_permissions(), [])

    def direct(self, table: Table, principal: str) -> None:
        """From the catalog's account to a principal of another account."""
        self.local(table, principal)

    def outside(self, table: Table) -> None:
        """To whom no template here makes."""
        principal = self.chance.choice(
            [
                OUTSIDER,
                f"arn:aws:iam::{OUTSIDER}:role/partner",
                f"arn:aws:organizations::{self.chance.choice(self.accounts)}:organization/o-abcdefghij",
                f"arn:aws:organizations::{OUTSIDER}:ou/o-abcdefghij/ou-abcd-11111111",
                f"arn:aws:iam::{self.chance.choice([*self.accounts, OUTSIDER])}:saml-provider/corp:group/readers",
                "IAM_ALLOWED_PRINCIPALS",
            ]
        )
        if principal == "IAM_ALLOWED_PRINCIPALS":
            resource = {"Table": {"CatalogId": table.catalog, "DatabaseName": table.database, **self.name_or_all(table)}}
            permissions = self.chance.choice([["ALL"], ["ALL"], ["SELECT"], ["DESCRIBE"]])
            self.add_grant(self.who_grants(table.catalog), principal, resource, permissions, [])
            return
        resource = self.table_grant(table)
        permissions = self.fitting(resource, self.permissions())
        self.add_grant(self.who_grants(table.catalog), principal, resource, permissions, self.grantable(permissions))
        if self.maybe(0.8):
            database_permissions = self.database_permissions()
            self.add_grant(self.who_grants(table.catalog), principal, self.database_grant(table), database_permissions, database_permissions)

    def by_hops(self, table: Table, subscriber: str, principal: str) -> None:
        """From the catalog's account to the subscriber's, and there to the principal."""
        owner = table.catalog
        held = self.table_grant(table)
        permissions = self.fitting(held, self.permissions())
        self.add_grant(self.who_grants(owner), subscriber, held, permissions, self.grantable(permissions))
        asked, asked_permissions = held, permissions
        way = self.chance.random()
        if way > 0.62:
            asked = self.nearly(table, held)
        if permissions == ["ALL"] and self.maybe(0.5):
            asked_permissions = self.fitting(asked, self.chance.choice([["SELECT"], ["SELECT", "INSERT"]]))
        elif self.maybe(0.4):
            asked_permissions = self.fitting(asked, self.permissions())
        else:
            asked_permissions = self.fitting(asked, permissions)
        third = [account for account in self.accounts if account not in (owner, subscriber)]
        if third and self.maybe(0.06):
            # A third account that holds it, and passes it on to where it may not.
            self.add_grant(owner, third[0], held, permissions, permissions)
            self.add_grant(third[0], principal, asked, asked_permissions, [])
        else:
            self.add_grant(self.who_grants(subscriber), principal, asked, asked_permissions, [])
        if self.maybe(0.08):
            # What an account received it cannot open to its organization, nor to everyone.
            organization = f"arn:aws:organizations::{subscriber}:organization/o-abcdefghij"
            nobody = "IAM_ALLOWED_PRINCIPALS" if "Table" in asked and self.maybe(0.7) else organization
            self.add_grant(subscriber, nobody, asked, asked_permissions, [])
            self.add_grant(owner, nobody, self.database_grant(table), ["DESCRIBE"], [])
        if "LFTagPolicy" in asked and self.maybe(0.75 if asked is not held else 0.25):
            self.describe_tags(owner, subscriber, asked["LFTagPolicy"]["Expression"])
        if asked is not held and self.maybe(0.3):
            other = self.table_grant(table)
            other_permissions = self.fitting(other, self.permissions())
            self.add_grant(self.who_grants(owner), subscriber, other, other_permissions, self.grantable(other_permissions))
        self.database_by_hops(table, subscriber, principal)

    def database_by_hops(self, table: Table, subscriber: str, principal: str) -> None:
        owner = table.catalog
        if self.maybe(0.1):
            self.add_grant(self.who_grants(owner), principal, self.database_grant(table), self.database_permissions(), [])
            return
        held = self.database_grant(table)
        permissions = self.database_permissions()
        if self.maybe(0.95):
            self.add_grant(self.who_grants(owner), subscriber, held, permissions, self.grantable(permissions))
        asked = held
        if "LFTagPolicy" in held and self.maybe(0.12):
            asked = {"LFTagPolicy": {**held["LFTagPolicy"], "Expression": self.changed(held["LFTagPolicy"]["Expression"])}}
            if self.maybe(0.8):
                self.describe_tags(owner, subscriber, asked["LFTagPolicy"]["Expression"])
        elif self.maybe(0.05):
            asked = self.database_grant(table)
        if self.maybe(0.97):
            self.add_grant(self.who_grants(subscriber), principal, asked, self.database_permissions(), [])

    def describe_tags(self, owner: str, subscriber: str, expression: list[Properties]) -> None:
        """DESCRIBE on the expression's tags; now and then a value short."""
        for condition in expression:
            values = [self.cased(value) for value in condition["TagValues"]]
            if self.maybe(0.1):
                values = values[1:] or self.tags[condition["TagKey"]][:1]
            tag = {"LFTag": {"CatalogId": owner, "TagKey": condition["TagKey"], "TagValues": values}}
            permissions = ["DESCRIBE"] if self.maybe(0.88) else ["ASSOCIATE"]
            self.add_grant(owner, subscriber, tag, permissions, permissions)

    def who_grants(self, right: str) -> str:
        """The account in whose template a grant stands: mostly the right one."""
        return right if self.maybe(0.95) else self.chance.choice(self.accounts)

    def permissions(self) -> list[str]:
        way = self.chance.random()
        if way < 0.3:
            return ["SELECT"]
        if way < 0.55:
            return ["SELECT", "DESCRIBE"]
        if way < 0.67:
            return ["ALL"]
        if way < 0.73:
            return ["DESCRIBE"]
        return self.chance.sample(TABLE_PERMISSIONS, self.chance.randint(1, 4))

    def database_permissions(self) -> list[str]:
        if self.maybe(0.9):
            return ["DESCRIBE"]
        return self.chance.choice([["ALL"], ["CREATE_TABLE", "DESCRIBE"], ["CREATE_TABLE"], ["ALTER", "DROP"]])

    def grantable(self, permissions: list[str]) -> list[str]:
        """Mostly all of them, else some, else none."""
        way = self.chance.random()
        if way < 0.62:
            return list(permissions)
        if way < 0.8:
            return self.chance.sample(permissions, self.chance.randint(0, len(permissions) - 1))
        return []

    def fitting(self, resource: Properties, permissions: list[str]) -> list[str]:
        """Lists of columns and filters take no more than SELECT and DESCRIBE."""
        if "TableWithColumns" in resource or "DataCellsFilter" in resource:
            return [each for each in permissions if each in ("SELECT", "DESCRIBE")] or ["SELECT"]
        return permissions

    # Resources of grants

    def table_grant(self, table: Table) -> Properties:
        way = self.chance.random()
        if way < 0.45:
            return self.policy(table)
        if way < 0.58:
            return {"Table": {"CatalogId": table.catalog, "DatabaseName": table.database, **self.name_or_all(table)}}
        names = {"CatalogId": table.catalog, "DatabaseName": table.database, "Name": table.name}
        if way < 0.77 or not table.columns:
            return {"TableWithColumns": {**names, **self.column_list(table, 0.5)}}
        known = self.filters.get((table.catalog, table.database, table.name), [])
        name = self.chance.choice(known) if known and self.maybe(0.92) else "filter_of_nobody"
        filtered = {"TableCatalogId": table.catalog, "DatabaseName": table.database, "TableName": table.name, "Name": name}
        return {"DataCellsFilter": filtered}

    def name_or_all(self, table: Table) -> Properties:
        return {"TableWildcard": {}} if self.maybe(0.35) else {"Name": table.name}

    def column_list(self, table: Table, exclude: float) -> Properties:
        """Some of the columns; now and then one that the table lacks."""
        some = self.chance.sample(table.columns, self.chance.randint(0, len(table.columns)))
        if self.maybe(0.1):
            some.append("no_such_column")
        if self.maybe(exclude) or not some:
            return {"ColumnWildcard": {"ExcludedColumnNames": some[: max(1, len(table.columns) - 1)]} if some else {}}
        return {"ColumnNames": some}

    def policy(self, table: Table) -> Properties:
        """An expression that some column of the table meets, mostly."""
        tags = self.chance.choice([table.tags, *table.column_tags.values(), *table.column_tags.values()])
        return self.policy_on(table.catalog, "TABLE", tags)

    def policy_on(self, catalog: str, kind: str, tags: dict[str, str]) -> Properties:
        keys = self.chance.sample(sorted(tags), min(len(tags), self.chance.choice([1, 1, 2])))
        if not keys or self.maybe(0.05):
            keys = [self.chance.choice(sorted(self.tags))]
        expression = []
        for key in keys:
            right = tags.get(key) or self.chance.choice(self.tags[key])
            values = {right}
            if self.maybe(0.35):
                values.add(self.chance.choice(self.tags[key]))
            if self.maybe(0.05):
                values.discard(right)
                values.add(self.chance.choice(self.tags[key]))
            expression.append({"TagKey": key, "TagValues": self.chance.sample(sorted(values), len(values))})
        return {"LFTagPolicy": {"CatalogId": catalog, "ResourceType": kind, "Expression": expression}}

    def database_grant(self, table: Table) -> Properties:
        tags = self.databases[(table.catalog, table.database)]
        if tags and self.maybe(0.5):
            return self.policy_on(table.catalog, "DATABASE", tags)
        return {"Database": {"CatalogId": table.catalog, "Name": table.database}}

    def nearly(self, table: Table, held: Properties) -> Properties:
        """A resource that is nearly the one that the account holds: narrower, wider, or of another kind."""
        (kind, plain), = held.items()
        if self.maybe(0.25):
            return self.table_grant(table)
        if kind == "LFTagPolicy":
            return {kind: {**plain, "Expression": self.changed(plain["Expression"])}}
        if kind == "TableWithColumns":
            return {kind: {**{key: plain[key] for key in ("CatalogId", "DatabaseName", "Name")}, **self.changed_columns(table, plain)}}
        if kind == "Table":
            other = dict(plain)
            if other.pop("TableWildcard", None) is not None:
                return self.chance.choice([{kind: {**other, "Name": table.name}}, self.columns_of(table)])
            all_tables = {kind: {"CatalogId": plain["CatalogId"], "DatabaseName": plain["DatabaseName"], "TableWildcard": {}}}
            return self.chance.choice([self.columns_of(table), self.filter_of(table), self.filter_of(table), all_tables])
        return self.filter_of(table, plain["Name"])

    def columns_of(self, table: Table) -> Properties:
        names = {"CatalogId": table.catalog, "DatabaseName": table.database, "Name": table.name}
        return {"TableWithColumns": {**names, **self.column_list(table, 0.5)}}

    def filter_of(self, table: Table, other_than: str = "") -> Properties:
        known = [name for name in self.filters.get((table.catalog, table.database, table.name), []) if name != other_than]
        if not known:
            return self.columns_of(table)
        filtered = {"TableCatalogId": table.catalog, "DatabaseName": table.database, "TableName": table.name}
        return {"DataCellsFilter": {**filtered, "Name": self.chance.choice(known)}}

    def changed(self, expression: list[Properties]) -> list[Properties]:
        """A value more, a value less, or a condition more or less."""
        changed = [{"TagKey": each["TagKey"], "TagValues": list(each["TagValues"])} for each in expression]
        one = self.chance.choice(changed)
        way = self.chance.random()
        absent = [value for value in self.tags[one["TagKey"]] if value not in one["TagValues"]]
        unused = [key for key in sorted(self.tags) if key not in {each["TagKey"] for each in changed}]
        if way < 0.4 and absent:
            one["TagValues"].append(self.chance.choice(absent))
        elif way < 0.6 and len(one["TagValues"]) > 1:
            one["TagValues"].pop()
        elif way < 0.8 and len(changed) > 1:
            changed.remove(one)
        elif unused:
            key = self.chance.choice(unused)
            changed.append({"TagKey": key, "TagValues": self.chance.sample(self.tags[key], self.chance.randint(1, 2))})
        return changed

    def changed_columns(self, table: Table, held: Properties) -> Properties:
        included = held.get("ColumnNames")
        if included is None or self.maybe(0.3):
            return self.column_list(table, 0.6)
        if self.maybe(0.7):
            return {"ColumnNames": included[:-1] or included}
        return {"ColumnNames": sorted({*included, *self.chance.sample(table.columns, min(1, len(table.columns)))})}

    # Links

    def add_links(self, table: Table, subscriber: str, principal: str) -> None:
        if self.maybe(0.15):
            self.add_table_link(table, subscriber, principal)
            return
        target = (table.catalog, table.database)
        if self.maybe(0.05):
            target = self.chance.choice(sorted(self.databases))
        name = f"link_{self.owners.index(target[0])}_{target[1]}"
        if (subscriber, name) not in self.links:
            if self.maybe(0.04):
                return
            self.links.add((subscriber, name))
            template = self.writer.template(subscriber)
            properties = {
                "CatalogId": self.writer.account_id(template, subscriber),
                "DatabaseInput": {
                    "Name": name,
                    "TargetDatabase": {"CatalogId": self.writer.account_id(template, target[0]), "DatabaseName": target[1]},
                },
            }
            self.writer.add(template, "AWS::Glue::Database", properties, f"{subscriber}/{name}")
        if self.maybe(0.96):
            resource = {"Database": {"CatalogId": subscriber, "Name": name}}
            self.add_grant(self.who_grants(subscriber), principal, resource, self.database_permissions(), [])

    def add_table_link(self, table: Table, subscriber: str, principal: str) -> None:
        if (subscriber, "links") not in self.links:
            self.links.add((subscriber, "links"))
            template = self.writer.template(subscriber)
            properties = {"CatalogId": subscriber, "DatabaseInput": {"Name": "links"}}
            self.writer.add(template, "AWS::Glue::Database", properties, f"{subscriber}/links")
        if self.maybe(0.05):
            table = self.chance.choice(self.tables)
        name = f"to_{self.owners.index(table.catalog)}_{table.database}_{table.name}"
        if (subscriber, "links", name, "") not in self.linked:
            self.linked.add((subscriber, "links", name, ""))
            template = self.writer.template(subscriber)
            properties = {
                "CatalogId": self.writer.account_id(template, subscriber),
                "DatabaseName": self.database_name(template, subscriber, "links"),
                "TableInput": {
                    "Name": name,
                    "TargetTable": {"CatalogId": table.catalog, "DatabaseName": table.database, "Name": table.name},
                },
            }
            self.writer.add(template, "AWS::Glue::Table", properties)
        if self.maybe(0.96):
            which: Properties = {"TableWildcard": {}} if self.maybe(0.1) else {"Name": name}
            resource = {"Table": {"CatalogId": subscriber, "DatabaseName": "links", **which}}
            self.add_grant(self.who_grants(subscriber), principal, resource, self.chance.choice([["DESCRIBE"], ["DESCRIBE"], ["ALL"], ["SELECT"]]), [])


def mesh(seed: int) -> list[Template]:
    """The templates of a seed."""
    return Generator(seed).mesh()


def write(templates: list[Template], directory: Path) -> None:
    """Writes templates as `meshform access --templates` reads them."""
    for account, name, template, parameters in templates:
        path = directory / account / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(template, indent=1))
        if parameters:
            listed = [{"ParameterKey": key, "ParameterValue": value} for key, value in sorted(parameters.items())]
            beside = path.with_name(name + ".parameters.json") if name == "base.json" else path.with_suffix(".parameters.json")
            beside.write_text(json.dumps(listed, indent=1))


if __name__ == "__main__":
    write(mesh(int(sys.argv[1])), Path(sys.argv[2]))
