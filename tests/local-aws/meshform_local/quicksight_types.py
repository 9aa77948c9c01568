"""QuickSight's data sources, data sets and schedules: checked when they are made, otherwise only recorded.

Making a data set reads the table as the role of its data source, so that is what is checked: the role's own rights,
the link, the grants, and the columns, by the local Glue and Lake Formation. Hangs on the recorded handlers of the
three types in `provisioners._RESOURCE_HANDLERS`; Ref and GetAtt stay theirs, and so does the word `recorded` in the
summary: no query runs, no group is looked up, nothing is copied.
"""

import json
import re

from . import lake_store, principals, provisioning, recorded_types, sharing
from .principals import Actor, Refused

SERVICE = "quicksight.amazonaws.com"
_QS = "quicksight:"
# The sets of a viewer [QuickSight developer guide, UpdateDataSetPermissions and UpdateDataSourcePermissions].
VIEWER = {
    "DataSource": {_QS + name for name in ("DescribeDataSource", "DescribeDataSourcePermissions", "PassDataSource")},
    "DataSet": {
        _QS + name
        for name in (
            "DescribeDataSet",
            "DescribeDataSetPermissions",
            "DescribeIngestion",
            "ListIngestions",
            "PassDataSet",
        )
    },
}
# What an owner has besides.
OWNER = {
    "DataSource": {_QS + name for name in ("UpdateDataSource", "DeleteDataSource", "UpdateDataSourcePermissions")},
    "DataSet": {
        _QS + name
        for name in ("UpdateDataSet", "DeleteDataSet", "UpdateDataSetPermissions", "CreateIngestion", "CancelIngestion")
    },
}
_PRINCIPAL = re.compile(r"arn:aws:quicksight:[a-z0-9-]+:(\d{12}):(user|group|namespace)/.+")
_MAP_ID = re.compile(r"[0-9a-zA-Z-]{1,64}")
_ATHENA = tuple(
    f"athena:{name}"
    for name in ("StartQueryExecution", "GetQueryExecution", "GetQueryResults", "GetQueryResultsStream", "GetWorkGroup")
)

# (account, region) -> id -> properties
_sources: dict[tuple[str, str], dict[str, dict]] = {}
_sets: dict[tuple[str, str], dict[str, dict]] = {}


def reset() -> None:
    """Forget everything."""
    _sources.clear()
    _sets.clear()


def _region() -> str:
    from ministack.core.responses import get_region

    return get_region()


def _place() -> tuple[str, str]:
    """A predecessor's delete runs after the resource's own work, when no actor is set any more."""
    from ministack.core.responses import get_account_id

    return get_account_id(), _region()


def _role_of(properties: dict) -> str | None:
    return ((properties.get("DataSourceParameters") or {}).get("AthenaParameters") or {}).get("RoleArn")


def _check_permissions(kind: str, properties: dict, account: str) -> None:
    for permission in properties.get("Permissions") or []:
        principal, actions = str(permission.get("Principal")), set(permission.get("Actions") or [])
        match = _PRINCIPAL.fullmatch(principal)
        if not match or match[1] != account:
            raise Refused(f"InvalidParameterValueException: {principal} is no user, group or namespace of {account}")
        wrong = sorted(actions - VIEWER[kind] - OWNER[kind]) or sorted(VIEWER[kind] - actions)
        if wrong:
            raise Refused(
                f"InvalidParameterValueException: the actions of {principal} are no set of a viewer or an owner: "
                f"{', '.join(wrong)}"
            )


def _check_unconditional_trust(role: dict) -> None:
    """No document says which condition keys QuickSight sends, so a condition may keep it out."""
    document = role.get("AssumeRolePolicyDocument") or "{}"
    document = json.loads(document) if isinstance(document, str) else document
    statements = document.get("Statement", [])
    for statement in [statements] if isinstance(statements, dict) else statements:
        plain = {**role, "AssumeRolePolicyDocument": {"Statement": [statement]}}
        if not statement.get("Condition") and principals.trusts_service(plain, SERVICE):
            return
    raise Refused(
        f"InvalidParameterValueException: the trust of {role['Arn']} lets QuickSight in only under a condition, and "
        "QuickSight is not documented to meet any"
    )


def _check_source(actor: Actor, properties: dict, region: str) -> None:
    _check_permissions("DataSource", properties, actor.account)
    arn = _role_of(properties)
    if arn is None:
        return  # the account-wide role, which nothing here stands for
    # PassRole was asked before; without an execution role the caller's root passes anything, so the role may be missing
    role = principals.find_role(arn)
    if role is None:
        raise Refused(f"InvalidParameterValueException: role {arn} does not exist")
    _check_unconditional_trust(role)
    from ministack.services import athena

    group = properties["DataSourceParameters"]["AthenaParameters"].get("WorkGroup") or "primary"
    if athena._workgroups.get_scoped(actor.account, region, group) is None:
        raise Refused(f"InvalidParameterValueException: workgroup {group} does not exist in {actor.account}")
    runs_as = principals.role_actor(role, "quicksight")
    _check_rights(runs_as, _ATHENA, [f"arn:aws:athena:{region}:{actor.account}:workgroup/{group}"], region)


def _check_rights(actor: Actor, actions: tuple[str, ...], arns: list[str], region: str) -> None:
    for action in actions:
        for arn in arns:
            reason = principals.denial(actor, action, arn, region)
            if reason:
                raise Refused(f"ResourceUnavailableException: the data source cannot be asked: {reason}")


def _check_set(actor: Actor, properties: dict, region: str) -> None:
    _check_permissions("DataSet", properties, actor.account)
    for key, physical in (properties.get("PhysicalTableMap") or {}).items():
        if not _MAP_ID.fullmatch(key):
            raise Refused(f"InvalidParameterValueException: {key} is no id of a physical table")
        table = physical.get("RelationalTable")
        if table:
            _check_table(actor, table, region)


def _check_table(actor: Actor, table: dict, region: str) -> None:
    arn = str(table.get("DataSourceArn"))
    prefix = f"arn:aws:quicksight:{region}:{actor.account}:datasource/"
    source = _sources.get((actor.account, region), {}).get(arn.removeprefix(prefix)) if prefix in arn else None
    if source is None:
        raise Refused(f"ResourceNotFoundException: data source {arn} does not exist")
    reason = principals.denial(actor, _QS + "PassDataSource", arn, region)
    if reason:
        raise Refused(f"AccessDeniedException: {reason}")
    role = _role_of(source)
    if role is None:
        return
    found = principals.find_role(role)
    if found is None:
        raise Refused(f"ResourceUnavailableException: role {role} does not exist any more")
    runs_as = principals.role_actor(found, "quicksight")
    wanted = [column.get("Name") for column in table.get("InputColumns") or []]
    seen = _seen_columns(runs_as, str(table.get("Schema")), str(table.get("Name")), region)
    hidden = [name for name in wanted if name not in seen]
    if not wanted or hidden:
        raise Refused(
            f"InvalidParameterValueException: {role} cannot read {', '.join(hidden) or 'no column'} of "
            f"{table.get('Schema')}.{table.get('Name')}"
        )


def _seen_columns(actor: Actor, schema: str, name: str, region: str) -> set[str]:
    """The columns of a table that the role may select, through the link where there is one."""
    database = lake_store.database(actor.account, region, schema)
    if database is None:
        raise Refused(f"InvalidParameterValueException: database {schema} does not exist in {actor.account}")
    catalog, target = actor.account, schema
    link = database.get("TargetDatabase")
    if link:
        _check_catalog_rights(actor, actor.account, schema, name, region)
        if not _describes(actor, schema, region):
            raise Refused(f"AccessDeniedException: {actor.arn} has no DESCRIBE on the resource link {schema}")
        catalog, target = str(link.get("CatalogId") or catalog), link["DatabaseName"]
    _check_catalog_rights(actor, catalog, target, name, region)
    _check_rights(actor, ("lakeformation:GetDataAccess",), ["*"], region)
    table = lake_store.table(catalog, region, target, name)
    if table is None:
        raise Refused(f"InvalidParameterValueException: table {target}.{name} does not exist in {catalog}")
    lake = lake_store.lake(catalog, region)
    grants = [grant for grant in _grants(catalog, region, actor) if {"SELECT", "ALL"} & set(grant.permissions)]
    parts = [sharing.visible_columns(lake, grant, target, table) for grant in grants]
    return set().union(*(part for part in parts if part is not None))


def _check_catalog_rights(actor: Actor, catalog: str, database: str, table: str, region: str) -> None:
    prefix = f"arn:aws:glue:{region}:{catalog}:"
    arns = [prefix + "catalog", prefix + f"database/{database}", prefix + f"table/{database}/{table}"]
    _check_rights(actor, ("glue:GetTable",), arns, region)


def _describes(actor: Actor, link: str, region: str) -> bool:
    wanted = {"Database": {"CatalogId": actor.account, "Name": link}}
    key = (actor.arn, lake_store.resource_key(wanted))
    return key in lake_store.lake(actor.account, region).grants


def _grants(catalog: str, region: str, actor: Actor) -> list:
    """The role's grants on a catalog: given by it, or handed on in the role's account of what that received."""
    given = sharing.grants_to(catalog, region, actor.arn)
    if catalog == actor.account:
        return given
    received = {lake_store.resource_key(grant.resource) for grant in sharing.grants_to(catalog, region, actor.account)}
    with lake_store.lock:
        local = list(lake_store.lake(actor.account, region).grants.values())
    return given + [
        grant
        for grant in local
        if grant.principal == actor.arn and lake_store.resource_key(grant.resource) in received
    ]


def _check_schedule(actor: Actor, properties: dict, region: str) -> None:
    # Ref of a data set would be `account|id`, its primary identifier
    name = str(properties.get("DataSetId")).rpartition("|")[2]
    data_set = _sets.get((actor.account, region), {}).get(name)
    if data_set is None:
        raise Refused(f"ResourceNotFoundException: data set {name} does not exist in {actor.account}")
    if data_set.get("ImportMode") == "DIRECT_QUERY":
        raise Refused(f"InvalidParameterValueException: data set {name} is no copy (SPICE), so there is no refresh")
    schedule = properties.get("Schedule") or {}
    frequency = schedule.get("ScheduleFrequency") or {}
    interval = frequency.get("Interval")
    if interval in ("MINUTE15", "MINUTE30") and schedule.get("RefreshType") == "FULL_REFRESH":
        raise Refused(f"InvalidParameterValueException: {interval} is for incremental refreshes only")
    if interval in ("DAILY", "WEEKLY", "MONTHLY") and not frequency.get("TimeOfTheDay"):
        raise Refused(f"InvalidParameterValueException: {interval} needs a TimeOfTheDay")
    if interval in ("WEEKLY", "MONTHLY") and not frequency.get("RefreshOnDay"):
        raise Refused(f"InvalidParameterValueException: {interval} needs a RefreshOnDay")


# type -> (its check, where it is remembered, the property with its id)
_TYPES = {
    "AWS::QuickSight::DataSource": (_check_source, _sources, "DataSourceId"),
    "AWS::QuickSight::DataSet": (_check_set, _sets, "DataSetId"),
    "AWS::QuickSight::RefreshSchedule": (_check_schedule, None, ""),
}


def _handlers(resource_type: str, native: dict) -> dict:
    check, store, key = _TYPES[resource_type]

    def checked(properties: dict, new: bool) -> None:
        actor, region = provisioning.current_actor.get(), _region()
        account = str(properties.get("AwsAccountId") or actor.account)
        if account != actor.account:
            raise Refused(f"AccessDeniedException: {resource_type} of {account} cannot be made from {actor.account}")
        check(actor, properties, region)
        if store is not None:
            here = store.setdefault((actor.account, region), {})
            if new and properties.get(key) in here:
                raise Refused(f"ResourceExistsException: {properties[key]} already exists in {actor.account}")
            here[properties.get(key)] = properties

    def create(logical_id, props, stack_name):
        checked(props, new=True)
        return native["create"](logical_id, props, stack_name)

    def update(physical_id, old_props, new_props, stack_name):
        checked(new_props, new=False)
        return native["update"](physical_id, old_props, new_props, stack_name)

    def delete(physical_id, props):
        if store is not None:
            store.get(_place(), {}).pop(props.get(key), None)
        native["delete"](physical_id, props)

    return {"create": create, "update": update, "delete": delete}


def install() -> None:
    """Put the checks before the recorded handlers."""
    from ministack.services.cloudformation import provisioners

    for resource_type in _TYPES:
        native = provisioners._RESOURCE_HANDLERS[resource_type]
        assert resource_type in recorded_types.registered, resource_type
        provisioners._RESOURCE_HANDLERS[resource_type] = _handlers(resource_type, native)
