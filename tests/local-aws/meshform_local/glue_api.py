"""GetDatabase, GetDatabases, GetTable and GetTables over the wire, also of another account's catalog.

MiniStack knows only the caller's own catalog and checks one wrong ARN (`table/<name>` for a database). AWS checks
the catalog, the database and the table, in the account that owns the catalog. A resource link is followed.
"""

import copy
import json

from . import lake_store, sharing
from .answers import authorised_actor, json_answer

HANDLED = frozenset({"GetDatabase", "GetDatabases", "GetTable", "GetTables"})
PAGE = 10


def arns(action: str, account: str, region: str, database: str | None, table: str | None) -> list[str]:
    """The ARNs that IAM is asked for: the catalog, the database and the table, in the account that owns them."""
    prefix = f"arn:aws:glue:{region}:{account}:"
    found = [prefix + "catalog"]
    if action == "GetDatabases":
        found.append(prefix + "database/*")
    if database:
        found.append(prefix + f"database/{database}")
    if table:
        found.append(prefix + f"table/{database}/{table}")
    return found


def handle(action: str, headers: dict, body: bytes, request_id: str) -> tuple:
    """Answer one of the four calls."""
    from ministack.core.responses import get_account_id, get_region

    data = json.loads(body or b"{}")
    account, region = get_account_id(), get_region()
    catalog = str(data.get("CatalogId") or account)
    database = data.get("Name") if action == "GetDatabase" else data.get("DatabaseName")
    table = {"GetTable": data.get("Name"), "GetTables": "*"}.get(action)
    actor, refused = authorised_actor(
        "glue", action, arns(action, catalog, region, database, table), headers, request_id
    )
    if refused:
        return refused
    link = lake_store.database(catalog, region, database) if database else None
    target = (link or {}).get("TargetDatabase")
    if target and action in ("GetTable", "GetTables"):
        # A link has no tables of its own: the call goes on to the database behind it.
        catalog, database = str(target.get("CatalogId") or catalog), target["DatabaseName"]
        actor, refused = authorised_actor(
            "glue", action, arns(action, catalog, region, database, table), headers, request_id
        )
        if refused:
            return refused
    view = _View(actor, catalog, region)
    if action == "GetDatabases":
        return _page("DatabaseList", view.databases(), data, request_id)
    if not view.database(database):
        return json_answer(400, {"message": f"Database {database} not found."}, request_id, "EntityNotFoundException")
    if view.foreign and not view.sees(database):
        message = f"Insufficient Lake Formation permission(s): Required Describe on {database}"
        code = "AccessDeniedException" if view.account_sees(database) else "EntityNotFoundException"
        return json_answer(
            400,
            {"message": message if code.startswith("Access") else f"Database {database} not found."},
            request_id,
            code,
        )
    if action == "GetDatabase":
        return json_answer(200, {"Database": _clean(view.database(database))}, request_id)
    found = view.tables(database)
    if action == "GetTables":
        return _page("TableList", found, data, request_id)
    for item in found:
        if item["Name"] == data.get("Name"):
            return json_answer(200, {"Table": item}, request_id)
    return json_answer(
        400, {"message": f"Table {data.get('Name')} not found in {database}."}, request_id, "EntityNotFoundException"
    )


class _View:
    """What one principal sees of one catalog; its own account's catalog whole."""

    def __init__(self, actor, catalog: str, region: str):
        self.actor, self.catalog, self.region = actor, catalog, region
        self.foreign = actor.account != catalog
        self.lake = lake_store.lake(catalog, region)
        self.grants = sharing.reader_grants(catalog, region, actor.account, actor.arn) if self.foreign else []

    def database(self, name: str) -> dict | None:
        return lake_store.database(self.catalog, self.region, name)

    def account_sees(self, name: str) -> bool:
        return sharing.shared_with_account(self.catalog, self.region, self.actor.account, name)

    def sees(self, name: str) -> bool:
        return any(sharing.touches_database(self.lake, self.catalog, self.region, grant, name) for grant in self.grants)

    def databases(self) -> list[dict]:
        from ministack.services import glue

        found = [
            value
            for (owner, where, _), value in glue._databases.to_dict().items()
            if owner == self.catalog and where == self.region and (not self.foreign or self.sees(value["Name"]))
        ]
        return [_clean(value) for value in sorted(found, key=lambda value: value["Name"])]

    def tables(self, database: str) -> list[dict]:
        result = []
        for table in lake_store.tables(self.catalog, self.region, database):
            shown = copy.deepcopy(table)
            if self.foreign:
                parts = [sharing.visible_columns(self.lake, grant, database, table) for grant in self.grants]
                visible = set().union(*(part for part in parts if part is not None))
                if all(part is None for part in parts):
                    continue
                storage = shown.get("StorageDescriptor") or {}
                storage["Columns"] = [column for column in storage.get("Columns") or [] if column["Name"] in visible]
                shown["PartitionKeys"] = [key for key in shown.get("PartitionKeys") or [] if key["Name"] in visible]
            location = (table.get("StorageDescriptor") or {}).get("Location")
            shown["IsRegisteredWithLakeFormation"] = _registered(self.lake, location)
            result.append(_clean(shown))
        return result


def _registered(a_lake, location) -> bool:
    from . import lake_rules

    return bool(location) and lake_rules.covering_location(a_lake, location) is not None


def _clean(item: dict) -> dict:
    """Without the members that AWS would leave out."""
    return {key: value for key, value in item.items() if value is not None}


def _page(name: str, items: list[dict], data: dict, request_id: str) -> tuple:
    start = int(data.get("NextToken") or 0)
    size = min(int(data.get("MaxResults") or PAGE), PAGE)
    answer = {name: items[start : start + size]}
    if start + size < len(items):
        answer["NextToken"] = str(start + size)
    return json_answer(200, answer, request_id)
