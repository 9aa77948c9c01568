"""Whether a role may read a table's data and write to a prefix, as far as policies and grants tell."""

from . import catalog_view, glue_api, lake_rules, lake_store, principals
from .catalog_view import Seen
from .principals import Actor


def refusal(actor: Actor, region: str, database: str, table: str, seen: Seen) -> str | None:
    """Why a role may not read a table at all: Glue's rights on every ARN on the way, the link, data access."""
    arns = glue_api.arns("GetTable", actor.account, region, database, table)
    if seen.link:
        arns += glue_api.arns("GetTable", seen.catalog, region, seen.database, table)
    for arn in arns:
        reason = principals.denial(actor, "glue:GetTable", arn, region)
        if reason:
            return reason
    if seen.link and not catalog_view.sees_link(actor.account, region, actor.arn, seen.link):
        return f"Insufficient Lake Formation permission(s): Required Describe on {seen.link}"
    location = (seen.table.get("StorageDescriptor") or {}).get("Location") or ""
    if lake_rules.covering_location(lake_store.lake(seen.catalog, region), location):
        return principals.denial(actor, "lakeformation:GetDataAccess", "*", region)
    return None


def bucket(name: str) -> tuple[str, dict] | None:
    """The account and record of a bucket; names are global."""
    from ministack.services import s3

    for (account, found), record in s3._buckets.to_dict().items():
        if found == name:
            return account, record
    return None


def write_refusal(actor: Actor, region: str, name: str, prefix: str) -> str | None:
    """Why a role may not put objects under a prefix; the bucket's policy is asked too."""
    from ministack.services import s3

    found = bucket(name)
    if found is None:
        return f"The specified bucket does not exist: {name}"
    owner = found[0]
    policy = s3._bucket_policies.get_scoped(owner, None, name)
    arn = f"arn:aws:s3:::{name}/{prefix.strip('/')}/part-0"
    return principals.denial_with_policy(actor, "s3:PutObject", arn, region, policy, owner)
