"""The five Lake Formation resource types, as handlers of `provisioners._RESOURCE_HANDLERS`.

The registry schemas say `delete_then_create` for tags, associations and permissions, while MiniStack always makes
the new resource first; so `replace_delete_first` stands in for its update of these three types. The physical id
stays the same there, which makes MiniStack send the change back through the same function on a rollback.
"""

import uuid

from . import control, lake_changes, lake_rules, lake_store, order, provisioning
from .principals import Actor, Refused

# type -> create-only properties [registry schema]; a change of one is shown as a replacement
REPLACING = {
    "AWS::LakeFormation::DataLakeSettings": (),
    "AWS::LakeFormation::Resource": ("ResourceArn",),
    "AWS::LakeFormation::Tag": ("TagKey", "CatalogId"),
    "AWS::LakeFormation::TagAssociation": ("Resource", "LFTags"),
    "AWS::LakeFormation::PrincipalPermissions": (
        "Catalog",
        "Principal",
        "Resource",
        "Permissions",
        "PermissionsWithGrantOption",
    ),
}
DELETE_THEN_CREATE = frozenset(
    {"AWS::LakeFormation::Tag", "AWS::LakeFormation::TagAssociation", "AWS::LakeFormation::PrincipalPermissions"}
)


def _here() -> tuple[Actor, str, tuple]:
    """Who works, in which region, and for which (stack id, logical id)."""
    from ministack.core.responses import get_region

    return provisioning.current_actor.get(), get_region(), provisioning.current_owner.get()


def _identifier(kind: str) -> str:
    return f"{kind}-{uuid.uuid4().hex[:16]}"


def _required(properties: dict, *names: str) -> None:
    missing = [name for name in names if properties.get(name) is None]
    if missing:
        raise Refused(f"Properties validation failed: required key [{', '.join(missing)}] not found")


def _settings_create(logical_id, props, stack_name):
    actor, region, owner = _here()
    _refuse_second_settings(actor.account, region, owner)
    lake_changes.put_settings(actor, region, props, owner)
    identifier = _identifier("settings")
    return identifier, {"Id": identifier}


def _settings_update(physical_id, old_props, new_props, stack_name):
    actor, region, owner = _here()
    _refuse_second_settings(actor.account, region, owner)
    lake_changes.put_settings(actor, region, new_props, owner)
    return physical_id, {"Id": physical_id}


def _refuse_second_settings(account, region, owner):
    other = lake_store.lake(account, region).settings_owner
    if other and other != owner and lake_changes.owner_stands(other, account, region):
        raise Refused(
            f"AlreadyExists: the Lake Formation settings of {account} in {region} already belong to {other[1]} "
            f"of {other[0]}; an account and region has one AWS::LakeFormation::DataLakeSettings"
        )


def _settings_delete(physical_id, props):
    actor, region, owner = _here()
    a_lake = lake_store.lake(actor.account, region)
    if a_lake.settings_owner == owner:
        a_lake.settings, a_lake.settings_owner = None, None


def _location_create(logical_id, props, stack_name):
    _required(props, "ResourceArn", "UseServiceLinkedRole")
    actor, region, owner = _here()
    arn = props["ResourceArn"]
    a_lake = lake_store.lake(actor.account, region)
    if not arn.startswith("arn:aws:s3:::") or arn.endswith("/*"):
        raise Refused(f"InvalidInputException: {arn} is no S3 location")
    if arn in a_lake.locations:
        raise Refused(f"AlreadyExistsException: Resource {arn} is already registered in {actor.account}")
    _check_registration_role(arn, props, actor.account)
    identifier = _identifier("location")
    a_lake.locations[arn] = {
        **{key: props.get(key) for key in ("ResourceArn", "RoleArn", "UseServiceLinkedRole")},
        "Id": identifier,
    }
    return identifier, {"Id": identifier}


def _check_registration_role(arn, props, account):
    from ministack.services import s3

    own_role = str(props.get("UseServiceLinkedRole")).lower() == "true"
    bucket = arn.removeprefix("arn:aws:s3:::").split("/")[0]
    elsewhere = any(name == bucket and owner != account for owner, name in s3._buckets.to_dict())
    if own_role and elsewhere:
        raise Refused(
            f"InvalidInputException: bucket {bucket} belongs to another account; the service-linked role cannot be "
            "used, give a RoleArn"
        )
    if not own_role and not props.get("RoleArn"):
        raise Refused(f"InvalidInputException: {arn} needs a RoleArn or UseServiceLinkedRole: true")


def _location_update(physical_id, old_props, new_props, stack_name):
    actor, region, owner = _here()
    _check_registration_role(new_props["ResourceArn"], new_props, actor.account)
    lake_store.lake(actor.account, region).locations[new_props["ResourceArn"]].update(
        {"RoleArn": new_props.get("RoleArn"), "UseServiceLinkedRole": new_props.get("UseServiceLinkedRole")}
    )
    return physical_id, {"Id": physical_id}


def _location_delete(physical_id, props):
    actor, region, owner = _here()
    lake_store.lake(actor.account, region).locations.pop(props["ResourceArn"], None)


def _tag_create(logical_id, props, stack_name):
    _required(props, "TagKey", "TagValues")
    actor, region, owner = _here()
    key, values = props["TagKey"], props["TagValues"]
    lake_rules.check_administrator(actor, region, f"create LF-Tag {key}")
    a_lake = lake_store.lake(actor.account, region)
    if str(props.get("CatalogId") or actor.account) != actor.account:
        raise Refused(f"AccessDeniedException: LF-Tag {key} cannot be created in the catalog of another account")
    if key in a_lake.tags:
        raise Refused(f"AlreadyExistsException: Tag key already exists: {key}")
    if not 1 <= len(values) <= 1000 or len(set(values)) != len(values):
        raise Refused(f"InvalidInputException: LF-Tag {key} needs 1 to 1000 different values")
    too_long = [text for text in (key, *values) if len(text) > 50]
    if too_long:
        raise Refused(f"InvalidInputException: LF-Tag keys and values have at most 50 characters: {too_long[0]}")
    with lake_store.lock:
        a_lake.tags[key] = list(values)
    return key, {}


def _tag_update(physical_id, old_props, new_props, stack_name):
    actor, region, owner = _here()
    gone = set(old_props["TagValues"]) - set(new_props["TagValues"])
    lake_changes.forget_tag_values(actor.account, region, physical_id, sorted(gone))
    with lake_store.lock:
        lake_store.lake(actor.account, region).tags[physical_id] = list(new_props["TagValues"])
    return physical_id, {}


def _tag_delete(physical_id, props):
    actor, region, owner = _here()
    lake_changes.forget_tag_values(actor.account, region, props["TagKey"], None)


def _association_targets(props, account) -> list[tuple]:
    kind, body = next(iter(props["Resource"].items()))
    if str(body.get("CatalogId") or account) != account:
        raise Refused(
            f"AccessDeniedException: tags of catalog {body.get('CatalogId')} cannot be set from account {account}"
        )
    if kind == "Database":
        return [("database", body.get("Name"))]
    if kind == "Table" and "TableWildcard" not in body:
        return [("table", body.get("DatabaseName"), body.get("Name"))]
    if kind == "TableWithColumns":
        return [
            ("column", body.get("DatabaseName"), body.get("Name"), column) for column in body.get("ColumnNames") or []
        ]
    raise Refused(f"InvalidInputException: LF-Tags cannot be set on {kind}")


def _check_target_exists(target, account, region):
    if lake_store.database(account, region, target[1]) is None:
        raise Refused(f"EntityNotFoundException: Database {target[1]} not found")
    if len(target) > 2:
        table = lake_store.table(account, region, target[1], target[2])
        if table is None:
            raise Refused(f"EntityNotFoundException: Table {target[1]}.{target[2]} not found")
        if len(target) > 3 and target[3] not in {column["Name"] for column in lake_store.columns(table)}:
            raise Refused(f"EntityNotFoundException: Column {target[3]} of {target[1]}.{target[2]} not found")


def _association_create(logical_id, props, stack_name):
    _required(props, "Resource", "LFTags")
    order.refuse_unordered(logical_id)
    actor, region, owner = _here()
    lake_rules.single_member(props["Resource"], logical_id)
    lake_rules.check_administrator(actor, region, f"set LF-Tags ({logical_id})")
    a_lake = lake_store.lake(actor.account, region)
    given: dict[str, str] = {}
    for pair in props["LFTags"]:
        key, values = pair.get("TagKey"), pair.get("TagValues") or []
        if len(values) != 1 or key in given:
            raise Refused(
                f"InvalidInputException: {logical_id} gives LF-Tag {key} more or fewer than one value; a resource "
                "carries exactly one value per key"
            )
        lake_rules.check_tag(a_lake, key, values)
        given[key] = values[0]
    targets = _association_targets(props, actor.account)
    if not targets:
        raise Refused(f"InvalidInputException: {logical_id} names no column")
    for target in targets:
        _check_target_exists(target, actor.account, region)
    with lake_store.lock:
        for target in targets:
            a_lake.associations.setdefault(target, {}).update(given)
    return _identifier("association"), {
        "ResourceIdentifier": lake_store.resource_key(props["Resource"]),
        "TagsIdentifier": str(sorted(given.items())),
    }


def _association_delete(physical_id, props):
    actor, region, owner = _here()
    order.refuse_unordered(owner[1])
    with lake_store.lock:
        associations = lake_store.lake(actor.account, region).associations
        for target in _association_targets(props, actor.account):
            for pair in props["LFTags"]:
                tags = associations.get(target, {})
                if tags.get(pair["TagKey"]) == pair["TagValues"][0]:
                    del tags[pair["TagKey"]]
                if not tags:
                    associations.pop(target, None)


def _grant_create(logical_id, props, stack_name):
    _required(props, "Principal", "Resource", "Permissions", "PermissionsWithGrantOption")
    order.refuse_unordered(logical_id)
    lake_rules.single_member(props["Resource"], logical_id)
    actor, region, owner = _here()
    principal = str(props["Principal"].get("DataLakePrincipalIdentifier") or "")
    with lake_changes.in_flight(actor.account, region, logical_id):
        made = lake_changes.grant(
            actor,
            region,
            principal,
            props["Resource"],
            props["Permissions"],
            props["PermissionsWithGrantOption"],
            owner,
        )
    return _identifier("permissions"), {
        "PrincipalIdentifier": principal,
        "ResourceIdentifier": lake_store.resource_key(made.resource),
    }


def _grant_delete(physical_id, props):
    actor, region, owner = _here()
    order.refuse_unordered(owner[1])
    principal = str(props["Principal"].get("DataLakePrincipalIdentifier") or "")
    with lake_changes.in_flight(actor.account, region, owner[1]):
        lake_changes.revoke(actor, region, principal, props["Resource"], None, None, owner)


HANDLERS = {
    "AWS::LakeFormation::DataLakeSettings": {
        "create": _settings_create,
        "update": _settings_update,
        "delete": _settings_delete,
    },
    "AWS::LakeFormation::Resource": {
        "create": _location_create,
        "update": _location_update,
        "delete": _location_delete,
    },
    "AWS::LakeFormation::Tag": {"create": _tag_create, "update": _tag_update, "delete": _tag_delete},
    "AWS::LakeFormation::TagAssociation": {"create": _association_create, "delete": _association_delete},
    "AWS::LakeFormation::PrincipalPermissions": {"create": _grant_create, "delete": _grant_delete},
}


def replace_delete_first(resource_type, physical_id, old_props, new_props, stack_name, logical_id):
    """A replacement as the registry wants it: the old goes first; when the new one is refused, the old comes back."""
    handlers = HANDLERS[resource_type]
    reason = control.control.fail["delete"].get(logical_id)
    if reason:
        raise Refused(reason)
    # Both steps are the same logical id, so neither is the other's unordered neighbour.
    seen = order.touched.set(None)
    try:
        handlers["delete"](physical_id, old_props)
        try:
            _, attributes = handlers["create"](logical_id, new_props, stack_name)
        except ValueError:
            handlers["create"](logical_id, old_props, stack_name)
            raise
    finally:
        order.touched.reset(seen)
    order.refuse_unordered(logical_id)
    return (new_props["TagKey"] if resource_type.endswith("::Tag") else physical_id), attributes


def install() -> None:
    """Register the types."""
    from ministack.services.cloudformation import provisioners

    for resource_type, handlers in HANDLERS.items():
        provisioners._RESOURCE_HANDLERS[resource_type] = handlers
        provisioners._REPLACING_PROPERTIES[resource_type] = REPLACING[resource_type]
