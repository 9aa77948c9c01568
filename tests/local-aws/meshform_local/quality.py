"""Evaluation runs of Glue data quality rulesets: recorded and answered, no rule is evaluated.

A run is RUNNING at the first look and done at the second, so that a machine's loop is walked. The outcome comes from
the control `quality` ({ruleset: "PASS", "FAIL" or "ERROR"}, PASS when not named): it is that of the first rule, the
others pass. Source: Glue API: StartDataQualityRulesetEvaluationRun and its neighbours; DQDL.
"""

import re
import uuid

from . import catalog_view, control, permissions, principals, reads, recorded_types
from .principals import Actor

_runs: dict[tuple[str, str, str], dict] = {}
_results: dict[tuple[str, str, str], dict] = {}


class Missing(Exception):
    """EntityNotFoundException."""


def reset() -> None:
    """Forget runs and results."""
    _runs.clear()
    _results.clear()


def source_of(parameters: dict) -> dict:
    """The table that a run reads."""
    source = parameters.get("DataSource") or {}
    return source.get("GlueTable") or source.get("DataQualityGlueTable") or {}


def rules_of(text: str) -> list[str]:
    """The rules of a ruleset, split at the commas outside brackets and quotes."""
    inner = text.partition("[")[2].rpartition("]")[0]
    rules, depth, quoted, current = [], 0, False, ""
    for letter in inner:
        quoted ^= letter == '"'
        depth += 0 if quoted else (letter in "([") - (letter in ")]")
        if letter == "," and not quoted and depth == 0:
            rules.append(current.strip())
            current = ""
        else:
            current += letter
    return [rule for rule in [*rules, current.strip()] if rule]


def start(account: str, region: str, parameters: dict) -> dict:
    """StartDataQualityRulesetEvaluationRun."""
    names = list(parameters.get("RulesetNames") or [])
    for name in names:
        if recorded_types.find(account, region, "AWS::Glue::DataQualityRuleset", name) is None:
            raise Missing(f"Ruleset {name} is not found in account {account}")
    table = source_of(parameters)
    seen = catalog_view.find(account, region, table.get("DatabaseName"), table.get("TableName"))
    if seen is None:
        raise Missing(f"Table {table.get('DatabaseName')}.{table.get('TableName')} is not found from account {account}")
    role = principals.find_role(permissions.as_role_arn(str(parameters.get("Role")), account))
    reason = _why_not(principals.role_actor(role, "GlueDataQuality"), region, table, seen, account, names)
    run_id = f"dqrun-{uuid.uuid4().hex}"
    results = [] if reason else [_result(account, region, name, parameters) for name in names]
    _runs[account, region, run_id] = {
        "RunId": run_id,
        "DataSource": parameters.get("DataSource"),
        "Role": parameters.get("Role"),
        "RulesetNames": names,
        "Status": "FAILED" if reason else "SUCCEEDED",
        "ResultIds": results,
        "looks": 0,
        **({"ErrorString": reason} if reason else {}),
    }
    return {"RunId": run_id}


def _why_not(actor: Actor, region: str, table: dict, seen, account: str, names: list[str]) -> str | None:
    """Why the run's role cannot read what the rules speak of."""
    reason = reads.refusal(actor, region, table["DatabaseName"], table["TableName"], seen)
    if reason:
        return reason
    visible = catalog_view.selectable_columns(account, region, actor.arn, seen)
    if not visible:
        return f"Insufficient Lake Formation permission(s): {actor.arn} may select no column of {table['TableName']}"
    known = {column["Name"] for column in catalog_view.lake_store.columns(seen.table)}
    for name in names:
        text = recorded_types.find(account, region, "AWS::Glue::DataQualityRuleset", name)["Ruleset"]
        # In quotes in a rule, in backticks in the SQL of a rule.
        hidden = (set(re.split(r'["`]', text)) & known) - visible
        if hidden:
            return f"Insufficient Lake Formation permission(s): {actor.arn} may not select {', '.join(sorted(hidden))}"
    return None


def _result(account: str, region: str, name: str, parameters: dict) -> str:
    identifier = f"dqresult-{uuid.uuid4().hex}"
    text = recorded_types.find(account, region, "AWS::Glue::DataQualityRuleset", name)["Ruleset"]
    outcome = control.control.quality.get(name, "PASS")
    rules = rules_of(text)
    outcomes = [outcome if number == 0 else "PASS" for number in range(len(rules))]
    _results[account, region, identifier] = {
        "ResultId": identifier,
        "RulesetName": name,
        "DataSource": parameters.get("DataSource"),
        "Score": outcomes.count("PASS") / len(rules) if rules else 1.0,
        "RuleResults": [
            {"Name": f"Rule_{number}", "Description": rule, "Result": result, "EvaluatedMetrics": {}}
            for number, (rule, result) in enumerate(zip(rules, outcomes, strict=True), 1)
        ],
    }
    return identifier


def run_of(account: str, region: str, run_id: str) -> dict:
    """GetDataQualityRulesetEvaluationRun: RUNNING first, then the end."""
    run = _runs.get((account, region, run_id))
    if run is None:
        raise Missing(f"Data quality run {run_id} is not found in account {account}")
    run["looks"] += 1
    shown = {key: value for key, value in run.items() if key != "looks"}
    if run["looks"] == 1:
        for member in ("ResultIds", "ErrorString"):
            shown.pop(member, None)
        shown["Status"] = "RUNNING"
    return shown


def rulesets_of_run(account: str, region: str, run_id: str) -> list[str]:
    """The rulesets that a run speaks of, for the ARNs that IAM is asked for."""
    return list(_runs.get((account, region, run_id), {}).get("RulesetNames") or ["*"])


def ruleset_of_result(account: str, region: str, identifier: str) -> str:
    """The ruleset behind a result."""
    return _results.get((account, region, identifier), {}).get("RulesetName") or "*"


def result(account: str, region: str, identifier: str) -> dict:
    """GetDataQualityResult."""
    found = _results.get((account, region, identifier))
    if found is None:
        raise Missing(f"Data quality result {identifier} is not found in account {account}")
    return found


def results(account: str, region: str, identifiers: list[str]) -> dict:
    """BatchGetDataQualityResult."""
    found = [_results[account, region, name] for name in identifiers if (account, region, name) in _results]
    missing = [name for name in identifiers if (account, region, name) not in _results]
    return {"Results": found, "ResultsNotFound": missing}
