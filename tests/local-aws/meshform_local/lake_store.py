"""What Lake Formation knows in each account and region: settings, tags, associations, locations, grants.

Pure data and lookups; the rules are in `lake_rules`. Tables and databases themselves stay in MiniStack's Glue
stores. Everything is guarded by one lock, since resources are made on worker threads.
"""

import json
import threading
import time
from dataclasses import dataclass, field

lock = threading.RLock()


@dataclass
class Grant:
    """One principal's permissions on one resource."""

    principal: str
    resource: dict  # canonical, see `canonical_resource`
    permissions: list[str]
    grantable: list[str]
    # (stack id, logical id) of the PrincipalPermissions resource; None for a grant made over the API.
    owner: tuple | None
    since: float = field(default_factory=time.monotonic)


@dataclass
class Lake:
    """Lake Formation of one account in one region."""

    # None until somebody has put settings.
    settings: dict | None = None
    settings_owner: tuple | None = None
    # key -> values, in the order given
    tags: dict[str, list[str]] = field(default_factory=dict)
    # ("database", db) | ("table", db, table) | ("column", db, table, column) -> key -> value
    associations: dict[tuple, dict[str, str]] = field(default_factory=dict)
    # location ARN -> {"ResourceArn", "RoleArn", ...}
    locations: dict[str, dict] = field(default_factory=dict)
    # (principal, resource as JSON) -> grant
    grants: dict[tuple[str, str], Grant] = field(default_factory=dict)
    # grants that are being made right now
    in_flight: int = 0


_lakes: dict[tuple[str, str], Lake] = {}


def reset() -> None:
    """Forget everything."""
    with lock:
        _lakes.clear()


def lake(account: str, region: str) -> Lake:
    """Lake Formation of this account and region."""
    with lock:
        return _lakes.setdefault((account, region), Lake())


def lakes() -> dict[tuple[str, str], Lake]:
    """All of them, by account and region."""
    with lock:
        return dict(_lakes)


def canonical_resource(resource: dict, account: str) -> dict:
    """One spelling for one resource: the catalog written out, expressions and columns sorted."""
    kind, body = next(iter(resource.items()))
    body = dict(body or {})
    if kind in ("Database", "Table", "TableWithColumns", "LFTag", "LFTagPolicy", "DataLocation"):
        body["CatalogId"] = str(body.get("CatalogId") or account)
    if kind == "LFTagPolicy":
        body["Expression"] = sorted(
            (
                {"TagKey": pair.get("TagKey"), "TagValues": sorted(pair.get("TagValues") or [])}
                for pair in body.get("Expression") or []
            ),
            key=lambda pair: str(pair["TagKey"]),
        )
    if "ColumnNames" in body:
        body["ColumnNames"] = sorted(body["ColumnNames"])
    return {kind: body}


def resource_key(resource: dict) -> str:
    """A canonical resource as a dictionary key and as the resource's identifier."""
    return json.dumps(resource, sort_keys=True)


def database(account: str, region: str, name: str) -> dict | None:
    """A Glue database by account, wherever the caller is."""
    from ministack.services import glue

    return glue._databases.get_scoped(account, region, name)


def table(account: str, region: str, database_name: str, name: str) -> dict | None:
    """A Glue table by account, wherever the caller is."""
    from ministack.services import glue

    return glue._tables.get_scoped(account, region, f"{database_name}/{name}")


def tables(account: str, region: str, database_name: str) -> list[dict]:
    """The tables of a database, by name."""
    from ministack.services import glue

    start = f"{database_name}/"
    found = [
        value
        for (owner, where, key), value in glue._tables.to_dict().items()
        if owner == account and where == region and key.startswith(start)
    ]
    return sorted(found, key=lambda item: item["Name"])


def columns(a_table: dict) -> list[dict]:
    """Columns and partition keys: partition keys are columns too."""
    storage = a_table.get("StorageDescriptor") or {}
    return [*(storage.get("Columns") or []), *(a_table.get("PartitionKeys") or [])]


def tags_of(a_lake: Lake, *target: str) -> dict[str, str]:
    """The effective tags of a database, table or column: inherited, an own value overrides."""
    found: dict[str, str] = {}
    for length, kind in ((1, "database"), (2, "table"), (3, "column")):
        if len(target) >= length:
            found.update(a_lake.associations.get((kind, *target[:length]), {}))
    return found


def matches(a_lake: Lake, expression: list[dict], tags: dict[str, str]) -> bool:
    """AND over keys, OR inside a key's values. A key or value that is no longer a tag matches nothing."""
    return bool(expression) and all(
        pair["TagKey"] in a_lake.tags
        and tags.get(pair["TagKey"]) in pair["TagValues"]
        and tags.get(pair["TagKey"]) in a_lake.tags[pair["TagKey"]]
        for pair in expression
    )


def is_alive(a_lake: Lake, grant: Grant) -> bool:
    """Whether a tag grant still speaks of tags that exist; deleting a tag empties its grants silently."""
    policy = grant.resource.get("LFTagPolicy")
    return policy is None or all(
        set(pair["TagValues"]) & set(a_lake.tags.get(pair["TagKey"], [])) for pair in policy["Expression"]
    )


def as_json() -> list[dict]:
    """Everything, for `GET /_local/lakeformation`: one entry for each account and region."""
    with lock:
        return [
            _lake_as_json(account, region, a_lake)
            for (account, region), a_lake in sorted(lakes().items(), key=lambda item: item[0])
        ]


def _lake_as_json(account: str, region: str, a_lake: Lake) -> dict:
    return {
        "account": account,
        "region": region,
        "settings": a_lake.settings,
        "settingsOwner": list(a_lake.settings_owner) if a_lake.settings_owner else None,
        "tags": dict(a_lake.tags),
        "associations": [
            {"target": list(target), "tags": dict(tags)} for target, tags in sorted(a_lake.associations.items())
        ],
        "locations": list(a_lake.locations.values()),
        "grants": [_grant_as_json(grant, account, region) for _, grant in sorted(a_lake.grants.items())],
    }


def _grant_as_json(grant: Grant, account: str, region: str) -> dict:
    return {
        "principal": grant.principal,
        "resource": grant.resource,
        "permissions": grant.permissions,
        "permissionsWithGrantOption": grant.grantable,
        "owner": list(grant.owner) if grant.owner else None,
        "alive": is_alive(catalog_lake(grant, account, region), grant),
    }


def catalog_lake(grant: Grant, account: str, region: str) -> Lake:
    """The lake whose tags a grant speaks of: that of the resource's catalog."""
    body = next(iter(grant.resource.values()))
    return lake(body.get("CatalogId") or account, region)
