"""Compares `meshform access --templates` with the brute-force evaluator on random meshes.

    python3 compare.py BINARY [--seeds 3000] [--first 0] [--no-quota]

Prints the first disagreement, shrunk to the resources that it needs, and exits 1. At the end prints how often each feature
changed an answer, and fails where one did so in fewer than a hundred meshes: then the meshes have become too tame.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import copy
import json
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import generator
from brute_force import DISCOVERED, BruteForce, Features, account_of, kind_of
from reading import Mesh, Template, read, templates_in

QUOTA = 100
BATCH = 200
COUNTED = [field.name for field in fields(Features)]

# What both evaluators are asked for: a principal's kind, and of each table that it sees the columns with their row filters, the
# permissions, and whether a discovered column would be seen.
Answer = dict[str, dict[str, Any]]


class Refused(Exception):
    """The program gave no answer."""


@dataclass
class Disagreement:
    principal: str
    subject: str
    ours: Any
    theirs: Any


@dataclass
class Verdict:
    """What came of one seed."""

    seed: int
    disagreement: Disagreement | None
    changed: list[str]
    """The features that changed an answer."""


def ours(mesh: Mesh, features: Features = Features()) -> Answer:
    """The brute-force evaluator's answer. Who sees nothing is left out: whether to list a role that sees nothing is not sight."""
    return {
        principal: {
            "kind": kind_of(principal),
            "tables": {"/".join(table): asdict(seen) for table, seen in sight.items()},
        }
        for principal, sight in BruteForce(mesh, features).sight().items()
        if sight
    }


def theirs(binary: str, directory: Path) -> Answer:
    """The program's answer."""
    run = subprocess.run(
        [binary, "access", "--templates", str(directory), "--format", "json"], capture_output=True, text=True, check=False
    )
    if run.returncode != 0:
        raise Refused(f"exit code {run.returncode}: {run.stderr}")
    answer: Answer = {}
    for principal in json.loads(run.stdout)["principals"]:
        tables = {}
        for table in principal["tables"]:
            tables["/".join([table["catalog"], table["database"], table["table"]])] = {
                "columns": {column["name"]: column.get("rows", []) for column in table["columns"] if column["visible"]},
                "permissions": table["permissions"],
                "discovered": table["discovered"],
            }
        if tables:
            # everyone stands there once for each account that grants
            seen = answer.setdefault(principal["principal"], {"kind": principal["kind"], "tables": {}})
            seen["tables"].update(tables)
    return answer


def first_disagreement(our: Answer, their: Answer) -> Disagreement | None:
    nobody = {"kind": None, "tables": {}}
    for principal in sorted({*our, *their}):
        mine, other = our.get(principal, nobody), their.get(principal, nobody)
        for table in sorted({*mine["tables"], *other["tables"]}):
            if mine["tables"].get(table) != other["tables"].get(table):
                return Disagreement(principal, table, mine["tables"].get(table), other["tables"].get(table))
        if mine["kind"] != other["kind"]:
            return Disagreement(principal, "kind", mine["kind"], other["kind"])
    return None


def compare(binary: str, templates: list[Template]) -> Disagreement | None:
    """Both evaluators on the same files."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        generator.write(templates, directory)
        our = ours(read(templates_in(directory)))
        try:
            their = theirs(binary, directory)
        except Refused as refused:
            return Disagreement("the program", "no answer", len(our), str(refused))
        return first_disagreement(our, their)


def judge(binary: str, seed: int, counted: list[str]) -> Verdict:
    """One seed: whether the evaluators agree, and which of some features changed the answer."""
    templates = generator.mesh(seed)
    disagreement = compare(binary, templates)
    changed = []
    if counted:
        mesh = read(templates)
        answer = ours(mesh)
        changed = [name for name in counted if ours(mesh, Features(**{name: False})) != answer]
    return Verdict(seed, disagreement, changed)


def shrunk(binary: str, templates: list[Template], first: Disagreement) -> tuple[list[Template], Disagreement]:
    """The same disagreement with resources left out, many at a time and then one by one, as long as it stays."""
    smallest, known = copy.deepcopy(templates), first
    size = 16
    while size > 0:
        # Backwards, since what refers mostly stands after what it refers to.
        every = [(number, each) for number, one in enumerate(smallest) for each in one[2]["Resources"]][::-1]
        dropped = False
        for start in range(0, len(every), size):
            smaller = without(smallest, every[start : start + size])
            if smaller is None:
                continue
            left = compare(binary, smaller)
            if left is not None and (left.principal, left.subject) == (known.principal, known.subject):
                smallest, known, dropped = smaller, left, True
        if not (dropped and size == 1):
            size //= 2
    return smallest, known


def without(templates: list[Template], resources: list[tuple[int, str]]) -> list[Template] | None:
    """Templates without some resources; none where what is left refers to them."""
    smaller = copy.deepcopy(templates)
    for number, logical_id in resources:
        del smaller[number][2]["Resources"][logical_id]
    if any(refers_to(smaller[number][2], logical_id) for number, logical_id in resources):
        return None
    return smaller


def refers_to(template: dict[str, Any], logical_id: str) -> bool:
    text = json.dumps(template["Resources"])
    return any(each in text for each in (f'"Ref": "{logical_id}"', f'["{logical_id}", ', f"${{{logical_id}}}"))


def explained(mesh: Mesh, principal: str, subject: str) -> list[str]:
    """Which rule decides what, for one principal and table, as the brute-force evaluator sees it."""
    table = tuple(subject.split("/"))
    if table not in mesh.tables:
        return ["rule 7: what a principal is"]
    force = BruteForce(mesh)
    lines = []
    for column in [*mesh.tables[table], DISCOVERED]:
        lines.append(f"rule 1: {column} has the tags {force.tags_of_column(table, column)}")
    for grant in mesh.grants:
        if grant.principal != principal and grant.principal != account_of(principal):
            continue
        opened = [
            f"{column}: {opening.permission}{f' where {opening.rows}' if opening.rows else ''}"
            for column in mesh.tables[table]
            for opening in (
                force.valid_openings(grant, table, column)
                if grant.principal == principal
                else force.given(grant, grant.permissions, table, column)
            )
        ]
        (kind, _), = grant.resource.items()
        rule = "rule 6" if kind == "Database" else "rules 3 and 5, direct" if grant.account == table[0] else f"rules 3 and 5, {'a or c' if kind == 'LFTagPolicy' else 'b'}"
        to = "to it" if grant.principal == principal else "to its account"
        lines.append(
            f"{rule}: {grant.where} {to}, {json.dumps(grant.resource)} {sorted(grant.permissions)} grant option {sorted(grant.grantable)}: opens {opened or 'nothing'}"
        )
    leg = force.missing_leg(principal, table)
    lines.append(f"rule 6: {f'{leg} is missing' if leg else 'no leg is missing'}")
    return lines


def report(binary: str, verdict: Verdict) -> None:
    """The first disagreement, small enough to read."""
    assert verdict.disagreement is not None
    templates, disagreement = shrunk(binary, generator.mesh(verdict.seed), verdict.disagreement)
    directory = Path(tempfile.mkdtemp(prefix=f"mesh-{verdict.seed}-"))
    generator.write(templates, directory)
    mesh = read(templates)
    print(f"seed {verdict.seed}: they disagree on {disagreement.principal}, {disagreement.subject}")
    print(f"  brute force: {json.dumps(disagreement.ours)}")
    print(f"  meshform:    {json.dumps(disagreement.theirs)}")
    print(f"  templates, shrunk: {directory}")
    for line in explained(mesh, disagreement.principal, disagreement.subject):
        print(f"  {line}")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("binary", help="the built meshform")
    arguments.add_argument("--seeds", type=int, default=3000, help="how many meshes (default 3000)")
    arguments.add_argument("--first", type=int, default=0, help="the first seed (default 0)")
    arguments.add_argument("--no-quota", action="store_true", help="count nothing and ask for no hundred: for short runs")
    arguments.add_argument("--no-shrink", action="store_true", help="print a disagreement as it was found: at once")
    given = arguments.parse_args()

    changed: Counter[str] = Counter()
    seeds = range(given.first, given.first + given.seeds)
    with concurrent.futures.ProcessPoolExecutor(max_workers=2) as pool:
        for start in range(0, len(seeds), BATCH):
            batch = seeds[start : start + BATCH]
            # Counting takes longer than comparing: no feature is counted further than its quota asks for.
            counted = [] if given.no_quota else [name for name in COUNTED if changed[name] < QUOTA]
            for verdict in pool.map(judge, [given.binary] * len(batch), batch, [counted] * len(batch), chunksize=10):
                changed.update(verdict.changed)
                if verdict.disagreement is not None:
                    pool.shutdown(wait=False, cancel_futures=True)
                    if given.no_shrink:
                        print(f"seed {verdict.seed}: {verdict.disagreement}")
                    else:
                        report(given.binary, verdict)
                    return 1
    print(f"{given.seeds} meshes: both evaluators agree")
    if given.no_quota:
        return 0
    for name in COUNTED:
        print(f"  {name.replace('_', ' ')} changed the answer in {changed[name]}{' and was counted no further' if changed[name] >= QUOTA else ''}")
    tame = [name for name in COUNTED if changed[name] < QUOTA]
    if tame:
        print(f"fewer than {QUOTA}: {', '.join(tame)}; more seeds, or a wilder generator", file=sys.stderr)
    return 1 if tame else 0


if __name__ == "__main__":
    sys.exit(main())
