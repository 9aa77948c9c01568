"""Changing Lake Formation: the functions that both the CloudFormation types and the wire API call."""

import contextlib
import time

from . import control, lake_rules, lake_store
from .lake_store import Grant
from .principals import Actor, Refused

# A grant takes this long, so that two at once really overlap (measured: shorter ones never meet).
GRANT_SECONDS = 0.05


@contextlib.contextmanager
def in_flight(account: str, region: str, what: str):
    """Refuse a grant while too many others of the same account run."""
    a_lake = lake_store.lake(account, region)
    with lake_store.lock:
        if a_lake.in_flight >= control.control.grants_in_flight:
            raise Refused(
                f"ConcurrentModificationException: {what} overlaps another change of Lake Formation permissions "
                f"in account {account}"
            )
        a_lake.in_flight += 1
    try:
        time.sleep(GRANT_SECONDS)
        yield
    finally:
        with lake_store.lock:
            a_lake.in_flight -= 1


def put_settings(actor: Actor, region: str, given: dict, owner: tuple | None) -> None:
    """Write the settings; APPEND keeps the administrators that are there."""
    for field in ("Admins", "ReadOnlyAdmins"):
        for entry in given.get(field) or []:
            lake_rules.check_principal(entry.get("DataLakePrincipalIdentifier") or "")
    if len(given.get("Admins") or []) > 30:
        raise Refused("InvalidInputException: at most 30 data lake administrators")
    for field in ("CreateDatabaseDefaultPermissions", "CreateTableDefaultPermissions"):
        default = given.get(field)
        if default and (
            len(default) > 1
            or (default[0].get("Principal") or {}).get("DataLakePrincipalIdentifier") != "IAM_ALLOWED_PRINCIPALS"
        ):
            raise Refused(f"InvalidInputException: {field} is empty or one entry for IAM_ALLOWED_PRINCIPALS")
    with lake_store.lock:
        a_lake = lake_store.lake(actor.account, region)
        before = a_lake.settings or {}
        settings = {**before, **{key: value for key, value in given.items() if key != "MutationType"}}
        if given.get("MutationType") == "APPEND":
            for field in ("Admins", "ReadOnlyAdmins"):
                kept = list(before.get(field) or [])
                settings[field] = kept + [entry for entry in given.get(field) or [] if entry not in kept]
        a_lake.settings = settings
        if owner is not None:
            a_lake.settings_owner = owner


def check_grant(
    actor: Actor, region: str, principal: str, resource: dict, permissions: list[str], grantable: list[str]
) -> None:
    """All rules of one grant, in the order in which their texts help most."""
    lake_rules.check_principal(principal)
    lake_rules.check_permissions(resource, permissions, grantable)
    lake_rules.check_external(actor.account, principal, resource, permissions, grantable)
    lake_rules.check_grantor(actor, principal, resource, permissions, region)
    lake_rules.check_target(resource, permissions, region)


def grant(
    actor: Actor,
    region: str,
    principal: str,
    resource: dict,
    permissions: list[str],
    grantable: list[str],
    owner: tuple | None,
) -> Grant:
    """Make one grant in the actor's account. Two CloudFormation resources of one identity are AlreadyExists."""
    resource = lake_store.canonical_resource(resource, actor.account)
    check_grant(actor, region, principal, resource, permissions, grantable)
    identity = (principal, lake_store.resource_key(resource))
    with lake_store.lock:
        a_lake = lake_store.lake(actor.account, region)
        existing = a_lake.grants.get(identity)
        if existing and owner and existing.owner:
            raise Refused(
                f"AlreadyExists: permissions of {principal} on {identity[1]} already belong to "
                f"{existing.owner[1]} of {existing.owner[0]}"
            )
        made = Grant(principal, resource, sorted(set(permissions)), sorted(set(grantable)), owner)
        if existing and not owner:
            made.permissions = sorted(set(permissions) | set(existing.permissions))
            made.grantable = sorted(set(grantable) | set(existing.grantable))
            made.owner = existing.owner
        a_lake.grants[identity] = made
        return made


def revoke(
    actor: Actor,
    region: str,
    principal: str,
    resource: dict,
    permissions: list[str] | None,
    grantable: list[str] | None,
    owner: tuple | None,
) -> None:
    """Take permissions away; None means all of them."""
    resource = lake_store.canonical_resource(resource, actor.account)
    identity = (principal, lake_store.resource_key(resource))
    catalog = next(iter(resource.values())).get("CatalogId") or actor.account
    with lake_store.lock:
        a_lake = lake_store.lake(actor.account, region)
        existing = a_lake.grants.get(identity)
        if existing is None or (owner and existing.owner and existing.owner != owner):
            if owner:
                return  # what was replaced or taken by hand is gone already
            raise Refused(
                f"InvalidInputException: No permissions revoked. Grantee does not have: {permissions} on {identity[1]}"
            )
        if catalog != actor.account and identity[1] not in {
            lake_store.resource_key(given.resource)
            for given in lake_store.lake(catalog, region).grants.values()
            if given.principal == actor.account
        }:
            raise Refused(
                f"InvalidInputException: No permissions revoked: account {actor.account} no longer holds "
                f"{identity[1]} of catalog {catalog}; revoke the local grant before the account's"
            )
        if permissions is None:
            left, left_grantable = [], []
        else:
            left = sorted(set(existing.permissions) - set(permissions))
            left_grantable = sorted(set(existing.grantable) - set(grantable or []) & set(left or existing.grantable))
        if left:
            existing.permissions, existing.grantable = left, [p for p in left_grantable if p in left]
        else:
            del a_lake.grants[identity]


def forget_table(account: str, region: str, database: str, table: str | None) -> None:
    """A dropped table or database takes its associations and named grants with it."""
    with lake_store.lock:
        a_lake = lake_store.lake(account, region)
        for target in list(a_lake.associations):
            if target[1] == database and (table is None or target[2:3] == (table,)):
                del a_lake.associations[target]
        for identity, made in list(a_lake.grants.items()):
            kind, body = next(iter(made.resource.items()))
            if body.get("CatalogId") != account:
                continue
            names_it = (kind == "Database" and table is None and body.get("Name") == database) or (
                kind in ("Table", "TableWithColumns")
                and body.get("DatabaseName") == database
                and (table is None or body.get("Name") == table)
            )
            if names_it:
                del a_lake.grants[identity]


def forget_tag_values(account: str, region: str, key: str, values: list[str] | None) -> None:
    """No check: what carried the tag loses it, and grants on it show nothing any more (AWS's own words)."""
    with lake_store.lock:
        a_lake = lake_store.lake(account, region)
        for target, tags in list(a_lake.associations.items()):
            if key in tags and (values is None or tags[key] in values):
                del tags[key]
                if not tags:
                    del a_lake.associations[target]
        if values is None:
            a_lake.tags.pop(key, None)
        else:
            a_lake.tags[key] = [value for value in a_lake.tags.get(key, []) if value not in values]


def owner_stands(owner: tuple, account: str, region: str) -> bool:
    """Whether the stack of an owner still exists with that resource in it."""
    from ministack.services.cloudformation import _stacks

    stack_id, logical_id = owner
    for (where_account, where_region, _), stack in _stacks.to_dict().items():
        if (where_account, where_region) == (account, region) and stack["StackId"] == stack_id:
            template = stack.get("_template") or {}
            return stack["StackStatus"] != "DELETE_COMPLETE" and (
                logical_id in stack.get("_resources", {}) or logical_id in template.get("Resources", {})
            )
    return False
