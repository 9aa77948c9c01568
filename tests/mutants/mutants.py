"""Breaks the evaluator of sight on purpose, one rule at a time, and expects the tests to notice.

mutations.json holds the mutations: a text that stands once in a file, what stands there instead, which rule that drops, and
which tests must notice. Each is tried alone, in a copy of the tree below target/mutants; what is compiled stays there, so
that only this crate is compiled again.

    python3 tests/mutants/mutants.py             all of them: minutes each on a slow machine
    python3 tests/mutants/mutants.py --only NAME [--only NAME]
    python3 tests/mutants/mutants.py --applies   only whether each still applies: at once, part of `make check`

Prints `killed by <tests>` or SURVIVED. A survivor, a mutation that does not apply and one that does not compile are failures.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / "target" / "mutants"
TREE = PLACE / "tree"
CARGO = ["cargo", "--quiet"]
FEATURES = ["--no-default-features"]
SEEDS = "600"


@dataclass(frozen=True)
class Mutation:
    """One line of mutations.json."""

    name: str
    file: str
    old: str
    new: str
    drops: str
    """The rule that it takes away, in words."""
    noticed_by: tuple[str, ...]
    """The suites that must notice, each of them."""


@dataclass(frozen=True)
class Suite:
    """Some tests: what builds them, and what runs them."""

    build: list[str]
    run: list[str]


# From cheap to dear.
SUITES = {
    "lib": Suite([*CARGO, "test", *FEATURES, "--lib", "--no-run"], [*CARGO, "test", *FEATURES, "--lib", "access"]),
    "it": Suite(
        [*CARGO, "test", *FEATURES, "--test", "it", "--no-run"],
        [*CARGO, "test", *FEATURES, "--test", "it", "--", "sight", "legs"],
    ),
    "compare": Suite(
        [*CARGO, "build", *FEATURES],
        [sys.executable, "tests/access/compare.py", str(PLACE / "target/debug/meshform"), "--seeds", SEEDS, "--no-quota", "--no-shrink"],
    ),
}


def mutations() -> list[Mutation]:
    listed = json.loads((Path(__file__).parent / "mutations.json").read_text())
    return [Mutation(**{**one, "noticed_by": tuple(one["noticed_by"])}) for one in listed]


def faults(mutation: Mutation, source: Path) -> list[str]:
    """What is wrong with a mutation before anything is compiled."""
    found = [f"no such tests: {suite}" for suite in mutation.noticed_by if suite not in SUITES]
    if not mutation.noticed_by:
        found.append("no tests are named that must notice")
    if mutation.old == mutation.new:
        found.append("it changes nothing")
    path = source / mutation.file
    if not mutation.file.startswith("src/access/"):
        found.append(f"{mutation.file} is not below src/access")
    elif not path.exists():
        found.append(f"{mutation.file} is not there")
    else:
        times = path.read_text().count(mutation.old)
        if times != 1:
            found.append(f"its text stands {times} times in {mutation.file}, not once: {mutation.old!r}")
    return found


def all_apply(every: list[Mutation]) -> bool:
    names = [mutation.name for mutation in every]
    wrong = [f"{name}: its name stands twice" for name in sorted({name for name in names if names.count(name) > 1})]
    for mutation in every:
        wrong += [f"{mutation.name}: {fault}" for fault in faults(mutation, ROOT)]
    for line in wrong:
        print(line, file=sys.stderr)
    return not wrong


def copy_tree() -> None:
    """What git knows or would add. Files that are equal keep their time, so that cargo compiles only what changed."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    wanted = {name for name in listed.split("\0") if name and (ROOT / name).is_file()}
    for path in [path for path in TREE.rglob("*") if path.is_file()]:
        if str(path.relative_to(TREE)) not in wanted:
            path.unlink()
    for name in sorted(wanted):
        source, copy = ROOT / name, TREE / name
        if not copy.exists() or copy.read_bytes() != source.read_bytes():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
            shutil.copymode(source, copy)


def passes(command: list[str]) -> tuple[bool, str]:
    environment = {**os.environ, "CARGO_TARGET_DIR": str(PLACE / "target")}
    run = subprocess.run(command, cwd=TREE, env=environment, capture_output=True, text=True, check=False)
    return run.returncode == 0, run.stdout + run.stderr


def tried(mutation: Mutation) -> tuple[bool, str]:
    """Whether every suite that must notice does, and what to print."""
    path = TREE / mutation.file
    original = path.read_text()
    path.write_text(original.replace(mutation.old, mutation.new))
    try:
        for name in mutation.noticed_by:
            compiled, output = passes(SUITES[name].build)
            if not compiled:
                return False, f"DOES NOT COMPILE\n{output}"
            passed, _ = passes(SUITES[name].run)
            if passed:
                return False, f"SURVIVED {name}"
        return True, f"killed by {', '.join(mutation.noticed_by)}"
    finally:
        path.write_text(original)


def unchanged_tree_passes(names: list[str]) -> bool:
    """Without this, tests that fail anyway would kill everything."""
    for name in names:
        for command in (SUITES[name].build, SUITES[name].run):
            passed, output = passes(command)
            if not passed:
                print(f"the tree without any mutation fails {name}, so nothing can be told\n{output}", file=sys.stderr)
                return False
    return True


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--applies", action="store_true", help="only check that each mutation still applies")
    arguments.add_argument("--only", action="append", metavar="NAME", help="only this mutation; may be given more than once")
    given = arguments.parse_args()
    every = mutations()
    if not all_apply(every):
        return 1
    if given.applies:
        print(f"{len(every)} mutations apply")
        return 0
    chosen = [mutation for mutation in every if given.only is None or mutation.name in given.only]
    if given.only is not None and len(chosen) != len(set(given.only)):
        print(f"no such mutation: {', '.join(sorted(set(given.only) - {one.name for one in chosen}))}", file=sys.stderr)
        return 1
    copy_tree()
    if not unchanged_tree_passes([name for name in SUITES if any(name in one.noticed_by for one in chosen)]):
        return 1
    survivors = 0
    for mutation in chosen:
        begun = time.monotonic()
        killed, told = tried(mutation)
        survivors += not killed
        print(f"{mutation.name}: {told} ({time.monotonic() - begun:.0f} s; drops {mutation.drops})", flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} killed")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
