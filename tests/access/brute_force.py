"""Who sees which cell, asked cell by cell: principal, table, column.

Written apart from src/access, from the rules of sight and AWS's documentation, for obviousness and not for speed. Each
function says which rule it is; README.md of this folder has the rules in words, with their sources.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from reading import Grant, Mesh

Table = tuple[str, str, str]
Database = tuple[str, str]
Tags = dict[str, str]
Expression = frozenset[tuple[str, frozenset[str]]]

DISCOVERED = "a column that a crawler discovers, without a tag of its own"
"""Stands for a column's name. No column of a table is called so."""

WHOLE_TABLE_ONLY = {"ALTER", "DROP", "INSERT", "DELETE"}
TABLE_PERMISSIONS = {"SELECT", "DESCRIBE", "ALTER", "DROP", "INSERT", "DELETE"}
EVERYONE = "IAM_ALLOWED_PRINCIPALS"


@dataclass(frozen=True)
class Features:
    """What can be switched off, to learn whether it changes an answer."""

    overrides: bool = True
    cell_filters: bool = True
    exclude_lists: bool = True
    grant_option: bool = True


ALL_FEATURES = Features()


@dataclass(frozen=True)
class Opening:
    """One permission on one cell, for all rows or for those that match an expression."""

    permission: str
    rows: str | None = None


@dataclass
class TableSight:
    """What a principal sees of one table. `columns` has the visible ones with their row filters (empty: all rows)."""

    columns: dict[str, list[str]]
    permissions: list[str]
    discovered: bool


def kind_of(principal: str) -> str:
    """Rule 7: what a principal is."""
    if principal == EVERYONE:
        return "everyone"
    if re.fullmatch(r"\d{12}", principal):
        return "account"
    service, _, resource = service_account_resource(principal)
    if service == "organizations":
        return "organization"
    if service == "iam" and resource.startswith("role/"):
        return "role"
    if service == "iam" and resource.startswith("user/"):
        return "user"
    return "group"


def account_of(principal: str) -> str | None:
    """The account of whoever queries. An organization's ARN carries its management account, of which it is no principal."""
    if kind_of(principal) in ("everyone", "organization"):
        return None
    if kind_of(principal) == "account":
        return principal
    return service_account_resource(principal)[1] or None


def service_account_resource(arn: str) -> tuple[str, str, str]:
    _, _, service, _, account, resource = arn.split(":", 5)
    return service, account, resource


class BruteForce:
    """The rules over one mesh."""

    def __init__(self, mesh: Mesh, features: Features = ALL_FEATURES):
        self.mesh = mesh
        self.features = features

    def sight(self) -> dict[str, dict[Table, TableSight]]:
        """What every principal sees. A table of which no column is seen is not among its tables."""
        answer: dict[str, dict[Table, TableSight]] = {}
        for principal in sorted(self.principals()):
            answer[principal] = {}
            for table in sorted(self.mesh.tables):
                seen = self.table_sight(principal, table)
                if seen.columns:
                    answer[principal][table] = seen
        return answer

    def principals(self) -> set[str]:
        """Rule 7: an account with a template among the inputs is a hop and no principal."""
        granted = {grant.principal for grant in self.mesh.grants}
        return (granted | self.mesh.roles) - self.mesh.accounts

    def table_sight(self, principal: str, table: Table) -> TableSight:
        columns: dict[str, list[str]] = {}
        permissions: set[str] = set()
        if self.missing_leg(principal, table) is not None:
            return TableSight({}, [], False)
        for column in self.mesh.tables[table]:
            openings = self.openings(principal, table, column)
            permissions |= {opening.permission for opening in openings}
            rows = self.visible_rows(openings)
            if rows is not None:
                columns[column] = rows
        discovered = self.visible_rows(self.openings(principal, table, DISCOVERED)) is not None
        return TableSight(columns, sorted(permissions), discovered)

    @staticmethod
    def visible_rows(openings: list[Opening]) -> list[str] | None:
        """Rules 3 and 4: none where no opening reads; else the row filters, empty as soon as one reads all rows."""
        reading = [opening for opening in openings if opening.permission in ("SELECT", "ALL")]
        if not reading:
            return None
        if any(opening.rows is None for opening in reading):
            return []
        return sorted({opening.rows for opening in reading if opening.rows is not None})

    def openings(self, principal: str, table: Table, column: str) -> list[Opening]:
        """Rule 4: the union over all valid grants."""
        return [
            opening
            for grant in self.mesh.grants
            if grant.principal == principal
            for opening in self.valid_openings(grant, table, column)
        ]

    # Rule 1: effective tags

    def tags_of_database(self, database: Database) -> Tags:
        return self.mesh.database_tags.get(database, {})

    def tags_of_table(self, table: Table) -> Tags:
        return self.over(self.tags_of_database(table[:2]), self.mesh.table_tags.get(table, {}))

    def tags_of_column(self, table: Table, column: str) -> Tags:
        return self.over(self.tags_of_table(table), self.mesh.column_tags.get((*table, column), {}))

    def over(self, inherited: Tags, own: Tags) -> Tags:
        """Per key: the own value overrides the inherited one."""
        return {**inherited, **own} if self.features.overrides else {**own, **inherited}

    # Rule 2: expressions

    @staticmethod
    def expression_of(grant: Grant) -> Expression:
        return frozenset(
            (condition["TagKey"].lower(), frozenset(value.lower() for value in condition["TagValues"]))
            for condition in grant.resource["LFTagPolicy"]["Expression"]
        )

    @staticmethod
    def matches(expression: Expression, tags: Tags) -> bool:
        return len(expression) > 0 and all(tags.get(key) in values for key, values in expression)

    # Rule 3: what a grant gives, taken as valid

    def given(self, grant: Grant, permissions: frozenset[str], table: Table, column: str) -> list[Opening]:
        """What some permissions on a grant's resource give on one cell."""
        (kind, resource), = grant.resource.items()
        if kind == "LFTagPolicy":
            return self.given_by_tags(grant, permissions, table, column)
        if kind == "Table":
            if self.names(resource, table):
                return [Opening(permission) for permission in sorted(permissions)]
            return []
        if kind == "TableWithColumns":
            if "SELECT" in permissions and self.names(resource, table) and self.listed_by(resource, column):
                return [Opening("SELECT")]
            return []
        if kind == "DataCellsFilter":
            return self.given_by_filter(grant, permissions, table, column)
        return []

    def given_by_tags(self, grant: Grant, permissions: frozenset[str], table: Table, column: str) -> list[Opening]:
        policy = grant.resource["LFTagPolicy"]
        expression = self.expression_of(grant)
        if policy["ResourceType"] != "TABLE" or policy["CatalogId"] != table[0]:
            return []
        if not self.matches(expression, self.tags_of_column(table, column)):
            return []
        if all(self.matches(expression, self.tags_of_column(table, each)) for each in self.mesh.tables[table]):
            return [Opening(permission) for permission in sorted(permissions)]
        return [Opening(permission) for permission in sorted(self.reduced(permissions))]

    @staticmethod
    def reduced(permissions: frozenset[str]) -> set[str]:
        """What a match of some of the columns leaves of permissions (Lake Formation guide, TBAC notes)."""
        left: set[str] = set()
        for permission in permissions:
            if permission == "ALL":
                left |= {"SELECT", "DESCRIBE"}
            elif permission in WHOLE_TABLE_ONLY:
                left |= {"DESCRIBE"}
            else:
                left |= {permission}
        return left

    def given_by_filter(self, grant: Grant, permissions: frozenset[str], table: Table, column: str) -> list[Opening]:
        named = grant.resource["DataCellsFilter"]
        key = (named["TableCatalogId"], named["DatabaseName"], named["TableName"], named["Name"])
        if key[:3] != table or "SELECT" not in permissions or key not in self.mesh.filters:
            return []
        if not self.features.cell_filters:
            return [Opening("SELECT")]
        found = self.mesh.filters[key]
        if not self.listed(found.include, found.exclude, column):
            return []
        return [Opening("SELECT", found.rows)]

    @staticmethod
    def names(resource: dict[str, Any], table: Table) -> bool:
        """Whether a named resource is this table, or all tables of its database."""
        if (resource["CatalogId"], resource["DatabaseName"]) != table[:2]:
            return False
        return "TableWildcard" in resource or resource["Name"] == table[2]

    def listed_by(self, resource: dict[str, Any], column: str) -> bool:
        wildcard = resource.get("ColumnWildcard")
        exclude = None if wildcard is None else wildcard.get("ExcludedColumnNames", [])
        return self.listed(resource.get("ColumnNames"), exclude, column)

    def listed(self, include: list[str] | None, exclude: list[str] | None, column: str) -> bool:
        """An include list, or all columns but those of an exclude list."""
        if include is not None:
            return column in include
        assert exclude is not None
        return column not in exclude or not self.features.exclude_lists

    # Rule 5: which grants are valid

    def valid_openings(self, grant: Grant, table: Table, column: str) -> list[Opening]:
        """What a grant opens of one cell, if who made it could make it."""
        owner = table[0]
        if grant.account == owner:
            return self.given(grant, grant.permissions, table, column)
        if grant.account != account_of(grant.principal):
            return []
        (kind, _), = grant.resource.items()
        if kind == "LFTagPolicy":
            return self.passed_on_by_tags(grant, table, column)
        return self.passed_on_by_name(grant, table, column)

    def account_grants(self, account: str, owner: str) -> list[Grant]:
        """What the catalog's owner granted to an account."""
        return [grant for grant in self.mesh.grants if grant.account == owner and grant.principal == account]

    def may_pass_on(self, permission: str, held: Grant) -> bool:
        grantable = held.grantable if self.features.grant_option else held.permissions
        return permission in grantable or "ALL" in grantable

    def identical_policies(self, grant: Grant) -> list[Grant]:
        """The account's grants on the same catalog, the same type and the same expression."""
        policy = grant.resource["LFTagPolicy"]
        return [
            held
            for held in self.account_grants(grant.account, policy["CatalogId"])
            if "LFTagPolicy" in held.resource
            and held.resource["LFTagPolicy"]["CatalogId"] == policy["CatalogId"]
            and held.resource["LFTagPolicy"]["ResourceType"] == policy["ResourceType"]
            and self.expression_of(held) == self.expression_of(grant)
        ]

    def passed_on_by_tags(self, grant: Grant, table: Table, column: str) -> list[Opening]:
        identical = self.identical_policies(grant)
        if identical:
            passed = self.passed_on(grant, identical)
            return self.given(grant, passed, table, column)
        if self.account_may_describe_tags(grant):
            return self.capped(grant, table, column)
        return []

    def passed_on(self, grant: Grant, held: list[Grant]) -> frozenset[str]:
        return frozenset(
            permission for permission in grant.permissions if any(self.may_pass_on(permission, one) for one in held)
        )

    def account_may_describe_tags(self, grant: Grant) -> bool:
        """Cascade rule 2: DESCRIBE on every key and value of the expression."""
        catalog = grant.resource["LFTagPolicy"]["CatalogId"]
        described = {
            (held.resource["LFTag"]["TagKey"].lower(), value.lower())
            for held in self.account_grants(grant.account, catalog)
            if "LFTag" in held.resource
            and held.resource["LFTag"]["CatalogId"] == catalog
            and "DESCRIBE" in held.permissions
            for value in held.resource["LFTag"]["TagValues"]
        }
        expression = self.expression_of(grant)
        return all((key, value) in described for key, values in expression for value in values)

    def capped(self, grant: Grant, table: Table, column: str) -> list[Opening]:
        """Cascade rule 2: at most what the account holds on this cell with that permission."""
        held = [
            opening
            for one in self.account_grants(grant.account, table[0])
            for opening in self.given(one, one.permissions, table, column)
        ]
        opened: list[Opening] = []
        for asked in self.given(grant, grant.permissions, table, column):
            if asked.permission == "ALL" and not any(one.permission == "ALL" for one in held):
                opened += held
            else:
                opened += [Opening(asked.permission, one.rows) for one in held if one.permission in (asked.permission, "ALL")]
        return opened

    def passed_on_by_name(self, grant: Grant, table: Table, column: str) -> list[Opening]:
        held = self.account_grants(grant.account, table[0])
        passed = self.passed_on(grant, [one for one in held if self.covers(one, grant, table, column)])
        return self.given(grant, passed, table, column)

    def covers(self, held: Grant, grant: Grant, table: Table, column: str) -> bool:
        """Rule 5b: whether what the account holds covers the named resource that it grants."""
        (held_kind, held_resource), = held.resource.items()
        (kind, resource), = grant.resource.items()
        if held_kind == "Table" and self.names(held_resource, table):
            return "TableWildcard" in held_resource or not (kind == "Table" and "TableWildcard" in resource)
        if held_kind == kind == "DataCellsFilter":
            return held_resource == resource
        if held_kind == kind == "TableWithColumns" and self.names(held_resource, table):
            asked = [each for each in self.mesh.tables[table] if self.listed_by(resource, each)]
            return all(self.listed_by(held_resource, each) for each in [*asked, column] if self.listed_by(resource, each))
        return False

    # Rule 6: what else a query needs

    def missing_leg(self, principal: str, table: Table) -> str | None:
        """The leg that keeps a principal from a table, whatever its grants on the table."""
        if kind_of(principal) in ("everyone", "account", "organization"):
            return None
        if not self.may_describe_database(principal, table[:2]):
            return "local-database-grant"
        account = account_of(principal)
        if account == table[0] or account not in self.mesh.accounts:
            return None
        links = self.links_to(account, table)
        if not links:
            return "link"
        if not any(self.may_describe_link(principal, account, link) for link in links):
            return "link-grant"
        return None

    def links_to(self, account: str, table: Table) -> list[tuple[str, ...]]:
        databases = [link for link, target in self.mesh.database_links.items() if link[0] == account and target == table[:2]]
        tables = [link for link, target in self.mesh.table_links.items() if link[0] == account and target == table]
        return [*databases, *tables]

    def may_describe_link(self, principal: str, account: str, link: tuple[str, ...]) -> bool:
        for grant in self.mesh.grants:
            if grant.principal != principal or grant.account != account or not grant.permissions & {"DESCRIBE", "ALL"}:
                continue
            (kind, resource), = grant.resource.items()
            if len(link) == 2 and kind == "Database" and (resource["CatalogId"], resource["Name"]) == link:
                return True
            if len(link) == 3 and kind == "Table" and self.names(resource, link):
                return True
        return False

    def may_describe_database(self, principal: str, database: Database) -> bool:
        return any(
            grant.principal == principal and self.opens_database(grant, database) for grant in self.mesh.grants
        )

    def opens_database(self, grant: Grant, database: Database) -> bool:
        """Whether a grant is valid and gives DESCRIBE on a database."""
        if grant.account == database[0]:
            return self.describes(grant, grant.permissions, database) or self.implies_describe(grant, database)
        if grant.account != account_of(grant.principal):
            return False
        if "LFTagPolicy" in grant.resource:
            identical = self.identical_policies(grant)
            if identical:
                return self.describes(grant, self.passed_on(grant, identical), database)
            return (
                self.account_may_describe_tags(grant)
                and self.describes(grant, grant.permissions, database)
                and any(
                    self.describes(held, held.permissions, database)
                    for held in self.account_grants(grant.account, database[0])
                )
            )
        same = [held for held in self.account_grants(grant.account, database[0]) if held.resource == grant.resource]
        return self.describes(grant, self.passed_on(grant, same), database)

    def describes(self, grant: Grant, permissions: frozenset[str], database: Database) -> bool:
        if not permissions & {"DESCRIBE", "ALL"}:
            return False
        (kind, resource), = grant.resource.items()
        if kind == "Database":
            return (resource["CatalogId"], resource["Name"]) == database
        if kind == "LFTagPolicy" and resource["ResourceType"] == "DATABASE" and resource["CatalogId"] == database[0]:
            return self.matches(self.expression_of(grant), self.tags_of_database(database))
        return False

    @staticmethod
    def implies_describe(grant: Grant, database: Database) -> bool:
        """A grant on all tables, by name and inside the account, implies DESCRIBE on their database (Lake Formation guide,
        "Granting permissions on Data Catalog resources")."""
        (kind, resource), = grant.resource.items()
        return (
            kind == "Table"
            and "TableWildcard" in resource
            and (resource["CatalogId"], resource["DatabaseName"]) == database
            and kind_of(grant.principal) in ("role", "user")
            and account_of(grant.principal) == database[0]
        )
