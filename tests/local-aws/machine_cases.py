"""The demo's state machines, executed on the local AWS with failures on the way: `python machine_cases.py ENDPOINT KEYS_JSON`.

Runs after the demo is deployed; KEYS_JSON is the answer of /_local/setup. Ends with `N passed, 0 failed`. What this shows is
that the definitions do what they say under our rules of AWS: no query, job or quality rule is computed.
"""

import json
import sys
import urllib.request
from collections.abc import Callable

import boto3
import machines

REGION = "eu-west-1"
CUSTOMER, SALES, GOVERNANCE = "555555555555", "444444444444", "111111111111"


class Local:
    """The local AWS, and a client of Step Functions in each account."""

    def __init__(self, endpoint: str, keys: dict):
        self.endpoint, self.keys = endpoint, keys
        self.clients: dict[str, object] = {}

    def call(self, verb: str, path: str, body: dict | None = None) -> object:
        """One call of the control API."""
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.endpoint}/_local/{path}", data=data, method=verb)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def session(self, account: str) -> dict:
        """The administrator's session in an account: the one who may start anything."""
        key = self.keys["administrator"]
        sts = boto3.client(
            "sts",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=key["accessKeyId"],
            aws_secret_access_key=key["secretAccessKey"],
        )
        role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
        return sts.assume_role(RoleArn=role, RoleSessionName="machines")["Credentials"]

    def client(self, service: str, account: str) -> object:
        """A client in an account."""
        key = self.session(account)
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
            aws_session_token=key["SessionToken"],
        )

    def run(self, account: str, machine: str) -> dict:
        """One execution, with its steps."""
        arn = f"arn:aws:states:{REGION}:{account}:stateMachine:{machine}"
        told = machines.run(self.client("stepfunctions", account), arn, seconds=60)
        return {**told, "steps": machines.steps(self.endpoint, told["execution"])}

    def faults(self, steps: dict | None = None, quality: dict | None = None) -> None:
        """What fails from now on."""
        self.call("POST", "control", {"fail": {"step": steps or {}}, "quality": quality or {}})

    def told(self, detail_type: str) -> list:
        """Every event of a kind that a step put."""
        return [step for step in self.call("GET", "steps") if detail_type in json.dumps(step) and "putEvents" in step["integration"]]


def expect(holds: bool, what: object) -> None:
    """Fail with what was seen."""
    if not holds:
        raise AssertionError(what)


def makes_and_tells(local: Local) -> None:
    """Inputs are staged by explicit columns, then the job, then quality, then the bus."""
    before = len(local.told("Product Refreshed"))
    ran = local.run(CUSTOMER, "demo-job-customer-customer-360")
    expect(ran["status"] == "SUCCEEDED", ran)
    names = [step["integration"] for step in ran["steps"]]
    first = {name: names.index(name) for name in dict.fromkeys(names)}
    order = sorted(first, key=first.get)
    expect("athena:startQueryExecution" in order[0], order)
    expect("glue:startJobRun" in order[1], order)
    expect("events:putEvents" in order[-1], order)
    expect(sum("athena" in name for name in names) == 3, names)
    expect(len(local.told("Product Refreshed")) == before + 1, names)


def a_second_run_has_a_place_of_its_own(local: Local) -> None:
    """UNLOAD wants an empty place: each run stages under its own name."""
    expect(local.run(CUSTOMER, "demo-job-customer-customer-360")["status"] == "SUCCEEDED", "the second run")


def throttling_is_tried_again(local: Local) -> None:
    """A failure that passes does not fail the product."""
    local.faults({"athena:startQueryExecution": [{"error": "Athena.TooManyRequestsException", "times": 2}]})
    ran = local.run(CUSTOMER, "demo-job-customer-customer-journey")
    expect(ran["status"] == "SUCCEEDED", ran)
    expect(sum("athena" in step["integration"] for step in ran["steps"]) == 5, ran["steps"])


def a_failed_job_is_told(local: Local) -> None:
    """The job fails: the bus hears it, the execution fails, and nothing says that the product is fresh."""
    refreshed, failed = len(local.told("Product Refreshed")), len(local.told("Product Failed"))
    local.faults({"glue:startJobRun": [{"error": "States.TaskFailed", "times": 1}]})
    ran = local.run(CUSTOMER, "demo-job-customer-customer-journey")
    expect(ran["status"] == "FAILED" and ran["error"] == "ProductFailed", ran)
    expect(len(local.told("Product Failed")) == failed + 1, ran["steps"])
    expect(len(local.told("Product Refreshed")) == refreshed, ran["steps"])


def broken_rules_fail_the_product(local: Local) -> None:
    """A rule that fails is a failed product, though the job ended well."""
    local.faults(quality={"demo.customer.customer-journey.journey_events": "FAIL"})
    ran = local.run(CUSTOMER, "demo-job-customer-customer-journey")
    expect(ran["status"] == "FAILED", ran)


def a_lost_grant_fails_before_anything_is_made(local: Local) -> None:
    """Without its grant the product's role cannot stage: the job does not run on half of its inputs."""
    lake = local.client("lakeformation", CUSTOMER)
    role = f"arn:aws:iam::{CUSTOMER}:role/demo/demo-job-customer-customer-journey"
    held = [
        grant
        for body in local.call("GET", "lakeformation")
        if body["account"] == CUSTOMER
        for grant in body["grants"]
        if grant["principal"] == role and "TABLE" in json.dumps(grant["resource"])
    ]
    expect(len(held) == 3, held)
    settings = lake.get_data_lake_settings()["DataLakeSettings"]
    session = f"arn:aws:iam::{CUSTOMER}:role/OrganizationAccountAccessRole"
    settings["DataLakeAdmins"].append({"DataLakePrincipalIdentifier": session})
    lake.put_data_lake_settings(DataLakeSettings=settings)
    taken = held[0]
    lake.revoke_permissions(
        Principal={"DataLakePrincipalIdentifier": role}, Resource=taken["resource"], Permissions=taken["permissions"]
    )
    ran = local.run(CUSTOMER, "demo-job-customer-customer-journey")
    expect(ran["status"] == "FAILED", ran)
    expect(not any("startJobRun" in step["integration"] for step in ran["steps"]), ran["steps"])
    lake.grant_permissions(
        Principal={"DataLakePrincipalIdentifier": role}, Resource=taken["resource"], Permissions=taken["permissions"]
    )
    expect(local.run(CUSTOMER, "demo-job-customer-customer-journey")["status"] == "SUCCEEDED", "after the grant is back")


def a_product_of_a_teams_own_job_is_judged(local: Local) -> None:
    """No job of ours makes it, its rules are evaluated all the same."""
    expect(local.run(SALES, "demo-quality-sales-sales-analytics")["status"] == "SUCCEEDED", "good")
    local.faults(quality={"demo.sales.sales-analytics.orders": "FAIL"})
    expect(local.run(SALES, "demo-quality-sales-sales-analytics")["status"] == "FAILED", "broken")


CASES: list[Callable[[Local], None]] = [
    makes_and_tells,
    a_second_run_has_a_place_of_its_own,
    throttling_is_tried_again,
    a_failed_job_is_told,
    broken_rules_fail_the_product,
    a_lost_grant_fails_before_anything_is_made,
    a_product_of_a_teams_own_job_is_judged,
]


def main(cases: list[Callable[[Local], None]]) -> int:
    """Every case once, each without the faults of the one before."""
    local = Local(sys.argv[1], json.loads(sys.argv[2]))
    failed = 0
    for case in cases:
        local.faults()
        try:
            case(local)
            print(f"ok {case.__name__}")
        except Exception as failure:  # noqa: BLE001 (each case is told, whatever it failed with)
            failed += 1
            print(f"FAILED {case.__name__}: {failure!r}")
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(CASES))
