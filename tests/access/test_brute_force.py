"""The brute-force evaluator against sight made by hand. Each case says which rule it is (README.md).

    python3 -m unittest discover -s tests/access
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

import generator
from brute_force import ALL_FEATURES, BruteForce, Features, TableSight, account_of, kind_of
from reading import Filter, Grant, Mesh, read, templates_in

OWNER, SUBSCRIBER, THIRD, OUTSIDER = "111111111111", "222222222222", "333333333333", "999999999999"
LOCAL = f"arn:aws:iam::{OWNER}:role/local"
ROLE = f"arn:aws:iam::{SUBSCRIBER}:role/analyst"
ORDERS = (OWNER, "lake", "orders")
NAMES = {"CatalogId": OWNER, "DatabaseName": "lake", "Name": "orders"}
TABLE = {"Table": NAMES}
ALL_TABLES = {"Table": {"CatalogId": OWNER, "DatabaseName": "lake", "TableWildcard": {}}}
DATABASE = {"Database": {"CatalogId": OWNER, "Name": "lake"}}
LINK = {"Database": {"CatalogId": SUBSCRIBER, "Name": "lake_link"}}
EU = {"DataCellsFilter": {"TableCatalogId": OWNER, "DatabaseName": "lake", "TableName": "orders", "Name": "eu"}}


def tags(kind: str = "TABLE", **conditions: str) -> dict[str, Any]:
    """An expression; `key="a b"` has two values."""
    expression = [{"TagKey": key, "TagValues": values.split()} for key, values in conditions.items()]
    return {"LFTagPolicy": {"CatalogId": OWNER, "ResourceType": kind, "Expression": expression}}


def only(*names: str) -> dict[str, Any]:
    return {"TableWithColumns": {**NAMES, "ColumnNames": list(names)}}


def all_but(*names: str) -> dict[str, Any]:
    return {"TableWithColumns": {**NAMES, "ColumnWildcard": {"ExcludedColumnNames": list(names)}}}


class Case(unittest.TestCase):
    """One database `lake` with one table `orders` of the columns id, email and amount."""

    def setUp(self) -> None:
        self.mesh = Mesh(
            accounts={OWNER, SUBSCRIBER, THIRD},
            roles={LOCAL, ROLE},
            databases={(OWNER, "lake")},
            tables={ORDERS: ["id", "email", "amount"]},
            database_tags={(OWNER, "lake"): {"domain": "sales"}},
            table_tags={ORDERS: {"level": "internal"}},
            column_tags={(*ORDERS, "email"): {"level": "pii"}},
        )

    def grant(self, account: str, principal: str, resource: dict[str, Any], permissions: str = "SELECT", grantable: str = "") -> None:
        self.mesh.grants.append(
            Grant(account, "", principal, resource, frozenset(permissions.split()), frozenset(grantable.split()))
        )

    def local(self, resource: dict[str, Any], permissions: str = "SELECT") -> None:
        """A grant to the owner's own role, which may describe the database."""
        self.grant(OWNER, LOCAL, resource, permissions)
        self.grant(OWNER, LOCAL, DATABASE, "DESCRIBE")

    def hops(self, held: dict[str, Any], asked: dict[str, Any], permissions: str = "SELECT", grantable: str | None = None, asks: str | None = None) -> None:
        """To the subscriber's account and there to its role, all other legs being there."""
        self.grant(OWNER, SUBSCRIBER, held, permissions, permissions if grantable is None else grantable)
        self.grant(SUBSCRIBER, ROLE, asked, permissions if asks is None else asks)
        self.legs()

    def legs(self) -> None:
        self.grant(OWNER, SUBSCRIBER, DATABASE, "DESCRIBE", "DESCRIBE")
        self.grant(SUBSCRIBER, ROLE, DATABASE, "DESCRIBE")
        self.mesh.database_links[(SUBSCRIBER, "lake_link")] = (OWNER, "lake")
        self.grant(SUBSCRIBER, ROLE, LINK, "DESCRIBE")

    def describe_tags(self, **values: str) -> None:
        for key, listed in values.items():
            tag = {"LFTag": {"CatalogId": OWNER, "TagKey": key, "TagValues": listed.split()}}
            self.grant(OWNER, SUBSCRIBER, tag, "DESCRIBE")

    def seen(self, principal: str, features: Features = ALL_FEATURES) -> TableSight:
        return BruteForce(self.mesh, features).sight()[principal].get(ORDERS, TableSight({}, [], False))

    def sees(self, principal: str, columns: str) -> None:
        self.assertEqual(sorted(self.seen(principal).columns), sorted(columns.split()))

    def may(self, principal: str, permissions: str) -> None:
        self.assertEqual(self.seen(principal).permissions, sorted(permissions.split()))


class Tags(Case):
    """Rules 1 and 2."""

    def test_rule_1_a_column_inherits_from_table_and_database(self) -> None:
        self.local(tags(domain="sales", level="internal"))
        self.sees(LOCAL, "id amount")

    def test_rule_1_a_column_overrides_its_table(self) -> None:
        self.local(tags(level="pii"))
        self.sees(LOCAL, "email")

    def test_rule_1_a_table_overrides_its_database(self) -> None:
        self.mesh.table_tags[ORDERS]["domain"] = "hr"
        self.local(tags(domain="sales"))
        self.sees(LOCAL, "")

    def test_rule_1_an_override_of_one_key_leaves_the_others(self) -> None:
        self.local(tags(domain="sales", level="pii"))
        self.sees(LOCAL, "email")

    def test_rule_1_case_does_not_matter(self) -> None:
        self.local(tags(Domain="SALES"))
        self.sees(LOCAL, "id email amount")

    def test_rule_2_every_key_must_match(self) -> None:
        self.local(tags(domain="hr", level="internal"))
        self.sees(LOCAL, "")

    def test_rule_2_one_value_of_a_key_suffices(self) -> None:
        self.local(tags(level="internal pii"))
        self.sees(LOCAL, "id email amount")

    def test_rule_2_a_key_that_a_column_lacks_does_not_match(self) -> None:
        self.local(tags(stage="prod"))
        self.sees(LOCAL, "")

    def test_rule_2_no_condition_matches_nothing(self) -> None:
        self.local(tags())
        self.sees(LOCAL, "")

    def test_rule_2_a_database_expression_opens_no_table(self) -> None:
        self.local(tags("DATABASE", domain="sales"))
        self.sees(LOCAL, "")

    def test_rule_2_a_table_without_columns_has_nothing_to_see(self) -> None:
        self.mesh.tables[ORDERS] = []
        self.local(tags(level="internal"))
        self.sees(LOCAL, "")


class Kinds(Case):
    """Rules 3 and 4."""

    def test_rule_3_a_whole_match_keeps_permissions(self) -> None:
        self.local(tags(domain="sales"), "ALL ALTER INSERT")
        self.may(LOCAL, "ALL ALTER INSERT")

    def test_rule_3_a_partial_match_reduces_all(self) -> None:
        self.local(tags(level="internal"), "ALL")
        self.may(LOCAL, "DESCRIBE SELECT")

    def test_rule_3_a_partial_match_reduces_writes_to_describe(self) -> None:
        self.local(tags(level="internal"), "SELECT ALTER DROP INSERT DELETE")
        self.may(LOCAL, "DESCRIBE SELECT")

    def test_rule_3_a_partial_match_of_writes_alone_shows_nothing(self) -> None:
        self.local(tags(level="internal"), "INSERT")
        self.sees(LOCAL, "")

    def test_rule_3_a_name_opens_all_columns_as_written(self) -> None:
        self.local(TABLE, "SELECT INSERT")
        self.sees(LOCAL, "id email amount")
        self.may(LOCAL, "INSERT SELECT")

    def test_rule_3_all_tables_of_a_database(self) -> None:
        self.local(ALL_TABLES)
        self.sees(LOCAL, "id email amount")

    def test_rule_3_all_tables_of_another_database(self) -> None:
        self.local({"Table": {"CatalogId": OWNER, "DatabaseName": "mart", "TableWildcard": {}}})
        self.sees(LOCAL, "")

    def test_rule_3_an_include_list(self) -> None:
        self.local(only("id", "nothing"), "SELECT DESCRIBE")
        self.sees(LOCAL, "id")
        self.may(LOCAL, "SELECT")

    def test_rule_3_an_exclude_list(self) -> None:
        self.local(all_but("email"))
        self.sees(LOCAL, "id amount")

    def test_rule_3_a_filter_has_rows_and_columns(self) -> None:
        self.mesh.filters[(*ORDERS, "eu")] = Filter("region = 'eu'", None, ["email"])
        self.local(EU)
        self.assertEqual(self.seen(LOCAL).columns, {"id": ["region = 'eu'"], "amount": ["region = 'eu'"]})

    def test_rule_3_a_filter_that_no_template_makes(self) -> None:
        self.local(EU)
        self.sees(LOCAL, "")

    def test_rule_3_describe_shows_no_column(self) -> None:
        self.local(TABLE, "DESCRIBE INSERT")
        self.sees(LOCAL, "")

    def test_rule_4_columns_and_permissions_add_up(self) -> None:
        self.local(only("email"))
        self.local(tags(level="internal"), "ALL")
        self.local(TABLE, "INSERT")
        self.sees(LOCAL, "id email amount")
        self.may(LOCAL, "DESCRIBE INSERT SELECT")

    def test_rule_4_all_rows_as_soon_as_one_grant_has_no_filter(self) -> None:
        self.mesh.filters[(*ORDERS, "eu")] = Filter("region = 'eu'", None, [])
        self.local(EU)
        self.local(only("id"))
        self.assertEqual(self.seen(LOCAL).columns, {"id": [], "email": ["region = 'eu'"], "amount": ["region = 'eu'"]})

    def test_rule_4_row_filters_add_up(self) -> None:
        self.mesh.filters[(*ORDERS, "eu")] = Filter("region = 'eu'", ["id"], None)
        self.mesh.filters[(*ORDERS, "big")] = Filter("amount > 10", ["id"], None)
        self.local(EU)
        self.local({"DataCellsFilter": {**EU["DataCellsFilter"], "Name": "big"}})
        self.assertEqual(self.seen(LOCAL).columns, {"id": ["amount > 10", "region = 'eu'"]})

    def test_model_a_discovered_column_has_the_tags_of_its_table(self) -> None:
        for resource, discovered in [(tags(level="internal"), True), (only("id"), False), (all_but("id"), True), (TABLE, True), (tags(level="pii"), False)]:
            with self.subTest(resource=resource):
                self.mesh.grants.clear()
                self.local(resource)
                self.assertEqual(self.seen(LOCAL).discovered, discovered)


class Hops(Case):
    """Rule 5."""

    def test_rule_5_a_direct_grant(self) -> None:
        self.grant(OWNER, ROLE, TABLE)
        self.legs()
        self.sees(ROLE, "id email amount")

    def test_rule_5_without_a_grant_to_the_account(self) -> None:
        self.grant(SUBSCRIBER, ROLE, TABLE)
        self.legs()
        self.sees(ROLE, "")

    def test_rule_5_a_third_account_grants_nothing(self) -> None:
        self.grant(OWNER, SUBSCRIBER, TABLE, "SELECT", "SELECT")
        self.grant(OWNER, THIRD, TABLE, "SELECT", "SELECT")
        self.grant(THIRD, ROLE, TABLE)
        self.legs()
        self.sees(ROLE, "")

    def test_rule_5_an_organization_is_no_principal_of_its_management_account(self) -> None:
        organization = f"arn:aws:organizations::{SUBSCRIBER}:organization/o-abcdefghij"
        self.grant(OWNER, SUBSCRIBER, TABLE, "SELECT", "SELECT")
        self.grant(SUBSCRIBER, organization, TABLE)
        self.sees(organization, "")

    def test_rule_5a_the_identical_expression_in_another_order(self) -> None:
        self.hops(tags(domain="sales", level="internal pii"), tags(Level="pii internal", domain="Sales"))
        self.sees(ROLE, "id email amount")

    def test_rule_5a_a_narrower_expression(self) -> None:
        self.hops(tags(level="internal pii"), tags(level="internal"))
        self.sees(ROLE, "")

    def test_rule_5a_without_grant_option(self) -> None:
        self.hops(tags(domain="sales"), tags(domain="sales"), grantable="")
        self.sees(ROLE, "")

    def test_rule_5a_only_what_is_passed_on_counts(self) -> None:
        self.hops(tags(domain="sales"), tags(domain="sales"), "SELECT INSERT DESCRIBE", grantable="SELECT")
        self.may(ROLE, "SELECT")

    def test_rule_5a_all_with_grant_option_covers_every_permission(self) -> None:
        self.hops(tags(domain="sales"), tags(domain="sales"), "ALL", asks="SELECT INSERT")
        self.may(ROLE, "INSERT SELECT")

    def test_rule_5a_all_is_not_covered_by_a_part(self) -> None:
        self.hops(tags(domain="sales"), tags(domain="sales"), "SELECT DESCRIBE", asks="ALL")
        self.sees(ROLE, "")

    def test_rule_5a_a_database_expression_is_not_a_table_expression(self) -> None:
        self.hops(tags("DATABASE", domain="sales"), tags(domain="sales"))
        self.sees(ROLE, "")

    def test_rule_5b_all_tables_cover_a_table_its_columns_and_its_filters(self) -> None:
        self.mesh.filters[(*ORDERS, "eu")] = Filter(None, None, [])
        for asked in (ALL_TABLES, TABLE, only("id", "email", "amount"), EU):
            with self.subTest(asked=asked):
                self.mesh.grants.clear()
                self.hops(ALL_TABLES, asked)
                self.sees(ROLE, "id email amount")

    def test_rule_5b_a_table_does_not_cover_all_tables(self) -> None:
        self.hops(TABLE, ALL_TABLES)
        self.sees(ROLE, "")

    def test_rule_5b_columns_cover_the_same_or_fewer_columns(self) -> None:
        for held, asked, columns in [
            (only("id", "email"), only("id"), "id"),
            (only("id"), only("id", "email"), ""),
            (only("id", "amount"), all_but("email"), "id amount"),
            (all_but("email"), only("amount"), "amount"),
            (all_but("email"), all_but("id"), ""),
        ]:
            with self.subTest(held=held, asked=asked):
                self.mesh.grants.clear()
                self.hops(held, asked)
                self.sees(ROLE, columns)

    def test_rule_5b_an_include_list_passes_no_discovered_column(self) -> None:
        self.hops(only("id", "amount"), all_but("email"))
        self.assertFalse(self.seen(ROLE).discovered)

    def test_rule_5b_columns_cover_neither_the_table_nor_a_filter(self) -> None:
        self.mesh.filters[(*ORDERS, "eu")] = Filter(None, ["id"], None)
        for asked in (TABLE, EU):
            with self.subTest(asked=asked):
                self.mesh.grants.clear()
                self.hops(all_but(), asked)
                self.sees(ROLE, "")

    def test_rule_5b_the_identical_filter(self) -> None:
        self.mesh.filters[(*ORDERS, "eu")] = Filter("region = 'eu'", ["id"], None)
        self.hops(EU, EU)
        self.assertEqual(self.seen(ROLE).columns, {"id": ["region = 'eu'"]})

    def test_rule_5b_another_filter(self) -> None:
        self.mesh.filters[(*ORDERS, "eu")] = Filter(None, ["id"], None)
        self.mesh.filters[(*ORDERS, "us")] = Filter(None, ["id"], None)
        self.hops(EU, {"DataCellsFilter": {**EU["DataCellsFilter"], "Name": "us"}})
        self.sees(ROLE, "")

    def test_rule_5c_describe_on_the_tags_passes_on_what_the_account_holds(self) -> None:
        self.hops(tags(level="internal"), tags(domain="sales"), grantable="")
        self.describe_tags(domain="sales")
        self.sees(ROLE, "id amount")

    def test_rule_5c_a_value_short(self) -> None:
        self.hops(tags(level="internal"), tags(level="internal pii"), grantable="")
        self.describe_tags(level="internal")
        self.sees(ROLE, "")

    def test_rule_5c_at_most_the_permission_that_the_account_holds(self) -> None:
        self.hops(tags(level="internal"), tags(domain="sales"), "DESCRIBE", grantable="", asks="SELECT")
        self.describe_tags(domain="sales")
        self.sees(ROLE, "")

    def test_rule_5c_at_most_the_rows_that_the_account_holds(self) -> None:
        self.mesh.filters[(*ORDERS, "eu")] = Filter("region = 'eu'", ["id"], None)
        self.hops(EU, tags(domain="sales"))
        self.describe_tags(domain="sales")
        self.assertEqual(self.seen(ROLE).columns, {"id": ["region = 'eu'"]})

    def test_rule_5c_all_gives_what_the_account_holds(self) -> None:
        self.hops(tags(level="internal"), tags(domain="sales"), "SELECT DESCRIBE", grantable="", asks="ALL")
        self.describe_tags(domain="sales")
        self.sees(ROLE, "id amount")
        self.may(ROLE, "DESCRIBE SELECT")

    def test_rule_5c_writes_over_a_part_are_describe_before_they_are_capped(self) -> None:
        self.hops(tags(level="internal"), tags(domain="sales", level="internal"), "SELECT DESCRIBE", grantable="", asks="SELECT ALTER")
        self.describe_tags(domain="sales", level="internal")
        self.may(ROLE, "DESCRIBE SELECT")

    def test_rule_5c_not_for_an_identical_expression(self) -> None:
        """Lake Formation guide, "Cascading cross-account permissions": the identical policy without grant option is an
        AccessDeniedException, the same with one value more is granted."""
        self.hops(tags(level="internal"), tags(level="internal"), grantable="")
        self.describe_tags(level="internal pii")
        self.sees(ROLE, "")
        self.grant(SUBSCRIBER, ROLE, tags(level="internal pii"))
        self.sees(ROLE, "id amount")


class Legs(Case):
    """Rules 6 and 7."""

    def without(self, resource: dict[str, Any], principal: str) -> None:
        self.mesh.grants = [grant for grant in self.mesh.grants if (grant.resource, grant.principal) != (resource, principal)]

    def test_rule_6_in_the_own_account_the_database_must_be_described(self) -> None:
        self.grant(OWNER, LOCAL, TABLE)
        self.sees(LOCAL, "")

    def test_rule_6_all_tables_by_name_imply_it_in_the_own_account(self) -> None:
        """Lake Formation guide, "Granting permissions on Data Catalog resources", Important."""
        self.grant(OWNER, LOCAL, ALL_TABLES)
        self.sees(LOCAL, "id email amount")
        self.hops(ALL_TABLES, ALL_TABLES)
        self.without(DATABASE, ROLE)
        self.sees(ROLE, "")

    def test_rule_6_alter_on_the_database_implies_nothing(self) -> None:
        self.grant(OWNER, LOCAL, TABLE)
        self.grant(OWNER, LOCAL, DATABASE, "ALTER CREATE_TABLE DROP")
        self.sees(LOCAL, "")

    def test_rule_6_a_database_expression_describes_it(self) -> None:
        self.grant(OWNER, LOCAL, TABLE)
        self.grant(OWNER, LOCAL, tags("DATABASE", domain="sales"), "DESCRIBE")
        self.sees(LOCAL, "id email amount")

    def test_rule_6_each_leg_is_needed(self) -> None:
        for resource, principal in [(DATABASE, ROLE), (DATABASE, SUBSCRIBER), (LINK, ROLE)]:
            with self.subTest(resource=resource, principal=principal):
                self.mesh.grants.clear()
                self.hops(TABLE, TABLE)
                self.sees(ROLE, "id email amount")
                self.without(resource, principal)
                self.sees(ROLE, "")

    def test_rule_6_a_link_to_another_database(self) -> None:
        self.hops(TABLE, TABLE)
        self.mesh.database_links[(SUBSCRIBER, "lake_link")] = (OWNER, "mart")
        self.sees(ROLE, "")

    def test_rule_6_a_table_link_is_a_link_to_one_table(self) -> None:
        self.hops(TABLE, TABLE)
        self.mesh.database_links.clear()
        self.mesh.table_links[(SUBSCRIBER, "links", "o")] = ORDERS
        self.sees(ROLE, "")
        self.grant(SUBSCRIBER, ROLE, {"Table": {"CatalogId": SUBSCRIBER, "DatabaseName": "links", "Name": "o"}}, "DESCRIBE")
        self.sees(ROLE, "id email amount")

    def test_rule_7_an_account_with_templates_is_a_hop(self) -> None:
        self.hops(TABLE, TABLE)
        self.assertNotIn(SUBSCRIBER, BruteForce(self.mesh).sight())

    def test_rule_7_an_account_without_templates_is_told(self) -> None:
        self.grant(OWNER, OUTSIDER, TABLE, "SELECT", "SELECT")
        self.sees(OUTSIDER, "id email amount")

    def test_rule_7_a_role_of_an_account_without_templates_needs_no_link(self) -> None:
        partner = f"arn:aws:iam::{OUTSIDER}:role/partner"
        self.grant(OWNER, partner, TABLE)
        self.sees(partner, "")
        self.grant(OWNER, partner, DATABASE, "DESCRIBE")
        self.sees(partner, "id email amount")

    def test_rule_7_of_organizations_and_of_accounts_without_templates_no_database_is_asked(self) -> None:
        user = f"arn:aws:iam::{OWNER}:user/guest"
        organization = f"arn:aws:organizations::{OWNER}:organization/o-abcdefghij"
        for principal, seen in [(OUTSIDER, "id email amount"), (organization, "id email amount"), (user, "")]:
            with self.subTest(principal=principal):
                self.grant(OWNER, principal, TABLE)
                self.sees(principal, seen)

    def test_rule_7_what_an_account_received_it_cannot_open_to_everyone(self) -> None:
        self.grant(OWNER, SUBSCRIBER, TABLE, "ALL", "ALL")
        self.grant(SUBSCRIBER, "IAM_ALLOWED_PRINCIPALS", TABLE, "ALL")
        self.sees("IAM_ALLOWED_PRINCIPALS", "")

    def test_rule_7_everyone(self) -> None:
        self.grant(OWNER, "IAM_ALLOWED_PRINCIPALS", TABLE, "ALL")
        self.sees("IAM_ALLOWED_PRINCIPALS", "id email amount")

    def test_rule_7_kinds(self) -> None:
        for principal, kind, account in [
            (ROLE, "role", SUBSCRIBER),
            (f"arn:aws:iam::{OWNER}:user/guest", "user", OWNER),
            (OUTSIDER, "account", OUTSIDER),
            (f"arn:aws:organizations::{OWNER}:ou/o-abcdefghij/ou-abcd-11111111", "organization", None),
            (f"arn:aws:quicksight:eu-central-1:{OWNER}:group/default/readers", "group", OWNER),
            (f"arn:aws:iam::{OWNER}:saml-provider/corp:group/readers", "group", OWNER),
            ("IAM_ALLOWED_PRINCIPALS", "everyone", None),
        ]:
            with self.subTest(principal=principal):
                self.assertEqual((kind_of(principal), account_of(principal)), (kind, account))


class Published(Case):
    """Examples that AWS published."""

    def test_the_tutorial_of_tag_based_access_control(self) -> None:
        """Lake Formation guide, "Managing a data lake using tag-based access control": the database is Confidential=False, two
        columns are Sensitive=True, and the analyst, granted both, reads just these two."""
        self.mesh.database_tags[(OWNER, "lake")] = {"confidential": "false"}
        self.mesh.table_tags.clear()
        self.mesh.column_tags = {(*ORDERS, "email"): {"sensitive": "true"}, (*ORDERS, "amount"): {"sensitive": "true"}}
        self.grant(OWNER, LOCAL, tags("DATABASE", Confidential="False"), "DESCRIBE")
        self.grant(OWNER, LOCAL, tags(Confidential="False", Sensitive="True"), "SELECT DESCRIBE")
        self.sees(LOCAL, "email amount")
        self.may(LOCAL, "DESCRIBE SELECT")

    def test_the_marketing_department(self) -> None:
        """aws-lakeformation-best-practices, "Example Customer use case": data scientists of team A have all columns of customer but
        ssn, email and name, since these are Restricted; the insight analyst has product alone; the developer all of both. Which
        tag lies where is a picture there, and here what its text implies."""
        customer, product = (OWNER, "lake", "customer"), (OWNER, "lake", "product")
        self.mesh.tables = {customer: ["id", "ssn", "email", "name", "city"], product: ["id", "price"]}
        self.mesh.database_tags[(OWNER, "lake")] = {"domain": "marketing", "classification": "public"}
        self.mesh.table_tags = {
            customer: {"dataset": "non-shared", "appteam:teama": "yes", "level": "2"},
            product: {"dataset": "shared", "appteam:teama": "yes", "level": "3"},
        }
        self.mesh.column_tags = {(*customer, name): {"classification": "restricted"} for name in ("ssn", "email", "name")}
        expressions = {
            "scientist": tags(**{"AppTeam:TeamA": "yes", "Classification": "Public"}),
            "developer": tags(**{"AppTeam:TeamA": "yes"}),
            "insight": tags(Dataset="Shared", Classification="Public", level="2 3"),
        }
        for name, expression in expressions.items():
            self.grant(OWNER, f"arn:aws:iam::{OWNER}:role/{name}", expression, "ALL")
            self.grant(OWNER, f"arn:aws:iam::{OWNER}:role/{name}", DATABASE, "DESCRIBE")
        sight = BruteForce(self.mesh).sight()
        seen = {name: {table[2]: sorted(one.columns) for table, one in sight[f"arn:aws:iam::{OWNER}:role/{name}"].items()} for name in expressions}
        self.assertEqual(
            seen,
            {
                "scientist": {"customer": ["city", "id"], "product": ["id", "price"]},
                "developer": {"customer": ["city", "email", "id", "name", "ssn"], "product": ["id", "price"]},
                "insight": {"product": ["id", "price"]},
            },
        )
        permissions = {table[2]: one.permissions for table, one in sight[f"arn:aws:iam::{OWNER}:role/scientist"].items()}
        self.assertEqual(permissions, {"customer": ["DESCRIBE", "SELECT"], "product": ["ALL"]})

    def test_three_tables_and_three_keys(self) -> None:
        """aws-lakeformation-best-practices, "LF-Tags basics": Sensitivity=Public is customer and sales, Audit=true is sales alone, and so
        is Owner=Aarthi and Audit=true. The tables' tags are a picture there, and here what its text implies."""
        every = {name: (OWNER, "lake", name) for name in ("customer", "sales", "hr")}
        self.mesh.tables = {table: ["id"] for table in every.values()}
        self.mesh.database_tags.clear()
        self.mesh.table_tags = {
            every["customer"]: {"sensitivity": "public", "owner": "rick"},
            every["sales"]: {"sensitivity": "public", "owner": "aarthi", "audit": "true"},
            every["hr"]: {"sensitivity": "private", "owner": "aarthi"},
        }
        for expression, names in [
            (tags(Sensitivity="Public"), ["customer", "sales"]),
            (tags(Audit="true"), ["sales"]),
            (tags(Owner="Aarthi", Audit="true"), ["sales"]),
        ]:
            with self.subTest(names=names):
                self.mesh.grants.clear()
                self.local(expression)
                self.assertEqual([table[2] for table in BruteForce(self.mesh).sight()[LOCAL]], names)


class Switches(Case):
    """A feature that is switched off changes an answer, or counting by it would count nothing."""

    def test_each_feature(self) -> None:
        self.mesh.filters[(*ORDERS, "eu")] = Filter("region = 'eu'", ["id"], None)
        for feature, resource in [("overrides", tags(level="internal")), ("cell_filters", EU), ("exclude_lists", all_but("id"))]:
            with self.subTest(feature=feature):
                self.mesh.grants.clear()
                self.local(resource)
                self.assertNotEqual(self.seen(LOCAL), self.seen(LOCAL, Features(**{feature: False})))

    def test_grant_option(self) -> None:
        self.hops(TABLE, TABLE, grantable="")
        self.assertNotEqual(self.seen(ROLE), self.seen(ROLE, Features(grant_option=False)))


class Reading(unittest.TestCase):
    """Templates, intrinsics and seeds."""

    def test_intrinsics_and_parameters(self) -> None:
        template = {
            "Parameters": {"Catalog": {"Type": "String", "Default": OUTSIDER}},
            "Resources": {
                "Lake": {"Type": "AWS::Glue::Database", "Properties": {"CatalogId": {"Ref": "Catalog"}, "DatabaseInput": {"Name": "lake"}}},
                "Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "analyst", "Path": "/teams/"}},
                "Grant": {
                    "Type": "AWS::LakeFormation::PrincipalPermissions",
                    "Properties": {
                        "Principal": {"DataLakePrincipalIdentifier": {"Fn::GetAtt": ["Role", "Arn"]}},
                        "Resource": {"Database": {"CatalogId": {"Ref": "AWS::AccountId"}, "Name": {"Fn::Sub": "${Lake}"}}},
                        "Permissions": ["DESCRIBE"],
                        "PermissionsWithGrantOption": [],
                    },
                },
            },
        }
        mesh = read([(OWNER, "base.json", template, {"Catalog": OWNER})])
        self.assertEqual(mesh.databases, {(OWNER, "lake")})
        self.assertEqual(mesh.grants[0].principal, f"arn:aws:iam::{OWNER}:role/teams/analyst")
        self.assertEqual(mesh.grants[0].resource, DATABASE)

    def test_equal_seeds_give_equal_meshes_and_what_is_written_is_read(self) -> None:
        for seed in range(20):
            with self.subTest(seed=seed), tempfile.TemporaryDirectory() as directory:
                templates = generator.mesh(seed)
                self.assertEqual(json.dumps(templates), json.dumps(generator.mesh(seed)))
                generator.write(templates, Path(directory))
                self.assertEqual(read(templates_in(Path(directory))), read(templates))


class Comparing(unittest.TestCase):
    """compare.py against a program that is the brute-force evaluator itself, right or with a fault."""

    PROGRAM = """#!{python}
import json, sys
from pathlib import Path
sys.path.insert(0, {folder!r})
from brute_force import BruteForce, Features, kind_of
from reading import read, templates_in
mesh = read(templates_in(Path(sys.argv[sys.argv.index("--templates") + 1])))
principals = []
for principal, tables in BruteForce(mesh, Features({fault})).sight().items():
    told = []
    for table, seen in tables.items():
        columns = [dict(name=name, visible=True, rows=rows) for name, rows in seen.columns.items()]
        names = dict(zip(("catalog", "database", "table"), table))
        told.append(dict(**names, columns=columns, permissions=seen.permissions, discovered=seen.discovered))
    principals.append(dict(principal=principal, kind=kind_of(principal), tables=told))
print(json.dumps(dict(principals=principals)))
"""

    def run_with(self, fault: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        folder = Path(__file__).parent
        with tempfile.TemporaryDirectory() as directory:
            program = Path(directory) / "program"
            program.write_text(self.PROGRAM.format(python=sys.executable, folder=str(folder), fault=fault))
            program.chmod(0o755)
            command = [sys.executable, str(folder / "compare.py"), str(program), *arguments]
            return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "TMPDIR": directory})

    def test_equal_answers_agree(self) -> None:
        run = self.run_with("", "--seeds", "8", "--no-quota")
        self.assertEqual((run.returncode, run.stdout), (0, "8 meshes: both evaluators agree\n"))

    def test_a_fault_is_found_and_shrunk(self) -> None:
        run = self.run_with("overrides=False", "--seeds", "8", "--no-quota")
        self.assertEqual(run.returncode, 1, run.stderr)
        self.assertIn("they disagree on", run.stdout)
        self.assertIn("rule 1", run.stdout)

    def test_too_few_meshes_fail_the_quota(self) -> None:
        run = self.run_with("", "--seeds", "2")
        self.assertEqual(run.returncode, 1)
        self.assertIn("fewer than 100", run.stderr)

    def test_a_program_that_gives_no_answer_disagrees(self) -> None:
        run = self.run_with("nonsense=1", "--seeds", "1", "--no-quota")
        self.assertEqual(run.returncode, 1)
        self.assertIn("no answer", run.stdout)


if __name__ == "__main__":
    unittest.main()
