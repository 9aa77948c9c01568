"""What a crawler may not be. The sources are in the README's table.

The Lake Formation part is refused at creation, where AWS would only fail the crawl: our rule, so that it is noticed.
"""

import json

from . import catalog_view, lake_rules, lake_store, permissions, schedules, sharing
from .principals import Actor, Refused

_INVALID = "InvalidInputException: "
_ON_TABLE = {"ALTER", "DESCRIBE", "INSERT", "SELECT"}


def check(actor: Actor, region: str, props: dict, logical_id: str) -> None:
    """All rules of one crawler."""
    targets = {kind: found for kind, found in (props.get("Targets") or {}).items() if found}
    if not targets:
        raise Refused(f"{_INVALID}crawler {logical_id} has no target")
    if "CatalogTargets" in targets and len(targets) > 1:
        others = ", ".join(sorted(set(targets) - {"CatalogTargets"}))
        raise Refused(
            f"{_INVALID}a crawler of catalog tables can't mix in other source types: {logical_id} has {others}"
        )
    _check_behaviours(props, targets, logical_id)
    schedule = (props.get("Schedule") or {}).get("ScheduleExpression")
    if schedule:
        schedules.check(schedule, ("cron",), f"{_INVALID}invalid schedule expression of crawler {logical_id}")
    if isinstance(props.get("Configuration"), str):
        try:
            json.loads(props["Configuration"])
        except ValueError:
            raise Refused(f"{_INVALID}Configuration of crawler {logical_id} is no JSON") from None
    role = permissions.as_role_arn(str(props.get("Role")), actor.account)
    uses_lake = _uses_lake(props, actor.account, logical_id)
    for target in targets.get("CatalogTargets", []):
        _check_catalog_target(actor.account, region, role, target, uses_lake)
    for target in targets.get("S3Targets", []):
        _check_s3_target(actor.account, region, role, props.get("DatabaseName"), target, uses_lake)
    if uses_lake:
        _check_lake_targets(targets, logical_id)


def _check_behaviours(props: dict, targets: dict, logical_id: str) -> None:
    policy = props.get("SchemaChangePolicy") or {}
    deletes, updates = policy.get("DeleteBehavior"), policy.get("UpdateBehavior")
    if "CatalogTargets" in targets and deletes != "LOG":
        raise Refused(
            f"{_INVALID}The SchemaChangePolicy for catalog targets can have only LOG DeleteBehavior value, "
            f"{logical_id} has {deletes or 'none (DEPRECATE_IN_DATABASE)'}"
        )
    if (props.get("RecrawlPolicy") or {}).get("RecrawlBehavior") == "CRAWL_NEW_FOLDERS_ONLY":
        if set(targets) != {"S3Targets"}:
            raise Refused(f'{_INVALID}RecrawlBehavior "Crawl new folders only" can only apply to Amazon S3 target.')
        if (deletes, updates) != ("LOG", "LOG"):
            raise Refused(
                f'{_INVALID}The SchemaChangePolicy for "Crawl new folders only" Amazon S3 target can have only LOG '
                "DeleteBehavior value and LOG UpdateBehavior value."
            )


def _uses_lake(props: dict, account: str, logical_id: str) -> bool:
    wanted = props.get("LakeFormationConfiguration") or {}
    other = wanted.get("AccountId")
    if other and str(other) != account:
        raise Refused(
            f"{_INVALID}LakeFormationConfiguration.AccountId {other} of crawler {logical_id} is not the catalog's own "
            f"account {account}"
        )
    return str(wanted.get("UseLakeFormationCredentials")).lower() == "true"


def _check_lake_targets(targets: dict, logical_id: str) -> None:
    catalog = targets.get("CatalogTargets", [])
    if len(catalog) > 1 or any(len(target.get("Tables") or []) != 1 for target in catalog):
        raise Refused(
            f"{_INVALID}with Lake Formation credentials crawler {logical_id} may have one catalog target of one table"
        )
    unfit = sorted(set(targets) - {"CatalogTargets", "S3Targets"})
    if unfit:
        raise Refused(f"{_INVALID}Lake Formation credentials only fit S3 and catalog targets, not {', '.join(unfit)}")
    buckets = {_bucket(target.get("Path") or "") for target in targets.get("S3Targets", [])}
    if len(buckets) > 1:
        raise Refused(f"{_INVALID}with Lake Formation credentials all S3 targets lie in one bucket: {sorted(buckets)}")


def _bucket(path: str) -> str:
    return path.removeprefix("s3://").partition("/")[0]


def _check_catalog_target(account: str, region: str, role: str, target: dict, uses_lake: bool) -> None:
    database = target.get("DatabaseName") or ""
    found = lake_store.database(account, region, database)
    if found is None:
        raise Refused(f"EntityNotFoundException: Database {database} of a catalog target is not in catalog {account}")
    if found.get("TargetDatabase"):
        raise Refused(
            f"{_INVALID}the crawler and the Data Catalog table must reside in the same account: {database} is a "
            f"resource link into catalog {found['TargetDatabase'].get('CatalogId')}"
        )
    for name in target.get("Tables") or []:
        table = lake_store.table(account, region, database, name)
        if table is None:
            raise Refused(f"EntityNotFoundException: Table {database}.{name} of a catalog target does not exist")
        if uses_lake:
            location = (table.get("StorageDescriptor") or {}).get("Location") or ""
            _need_location(account, region, role, location, must_be_registered=True)
            _need_on_database(account, region, role, database, "DESCRIBE")
            missing = sorted(_ON_TABLE - _named_on_table(account, region, role, database, name))
            if missing:
                raise Refused(_insufficient(role, f"named {', '.join(missing)} on table {database}.{name}"))


def _check_s3_target(account: str, region: str, role: str, database: str | None, target: dict, uses_lake: bool) -> None:
    found = lake_store.database(account, region, database) if database else None
    if found is None:
        raise Refused(f"EntityNotFoundException: crawler output database {database} is not in catalog {account}")
    if found.get("TargetDatabase"):
        raise Refused(f"{_INVALID}crawler output database {database} is a resource link; crawl into a local database")
    _need_location(account, region, role, target.get("Path") or "", must_be_registered=uses_lake)
    _need_on_database(account, region, role, database, "CREATE_TABLE")


def _insufficient(role: str, what: str) -> str:
    return f"AccessDeniedException: Insufficient Lake Formation permission(s): crawler role {role} lacks {what}"


def _need_location(account: str, region: str, role: str, path: str, must_be_registered: bool) -> None:
    a_lake = lake_store.lake(account, region)
    if lake_rules.covering_location(a_lake, path) is None:
        if must_be_registered:
            raise Refused(f"{_INVALID}The S3 location: {path} is not registered")
        return
    if sharing.is_administrator(a_lake, role):
        return  # "data location permissions everywhere in the data lake" (implicit permissions)
    wanted = path.replace("s3://", "arn:aws:s3:::").rstrip("/")
    for given in list(a_lake.grants.values()):
        held = (given.resource.get("DataLocation") or {}).get("ResourceArn", "").rstrip("/")
        if held and given.principal == role and (wanted == held or wanted.startswith(held + "/")):
            return
    raise Refused(_insufficient(role, f"DATA_LOCATION_ACCESS on {path}"))


def _need_on_database(account: str, region: str, role: str, database: str, permission: str) -> None:
    a_lake = lake_store.lake(account, region)
    if catalog_view.open_to_all(a_lake, account, database):
        return
    resource = {"Database": {"CatalogId": account, "Name": database}}
    grant = a_lake.grants.get((role, lake_store.resource_key(resource)))
    if grant is None or not {permission, "ALL"} & set(grant.permissions):
        raise Refused(_insufficient(role, f"{permission} on database {database}"))


def _named_on_table(account: str, region: str, role: str, database: str, table: str) -> set[str]:
    """Permissions by name: over a tag expression ALTER and INSERT may shrink to DESCRIBE (TBAC notes)."""
    a_lake = lake_store.lake(account, region)
    if catalog_view.open_to_all(a_lake, account, database):
        return set(_ON_TABLE)
    found: set[str] = set()
    for given in list(a_lake.grants.values()):
        kind, body = next(iter(given.resource.items()))
        if given.principal != role or kind not in ("Table", "TableWithColumns") or body.get("DatabaseName") != database:
            continue
        if "TableWildcard" not in body and body.get("Name") != table:
            continue
        if kind == "TableWithColumns" and ("ColumnWildcard" not in body or _excludes(body)):
            continue  # a part of the columns is not the table
        found |= _ON_TABLE if "ALL" in given.permissions else set(given.permissions)
    return found


def _excludes(body: dict) -> bool:
    return bool((body.get("ColumnWildcard") or {}).get("ExcludedColumnNames"))
