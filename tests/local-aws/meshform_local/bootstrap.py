"""The accounts of an organization, as they stand before anything of ours is in them.

MiniStack's Organizations creates no OrganizationAccountAccessRole and no user, so `/_local/setup` makes them, through
`iam.handle_request` in the scope of each account (no signature is asked for inside the process).
"""

import json
import re
from urllib.parse import urlencode

from . import principals

ACCESS_ROLE = "OrganizationAccountAccessRole"
# The first of these that is in nobody's use belongs to nobody's organization.
OUTSIDE_ACCOUNTS = ("888888888888", "888888888887", "888888888886")


class SetupError(ValueError):
    """The body of /_local/setup is wrong, or IAM refused."""


async def _iam(account: str, action: str, may_exist: bool = False, **parameters) -> str:
    from ministack.core.responses import get_region, request_scope
    from ministack.services import iam

    body = urlencode({"Action": action, "Version": "2010-05-08", **parameters}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    with request_scope(account, get_region()):
        status, _, answer = await iam.handle_request("POST", "/", headers, body, {})
    text = answer.decode() if isinstance(answer, bytes) else answer
    if status >= 400 and not (may_exist and "EntityAlreadyExists" in text):
        raise SetupError(f"{action} in {account}: {text}")
    return text


def _document(**statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


async def _user(account: str, name: str, may_assume: list[str]) -> dict:
    """An IAM user that may do nothing but assume these roles, with a fresh access key."""
    await _iam(account, "CreateUser", may_exist=True, UserName=name)
    await _iam(
        account,
        "PutUserPolicy",
        UserName=name,
        PolicyName="assume",
        PolicyDocument=_document(Action="sts:AssumeRole", Resource=may_assume),
    )
    key = await _iam(account, "CreateAccessKey", UserName=name)
    return {
        "accessKeyId": re.search(r"<AccessKeyId>([^<]+)<", key)[1],
        "secretAccessKey": re.search(r"<SecretAccessKey>([^<]+)<", key)[1],
        "account": account,
    }


async def set_up(wanted: dict) -> dict:
    """Make the organization; answers the credentials of its three users."""
    for name in ("organization", "management", "accounts", "deployAccount"):
        if name not in wanted:
            raise SetupError(f"setup needs {name}")
    management, deploy_account = str(wanted["management"]), str(wanted["deployAccount"])
    accounts = [str(account) for account in wanted["accounts"]]
    for account in (management, deploy_account, *accounts):
        if not principals.ACCOUNT.fullmatch(account):
            raise SetupError(f"{account} is no account id of twelve digits")
    members = sorted({management, deploy_account, *accounts})
    principals.set_organization(wanted["organization"], members)
    for account in accounts:
        await _iam(
            account,
            "CreateRole",
            may_exist=True,
            RoleName=ACCESS_ROLE,
            AssumeRolePolicyDocument=_document(
                Action="sts:AssumeRole", Principal={"AWS": f"arn:aws:iam::{management}:root"}
            ),
        )
        await _iam(
            account,
            "PutRolePolicy",
            RoleName=ACCESS_ROLE,
            PolicyName="everything",
            PolicyDocument=_document(Action="*", Resource="*"),
        )
    outside = next(account for account in OUTSIDE_ACCOUNTS if account not in members)
    any_role = ["arn:aws:iam::*:role/*"]
    return {
        "administrator": await _user(
            management, "administrator", [f"arn:aws:iam::{account}:role/{ACCESS_ROLE}" for account in accounts]
        ),
        "deployer": await _user(deploy_account, "deployer", any_role),
        "outsider": await _user(outside, "outsider", any_role),
    }
