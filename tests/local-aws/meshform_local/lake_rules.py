"""What Lake Formation refuses: the rules for grants. Each raises `Refused` with a text that names the resource.

The sources are in the README's table. Rules marked there as ours prove that meshform keeps our rule, no more.
"""

import re

from . import lake_store, principals, sharing
from .lake_store import Grant
from .principals import Actor, Refused

_DATABASE = {"ALL", "CREATE_TABLE", "ALTER", "DROP", "DESCRIBE"}
_TABLE = {"ALL", "SELECT", "INSERT", "DELETE", "ALTER", "DROP", "DESCRIBE"}
FITTING = {
    "Catalog": {"ALL", "CREATE_DATABASE", "CREATE_LF_TAG"},
    "Database": _DATABASE,
    "Table": _TABLE,
    "TableWithColumns": {"SELECT"},
    "DataLocation": {"DATA_LOCATION_ACCESS"},
    "DataCellsFilter": {"SELECT"},
    "LFTag": {"DESCRIBE", "ASSOCIATE", "GRANT_WITH_LF_TAG_EXPRESSION", "ALTER", "DROP"},
}
_OTHER_PRINCIPAL = re.compile(r"arn:aws:(organizations|quicksight):.*|arn:aws:iam::\d{12}:saml-provider/.*")


def single_member(resource: dict, logical_id: str) -> None:
    """Exactly one target: `Catalog: {}` beside a table already is two."""
    members = [name for name, value in (resource or {}).items() if value is not None]
    if len(members) != 1:
        raise Refused(
            f"InvalidInputException: Resource must have exactly one of its members, {logical_id} has "
            f"{len(members)}: {', '.join(members) or 'none'}"
        )


def covering_location(a_lake, path: str) -> dict | None:
    """The registered location that holds an S3 path or ARN; a registered parent covers its children."""
    wanted = path.replace("s3a://", "s3://").replace("s3://", "arn:aws:s3:::").rstrip("/")
    for registered, location in list(a_lake.locations.items()):
        parent = registered.rstrip("/")
        if wanted == parent or wanted.startswith(parent + "/"):
            return location
    return None


def check_principal(principal: str) -> None:
    """A grant to a role or user that does not exist is refused."""
    if principal == "IAM_ALLOWED_PRINCIPALS" or _OTHER_PRINCIPAL.fullmatch(principal):
        return
    if principals.ACCOUNT_ROOT.fullmatch(principal) or not principals.principal_exists(principal) or principal == "*":
        raise Refused(f"InvalidInputException: Invalid principal, {principal} does not exist")


def _check_expression(a_lake, policy: dict) -> None:
    expression = policy.get("Expression") or []
    if policy.get("ResourceType") not in ("DATABASE", "TABLE"):
        raise Refused("InvalidInputException: LFTagPolicy.ResourceType must be DATABASE or TABLE")
    if not 1 <= len(expression) <= 5:
        raise Refused(f"InvalidInputException: an LFTagPolicy expression has 1 to 5 conditions, not {len(expression)}")
    keys = [pair["TagKey"] for pair in expression]
    if len(set(keys)) != len(keys):
        raise Refused(f"InvalidInputException: a tag key occurs twice in the expression: {', '.join(keys)}")
    for pair in expression:
        check_tag(a_lake, pair["TagKey"], pair["TagValues"])


def check_tag(a_lake, key: str, values: list[str]) -> None:
    """A tag key or value that was not created is refused."""
    if key not in a_lake.tags:
        raise Refused(f"EntityNotFoundException: LF-Tag key {key} does not exist")
    if not values:
        raise Refused(f"InvalidInputException: LF-Tag {key} is given without a value")
    unknown = [value for value in values if value not in a_lake.tags[key]]
    if unknown:
        raise Refused(f"EntityNotFoundException: LF-Tag value {key}={', '.join(unknown)} does not exist")


def _check_registered(a_lake, table: dict, catalog: str) -> None:
    location = (table.get("StorageDescriptor") or {}).get("Location")
    if not location or covering_location(a_lake, location) is None:
        raise Refused(
            f"InvalidInputException: the location {location or '(none)'} of table "
            f"{table['DatabaseName']}.{table['Name']} is not registered with Lake Formation in {catalog}"
        )


def check_target(resource: dict, permissions: list[str], region: str) -> None:
    """The database, table, columns, tags and locations of a grant exist, and the locations are registered."""
    kind, body = next(iter(resource.items()))
    catalog = body.get("CatalogId") or ""
    a_lake = lake_store.lake(catalog, region)
    if kind == "LFTagPolicy":
        _check_expression(a_lake, body)
        if body["ResourceType"] == "TABLE":
            _check_matching_tables(a_lake, catalog, region, resource)
    elif kind == "LFTag":
        check_tag(a_lake, body.get("TagKey"), body.get("TagValues") or [])
    elif kind == "DataLocation":
        if covering_location(a_lake, body.get("ResourceArn") or "") is None:
            raise Refused(
                f"EntityNotFoundException: Data location {body.get('ResourceArn')} is not registered in {catalog}"
            )
    elif kind == "Database":
        database = lake_store.database(catalog, region, body.get("Name"))
        if database is None:
            raise Refused(f"EntityNotFoundException: Database {body.get('Name')} not found in catalog {catalog}")
        if database.get("TargetDatabase") and not set(permissions) <= {"DESCRIBE", "DROP"}:
            raise Refused(
                f"InvalidInputException: on the resource link {body.get('Name')} only DESCRIBE and DROP can be "
                f"granted, not {', '.join(permissions)}"
            )
    elif kind in ("Table", "TableWithColumns"):
        _check_table(a_lake, catalog, region, kind, body)


def _check_table(a_lake, catalog: str, region: str, kind: str, body: dict) -> None:
    if lake_store.database(catalog, region, body.get("DatabaseName")) is None:
        raise Refused(f"EntityNotFoundException: Database {body.get('DatabaseName')} not found in catalog {catalog}")
    if kind == "Table" and "TableWildcard" in body:
        for table in lake_store.tables(catalog, region, body["DatabaseName"]):
            _check_registered(a_lake, table, catalog)
        return
    table = lake_store.table(catalog, region, body["DatabaseName"], body.get("Name"))
    if table is None:
        raise Refused(
            f"EntityNotFoundException: Table {body['DatabaseName']}.{body.get('Name')} not found in catalog {catalog}"
        )
    _check_registered(a_lake, table, catalog)
    known = {column["Name"] for column in lake_store.columns(table)}
    unknown = [name for name in body.get("ColumnNames") or [] if name not in known]
    if unknown:
        raise Refused(
            f"EntityNotFoundException: table {table['DatabaseName']}.{table['Name']} has no column {', '.join(unknown)}"
        )


def _check_matching_tables(a_lake, catalog: str, region: str, resource: dict) -> None:
    """A tag grant on tables reaches every table of which one column matches."""
    reached = Grant("", resource, [], [], None)
    for database in sorted({target[1] for target in list(a_lake.associations)}):
        for table in lake_store.tables(catalog, region, database):
            if sharing.visible_columns(a_lake, reached, database, table) is not None:
                _check_registered(a_lake, table, catalog)


def check_permissions(resource: dict, permissions: list[str], grantable: list[str]) -> None:
    """The permissions exist for this kind of resource, and the grant option covers no more than is granted."""
    kind, body = next(iter(resource.items()))
    if kind == "LFTagPolicy":
        fitting = _DATABASE if body.get("ResourceType") == "DATABASE" else _TABLE
    else:
        fitting = FITTING.get(kind)
    if fitting is None:
        raise Refused(f"InvalidInputException: unknown resource kind {kind}")
    if not permissions:
        raise Refused("InvalidInputException: Permissions must not be empty")
    wrong = sorted(set(permissions) - fitting)
    if wrong:
        raise Refused(
            f"InvalidInputException: Permissions modification is invalid: {', '.join(wrong)} does not fit {kind}"
        )
    beyond = sorted(set(grantable) - set(permissions))
    if beyond:
        raise Refused(f"InvalidInputException: grant option for {', '.join(beyond)}, which is not granted")


def check_external(account: str, principal: str, resource: dict, permissions: list[str], grantable: list[str]) -> None:
    """What may not go to another account: ALL or DROP on a database, and a tag grant without grant option."""
    target = principals.account_of(principal)
    kind, body = next(iter(resource.items()))
    catalog = body.get("CatalogId") or account
    if target is None or target == catalog:
        return
    if catalog != account:
        if target != account:
            raise Refused(
                f"AccessDeniedException: account {account} may hand on what catalog {catalog} shares only to its "
                f"own principals, not to {principal}"
            )
        return
    on_database = kind == "Database" or (kind == "LFTagPolicy" and body.get("ResourceType") == "DATABASE")
    wrong = sorted({"ALL", "DROP"} & set(permissions))
    if on_database and wrong:
        raise Refused(
            f"InvalidInputException: {', '.join(wrong)} on a database cannot be granted to external account {target}"
        )
    missing = sorted(set(permissions) - set(grantable))
    if kind == "LFTagPolicy" and principals.ACCOUNT.fullmatch(principal) and missing:
        raise Refused(
            f"InvalidInputException: an LF-Tag grant to account {target} needs the grant option for {', '.join(missing)}"
        )
    if kind in ("Database", "Table", "TableWithColumns"):
        lake = lake_store.lake(catalog, _region())
        name = body.get("Name") if kind == "Database" else body.get("DatabaseName")
        if any(
            grant.principal == "IAM_ALLOWED_PRINCIPALS" and next(iter(grant.resource.values())).get("Name") == name
            for grant in list(lake.grants.values())
        ):
            raise Refused(f"AccessDeniedException: IAM_ALLOWED_PRINCIPALS still holds permissions on database {name}")


def _region() -> str:
    from ministack.core.responses import get_region

    return get_region()


def check_grantor(actor: Actor, principal: str, resource: dict, permissions: list[str], region: str) -> None:
    """Only an administrator, or a holder with grant option, grants; another account's catalog needs cascade rule 1."""
    catalog = next(iter(resource.values())).get("CatalogId") or actor.account
    own = lake_store.lake(actor.account, region)
    wanted = lake_store.resource_key(resource)
    if catalog != actor.account:
        held = [
            grant
            for grant in sharing.grants_to(catalog, region, actor.account)
            if lake_store.resource_key(grant.resource) == wanted
        ]
        grantable = {permission for grant in held for permission in grant.grantable}
        missing = sorted(set(permissions) - grantable)
        if missing:
            raise Refused(
                f"AccessDeniedException: Insufficient Lake Formation permission(s): account {actor.account} does not hold "
                f"{', '.join(missing)} with grant option on the identical resource {wanted} of catalog {catalog}"
            )
    if sharing.is_administrator(own, actor.arn):
        return
    if not _holds_with_grant_option(own, actor.arn, wanted, permissions):
        raise Refused(
            f"AccessDeniedException: Insufficient Lake Formation permission(s): {actor.arn} is neither a Lake Formation "
            f"administrator of {actor.account} nor holds {', '.join(sorted(permissions))} with grant option on {wanted}"
        )


def _holds_with_grant_option(a_lake, arn: str, wanted: str, permissions: list[str]) -> bool:
    grant: Grant | None = a_lake.grants.get((arn, wanted))
    return grant is not None and set(permissions) <= set(grant.grantable)


def check_administrator(actor: Actor, region: str, what: str) -> None:
    """Tags and associations are the administrators' (ASSOCIATE and CREATE_LF_TAG grants are not looked at)."""
    if not sharing.is_administrator(lake_store.lake(actor.account, region), actor.arn):
        raise Refused(
            f"AccessDeniedException: Insufficient Lake Formation permission(s) to {what}: {actor.arn} is no Lake "
            f"Formation administrator of {actor.account}"
        )
