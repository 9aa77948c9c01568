"""Who sees what of a catalog: the part that real AWS spreads over Lake Formation, RAM and Glue."""

import time

from . import control, lake_store
from .lake_store import Grant, Lake


def arrived(grant: Grant) -> bool:
    """A cross-account grant is seen by the other side only after a while (RAM association)."""
    return time.monotonic() - grant.since >= control.control.share_delay_ms / 1000


def grants_to(catalog: str, region: str, principal: str) -> list[Grant]:
    """The live, arrived grants of a catalog to one principal."""
    a_lake = lake_store.lake(catalog, region)
    with lake_store.lock:
        return [
            grant
            for grant in a_lake.grants.values()
            if grant.principal == principal and lake_store.is_alive(a_lake, grant) and arrived(grant)
        ]


def touches_database(a_lake: Lake, catalog: str, region: str, grant: Grant, name: str) -> bool:
    """Whether a grant reaches a database or anything in it."""
    kind, body = next(iter(grant.resource.items()))
    if kind == "Database":
        return body["Name"] == name
    if kind in ("Table", "TableWithColumns"):
        return body.get("DatabaseName") == name
    if kind != "LFTagPolicy":
        return False
    if body["ResourceType"] == "DATABASE":
        return lake_store.matches(a_lake, body["Expression"], lake_store.tags_of(a_lake, name))
    return any(
        visible_columns(a_lake, grant, name, table) is not None for table in lake_store.tables(catalog, region, name)
    )


def visible_columns(a_lake: Lake, grant: Grant, database: str, table: dict) -> set[str] | None:
    """The columns of a table that a grant shows; None when the grant does not reach the table."""
    kind, body = next(iter(grant.resource.items()))
    every = {column["Name"] for column in lake_store.columns(table)}
    name = table["Name"]
    if kind in ("Table", "TableWithColumns") and body.get("DatabaseName") == database:
        if kind == "Table":
            return every if "TableWildcard" in body or body.get("Name") == name else None
        if body.get("Name") != name:
            return None
        hidden = set((body.get("ColumnWildcard") or {}).get("ExcludedColumnNames") or [])
        return set(body["ColumnNames"]) & every if "ColumnNames" in body else every - hidden
    if kind == "LFTagPolicy" and body["ResourceType"] == "TABLE":
        shown = {
            column
            for column in every
            if lake_store.matches(a_lake, body["Expression"], lake_store.tags_of(a_lake, database, name, column))
        }
        # A table is decided per column; one without columns is decided by its own tags.
        own = lake_store.matches(a_lake, body["Expression"], lake_store.tags_of(a_lake, database, name))
        return shown if shown or (own and not every) else None
    return None


def _same_resource(first: Grant, second: Grant) -> bool:
    return lake_store.resource_key(first.resource) == lake_store.resource_key(second.resource)


def reader_grants(catalog: str, region: str, account: str, arn: str) -> list[Grant]:
    """The grants by which a principal of another account reads a catalog.

    An administrator (or read-only administrator) of its own account sees what the account was given. Anyone else
    needs a grant to its own role: given directly by the catalog's account, or handed on in its own.
    """
    direct = grants_to(catalog, region, arn)
    shared = grants_to(catalog, region, account)
    own = lake_store.lake(account, region)
    if not control.control.catalog_needs_admin or is_administrator(own, arn, read_only=True):
        return direct + shared
    with lake_store.lock:
        local = [grant for grant in own.grants.values() if grant.principal == arn]
    return direct + [grant for grant in local if any(_same_resource(grant, given) for given in shared)]


def shared_with_account(catalog: str, region: str, account: str, database: str) -> bool:
    """Whether anything of the database has reached the account."""
    a_lake = lake_store.lake(catalog, region)
    return any(
        touches_database(a_lake, catalog, region, grant, database) for grant in grants_to(catalog, region, account)
    )


def is_administrator(a_lake: Lake, arn: str, read_only: bool = False) -> bool:
    """Whether a principal is a Lake Formation administrator of this account."""
    settings = a_lake.settings or {}
    names = [entry.get("DataLakePrincipalIdentifier") for entry in settings.get("Admins") or []]
    if read_only:
        names += [entry.get("DataLakePrincipalIdentifier") for entry in settings.get("ReadOnlyAdmins") or []]
    return arn in names
