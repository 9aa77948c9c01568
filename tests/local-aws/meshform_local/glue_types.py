"""Glue databases and tables made by CloudFormation: links need a share, renames replace, drops clean up.

MiniStack stores neither TargetDatabase nor the default permissions of a database, and fails on a renamed one. Hangs
on the entries of `provisioners._RESOURCE_HANDLERS` and on `glue._databases`.
"""

from . import lake_changes, lake_store, provisioning, sharing
from .lake_store import Grant
from .principals import Refused

_fired = {"database": False}


def _here():
    from ministack.core.responses import get_region

    return provisioning.current_actor.get().account, get_region()


def _refuse_foreign_catalog(props, account, what):
    if str(props.get("CatalogId") or account) != account:
        raise Refused(
            f"AccessDeniedException: {what} cannot be made in catalog {props['CatalogId']} from account {account}"
        )


def _refuse_unshared_link(props, account, region):
    target = (props.get("DatabaseInput") or {}).get("TargetDatabase")
    if not target:
        return
    catalog, name = str(target.get("CatalogId") or account), target.get("DatabaseName")
    target_region = target.get("Region") or region
    if lake_store.database(catalog, target_region, name) is None or (
        catalog != account and not sharing.shared_with_account(catalog, target_region, account, name)
    ):
        raise Refused(
            f"EntityNotFoundException: Database {name} of catalog {catalog} is not shared with account {account} "
            "(or does not exist, or the share has not arrived yet)"
        )


def _remember(props, name, account, region):
    """Keep what MiniStack drops: the link's target, and the default grant to IAM_ALLOWED_PRINCIPALS."""
    given = props.get("DatabaseInput") or {}
    database = lake_store.database(account, region, name)
    for key in ("TargetDatabase", "CreateTableDefaultPermissions", "LocationUri"):
        if given.get(key) is not None:
            database[key] = given[key]
    a_lake = lake_store.lake(account, region)
    default = (a_lake.settings or {}).get("CreateDatabaseDefaultPermissions")
    if default == [] or given.get("TargetDatabase"):
        return
    resource = {"Database": {"CatalogId": account, "Name": name}}
    with lake_store.lock:
        a_lake.grants[("IAM_ALLOWED_PRINCIPALS", lake_store.resource_key(resource))] = Grant(
            "IAM_ALLOWED_PRINCIPALS", resource, ["ALL"], [], None
        )


def install() -> None:
    """Wrap the native handlers of databases and tables."""
    from ministack.services.cloudformation import provisioners

    native = dict(provisioners._RESOURCE_HANDLERS["AWS::Glue::Database"])
    native_table = dict(provisioners._RESOURCE_HANDLERS["AWS::Glue::Table"])

    def create(logical_id, props, stack_name):
        _fired["database"] = True
        account, region = _here()
        _refuse_foreign_catalog(props, account, f"database {logical_id}")
        _refuse_unshared_link(props, account, region)
        name, attributes = native["create"](logical_id, props, stack_name)
        _remember(props, name, account, region)
        return name, attributes

    def update(physical_id, old_props, new_props, stack_name, logical_id=None):
        account, region = _here()
        wanted = (new_props.get("DatabaseInput") or {}).get("Name")
        if wanted and wanted != physical_id:
            made = create(logical_id, new_props, stack_name)
            provisioners._delete_predecessor(delete, physical_id, old_props)
            return made
        _refuse_unshared_link(new_props, account, region)
        made = native["update"](physical_id, old_props, new_props, stack_name, logical_id)
        _remember(new_props, made[0], account, region)
        return made

    def delete(physical_id, props):
        native["delete"](physical_id, props)
        account, region = _account_region()
        lake_changes.forget_table(account, region, physical_id, None)

    def create_table(logical_id, props, stack_name):
        account, region = _here()
        _refuse_foreign_catalog(props, account, f"table {logical_id}")
        return native_table["create"](logical_id, props, stack_name)

    def delete_table(physical_id, props):
        native_table["delete"](physical_id, props)
        account, region = _account_region()
        lake_changes.forget_table(account, region, props.get("DatabaseName"), physical_id)

    provisioners._RESOURCE_HANDLERS["AWS::Glue::Database"] = {
        **native,
        "create": create,
        "update": update,
        "delete": delete,
    }
    provisioners._RESOURCE_HANDLERS["AWS::Glue::Table"] = {
        **native_table,
        "create": create_table,
        "delete": delete_table,
    }


def _account_region():
    """A predecessor's delete runs after the resource's own work, when no actor is set any more."""
    from ministack.core.responses import get_account_id, get_region

    return get_account_id(), get_region()


def fired() -> dict:
    """Which hooks have been used since the start."""
    return dict(_fired)
