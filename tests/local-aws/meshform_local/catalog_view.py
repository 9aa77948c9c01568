"""Which tables and columns a role sees through its own account's catalog: local tables, and those behind a link."""

from dataclasses import dataclass

from . import lake_store, sharing
from .lake_store import Grant


@dataclass(frozen=True)
class Seen:
    """A table as named from one account: where it really lies."""

    catalog: str
    database: str
    table: dict
    # The link that leads there, or None for a local table.
    link: str | None


def find(account: str, region: str, database: str, table: str) -> Seen | None:
    """The table behind a name, followed through a resource link; None when there is none or nothing is shared."""
    named = lake_store.database(account, region, database)
    if named is None:
        return None
    target = named.get("TargetDatabase")
    if not target:
        found = lake_store.table(account, region, database, table)
        return Seen(account, database, found, None) if found else None
    catalog, name = str(target.get("CatalogId") or account), target["DatabaseName"]
    found = lake_store.table(catalog, region, name, table)
    if found is None:
        return None
    given = sharing.grants_to(catalog, region, account)
    a_lake = lake_store.lake(catalog, region)
    if catalog != account and all(sharing.visible_columns(a_lake, grant, name, found) is None for grant in given):
        return None
    return Seen(catalog, name, found, database)


def selectable_columns(account: str, region: str, arn: str, seen: Seen) -> set[str]:
    """The columns that a role may select: an administrator has no right to data of its own."""
    a_lake = lake_store.lake(seen.catalog, region)
    if seen.catalog == account and open_to_all(a_lake, seen.catalog, seen.database):
        return {column["Name"] for column in lake_store.columns(seen.table)}
    found: set[str] = set()
    for grant in _data_grants(account, region, arn, seen.catalog):
        if {"SELECT", "ALL"} & set(grant.permissions):
            found |= sharing.visible_columns(a_lake, grant, seen.database, seen.table) or set()
    return found


def sees_link(account: str, region: str, arn: str, link: str) -> bool:
    """Whether a role may describe a resource link of its account; without it queries do not find the database."""
    a_lake = lake_store.lake(account, region)
    if open_to_all(a_lake, account, link) or sharing.is_administrator(a_lake, arn, read_only=True):
        return True
    resource = {"Database": {"CatalogId": account, "Name": link}}
    grant = a_lake.grants.get((arn, lake_store.resource_key(resource)))
    return grant is not None and bool({"DESCRIBE", "ALL"} & set(grant.permissions))


def open_to_all(a_lake, catalog: str, database: str) -> bool:
    """Whether IAM_ALLOWED_PRINCIPALS holds a database, so that IAM alone decides."""
    resource = {"Database": {"CatalogId": catalog, "Name": database}}
    return ("IAM_ALLOWED_PRINCIPALS", lake_store.resource_key(resource)) in a_lake.grants


def _data_grants(account: str, region: str, arn: str, catalog: str) -> list[Grant]:
    direct = sharing.grants_to(catalog, region, arn)
    if catalog == account:
        return direct
    shared = {lake_store.resource_key(grant.resource) for grant in sharing.grants_to(catalog, region, account)}
    own = lake_store.lake(account, region)
    with lake_store.lock:
        local = [grant for grant in own.grants.values() if grant.principal == arn]
    return direct + [grant for grant in local if lake_store.resource_key(grant.resource) in shared]
