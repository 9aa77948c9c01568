"""The stack policies that stand, as the plan role reads them: `python stack_policies.py ENDPOINT KEYS_JSON MESH ACCOUNT...`.

KEYS_JSON is the answer of /_local/setup. Prints a JSON object of stacks that have a policy, `ACCOUNT/STACK` -> policy.
"""

import json
import sys

from checks import client


def main() -> None:
    """Every stack of every account that was named."""
    endpoint, keys, mesh, accounts = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3], sys.argv[4:]
    sts = client("sts", endpoint, keys["deployer"])
    found = {}
    for account in accounts:
        arn = f"arn:aws:iam::{account}:role/{mesh}-plan"
        session = sts.assume_role(RoleArn=arn, RoleSessionName="policies", ExternalId=f"acme-{mesh}")["Credentials"]
        cloudformation = client("cloudformation", endpoint, session)
        for stack in cloudformation.list_stacks()["StackSummaries"]:
            # the bootstrap's own stack is none that the plan role reads the policy of
            own = stack["StackName"].startswith(f"{mesh}-") and stack["StackName"] != f"{mesh}-bootstrap"
            if own and stack["StackStatus"] != "DELETE_COMPLETE":
                policy = cloudformation.get_stack_policy(StackName=stack["StackName"]).get("StackPolicyBody")
                if policy:
                    found[f"{account}/{stack['StackName']}"] = json.loads(policy)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
