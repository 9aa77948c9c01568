"""The Lake Formation API over the wire (REST-JSON: the operation is the path), reading the launcher's own stores.

MiniStack has no such service. Pages are small on purpose, so that a client proves it follows NextToken.
"""

import json

from . import lake_changes, lake_rules, lake_store, sharing
from .answers import authorised_actor, json_answer
from .principals import Refused

PAGE = 10


def handle(action: str, headers: dict, body: bytes, request_id: str) -> tuple:
    """Answer one operation."""
    operation = _OPERATIONS.get(action)
    actor, refused = authorised_actor("lakeformation", action, ["*"], headers, request_id)
    if refused:
        return refused
    if operation is None:
        return json_answer(
            400,
            {"message": f"the local AWS does not emulate lakeformation:{action}"},
            request_id,
            "UnknownOperationException",
        )
    try:
        from ministack.core.responses import get_region

        data = json.loads(body or b"{}")
        return json_answer(200, operation(actor, get_region(), data), request_id)
    except Refused as refusal:
        code, _, message = str(refusal).partition(": ")
        if not code.endswith("Exception"):
            code, message = "InvalidInputException", str(refusal)
        return json_answer(403 if code == "AccessDeniedException" else 400, {"message": message}, request_id, code)


def _catalog(actor, data) -> str:
    """Every read is of the caller's own catalog: Lake Formation shows its books to nobody else."""
    catalog = str(data.get("CatalogId") or actor.account)
    if catalog != actor.account:
        raise Refused(
            f"AccessDeniedException: {actor.arn} cannot read the Lake Formation settings of catalog {catalog}"
        )
    return catalog


def _require_reader(actor, region, what):
    if not sharing.is_administrator(lake_store.lake(actor.account, region), actor.arn, read_only=True):
        raise Refused(
            f"AccessDeniedException: Insufficient Lake Formation permission(s) to {what}: {actor.arn} is neither "
            f"administrator nor read-only administrator of {actor.account}"
        )


def _page(name: str, items: list, data: dict) -> dict:
    start = int(data.get("NextToken") or 0)
    size = min(int(data.get("MaxResults") or PAGE), PAGE)
    answer = {name: items[start : start + size]}
    if start + size < len(items):
        answer["NextToken"] = str(start + size)
    return answer


def _get_settings(actor, region, data):
    settings = lake_store.lake(_catalog(actor, data), region).settings
    default = [{"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}]
    if settings is None:
        settings = {"CreateDatabaseDefaultPermissions": default, "CreateTableDefaultPermissions": default}
    return {
        "DataLakeSettings": {
            "DataLakeAdmins": settings.get("Admins") or [],
            "ReadOnlyAdmins": settings.get("ReadOnlyAdmins") or [],
            "CreateDatabaseDefaultPermissions": settings.get("CreateDatabaseDefaultPermissions", default),
            "CreateTableDefaultPermissions": settings.get("CreateTableDefaultPermissions", default),
            "Parameters": {key: str(value) for key, value in (settings.get("Parameters") or {}).items()},
            "TrustedResourceOwners": settings.get("TrustedResourceOwners") or [],
            "AllowExternalDataFiltering": bool(settings.get("AllowExternalDataFiltering")),
            "ExternalDataFilteringAllowList": settings.get("ExternalDataFilteringAllowList") or [],
            "AuthorizedSessionTagValueList": settings.get("AuthorizedSessionTagValueList") or [],
        }
    }


def _put_settings(actor, region, data):
    given = dict(data.get("DataLakeSettings") or {})
    given["Admins"] = given.pop("DataLakeAdmins", [])
    lake_changes.put_settings(actor, region, given, None)
    return {}


def _tag_pairs(catalog, tags) -> list[dict]:
    return [{"CatalogId": catalog, "TagKey": key, "TagValues": [value]} for key, value in sorted(tags.items())]


def _get_resource_tags(actor, region, data):
    catalog = _catalog(actor, data)
    _require_reader(actor, region, "read the LF-Tags of a resource")
    a_lake = lake_store.lake(catalog, region)
    kind, body = next(iter((data.get("Resource") or {"none": {}}).items()))
    database = body.get("Name") if kind == "Database" else body.get("DatabaseName")
    if lake_store.database(catalog, region, database or "") is None:
        raise Refused(f"EntityNotFoundException: Database {database} not found")
    with_assigned_only = bool(data.get("ShowAssignedLFTags"))
    answer = {"LFTagOnDatabase": _tag_pairs(catalog, lake_store.tags_of(a_lake, database))}
    if kind == "Database":
        return answer
    table = lake_store.table(catalog, region, database, body.get("Name"))
    if table is None:
        raise Refused(f"EntityNotFoundException: Table {database}.{body.get('Name')} not found")

    def shown(*target):
        kinds = {2: "table", 3: "column"}
        if with_assigned_only:
            return a_lake.associations.get((kinds[len(target)], *target), {})
        return lake_store.tags_of(a_lake, *target)

    answer["LFTagsOnTable"] = _tag_pairs(catalog, shown(database, table["Name"]))
    wanted = set(body.get("ColumnNames") or []) or None
    answer["LFTagsOnColumns"] = [
        {"Name": column["Name"], "LFTags": _tag_pairs(catalog, shown(database, table["Name"], column["Name"]))}
        for column in lake_store.columns(table)
        if wanted is None or column["Name"] in wanted
    ]
    return answer


def _get_tag(actor, region, data):
    catalog = _catalog(actor, data)
    _require_reader(actor, region, "read an LF-Tag")
    a_lake = lake_store.lake(catalog, region)
    key = data.get("TagKey")
    if key not in a_lake.tags:
        raise Refused(f"EntityNotFoundException: LF-Tag key {key} does not exist")
    return {"CatalogId": catalog, "TagKey": key, "TagValues": a_lake.tags[key]}


def _list_tags(actor, region, data):
    catalog = _catalog(actor, data)
    _require_reader(actor, region, "list LF-Tags")
    tags = lake_store.lake(catalog, region).tags
    return _page(
        "LFTags", [{"CatalogId": catalog, "TagKey": key, "TagValues": tags[key]} for key in sorted(tags)], data
    )


def _location(entry) -> dict:
    return {
        key: value for key, value in (("ResourceArn", entry["ResourceArn"]), ("RoleArn", entry.get("RoleArn"))) if value
    }


def _list_resources(actor, region, data):
    locations = lake_store.lake(_catalog(actor, data), region).locations
    return _page("ResourceInfoList", [_location(locations[arn]) for arn in sorted(locations)], data)


def _describe_resource(actor, region, data):
    entry = lake_store.lake(actor.account, region).locations.get(data.get("ResourceArn"))
    if entry is None:
        raise Refused(f"EntityNotFoundException: {data.get('ResourceArn')} is not registered")
    return {"ResourceInfo": _location(entry)}


def _resource_type(resource: dict) -> str:
    kind, body = next(iter(resource.items()))
    return {
        "Catalog": "CATALOG",
        "Database": "DATABASE",
        "Table": "TABLE",
        "TableWithColumns": "TABLE",
        "DataLocation": "DATA_LOCATION",
        "LFTag": "LF_TAG",
        "DataCellsFilter": "TABLE",
        "LFTagPolicy": f"LF_TAG_POLICY_{body.get('ResourceType')}",
    }[kind]


def _list_permissions(actor, region, data):
    catalog = _catalog(actor, data)
    principal = (data.get("Principal") or {}).get("DataLakePrincipalIdentifier")
    if principal != actor.arn:
        _require_reader(actor, region, "list the permissions of others")
    wanted = lake_store.canonical_resource(data["Resource"], catalog) if data.get("Resource") else None
    kind = data.get("ResourceType")
    found = []
    for (account, where), a_lake in sorted(lake_store.lakes().items()):
        if where != region:
            continue
        for _, grant in sorted(list(a_lake.grants.items()), key=lambda item: item[0]):
            # An account lists what it granted, and what other accounts granted to it as an account.
            received = account != catalog and grant.principal == catalog and sharing.arrived(grant)
            if (account == catalog or received) and lake_store.is_alive(
                lake_store.catalog_lake(grant, account, region), grant
            ):
                found.append(grant)
    answer = []
    for grant in found:
        if principal and grant.principal != principal:
            continue
        if wanted and lake_store.resource_key(grant.resource) != lake_store.resource_key(wanted):
            continue
        if kind and not (
            _resource_type(grant.resource) == kind
            or (kind == "LF_TAG_POLICY" and _resource_type(grant.resource).startswith("LF_TAG_POLICY"))
        ):
            continue
        answer.append(
            {
                "Principal": {"DataLakePrincipalIdentifier": grant.principal},
                "Resource": grant.resource,
                "Permissions": grant.permissions,
                "PermissionsWithGrantOption": grant.grantable,
            }
        )
    return _page("PrincipalResourcePermissions", answer, data)


def _grant_arguments(data):
    resource = data.get("Resource") or {}
    lake_rules.single_member(resource, "the request")
    return (
        (data.get("Principal") or {}).get("DataLakePrincipalIdentifier") or "",
        resource,
        data.get("Permissions") or [],
        data.get("PermissionsWithGrantOption") or [],
    )


def _grant(actor, region, data):
    principal, resource, permissions, grantable = _grant_arguments(data)
    lake_changes.grant(actor, region, principal, resource, permissions, grantable, None)
    return {}


def _revoke(actor, region, data):
    principal, resource, permissions, grantable = _grant_arguments(data)
    if not sharing.is_administrator(lake_store.lake(actor.account, region), actor.arn):
        raise Refused(
            f"AccessDeniedException: Insufficient Lake Formation permission(s): {actor.arn} is no administrator of "
            f"{actor.account}"
        )
    lake_changes.revoke(actor, region, principal, resource, permissions, grantable, None)
    return {}


_OPERATIONS = {
    "GetDataLakeSettings": _get_settings,
    "PutDataLakeSettings": _put_settings,
    "GetResourceLFTags": _get_resource_tags,
    "GetLFTag": _get_tag,
    "ListLFTags": _list_tags,
    "ListResources": _list_resources,
    "DescribeResource": _describe_resource,
    "ListPermissions": _list_permissions,
    "GrantPermissions": _grant,
    "RevokePermissions": _revoke,
}
