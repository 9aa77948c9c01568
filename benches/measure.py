#!/usr/bin/env python3
"""Measure meshform beside the floor, troposphere and AWS CDK, whole processes in one run. Called by `make bench`.

    measure.py target/release/meshform [--sizes 3,2,2 30,4,10] [--rounds 5] [--peers cdk troposphere | none] [--json FILE]
    measure.py --table FILE                  print a report that --json wrote
    measure.py --table FILE --into PAGE      put it between the marks of a page

One round runs every tool once on every size; the order turns from round to round. A round before the first is not counted: it
fills the caches and makes what is counted (stacks, resources, bytes) and what `synth` finds when nothing changed. What is written
is new each time, in a new folder, and is removed at the end: a disk that just removed files is slow to make others. What waits
to reach the disk is written out before each tool begins, so that none pays for the one before.

Absolute figures belong to one machine and one hour; ratios of the same round are what is to be quoted.
Needs Python 3 and git, for the peers also npm and the package indexes; without them the peers are left out, with a sentence.
"""
from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import figures
import install

HERE = Path(__file__).resolve().parent
SIZES = ["3,2,2", "30,4,10", "100,5,30", "300,5,60"]
STARTS = 21
"""How often each start-up is measured: it is short, and so it is noisy."""


def size(text: str) -> str:
    """A size as somebody writes it: domains, products of each, consumers."""
    parts = text.split(",")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and int(part) > 0 for part in parts):
        raise argparse.ArgumentTypeError(f"`{text}` is no size: write domains,products,consumers, as in 3,2,2")
    return ",".join(str(int(part)) for part in parts)


def rounds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"`{text}` is no number of rounds: at least 1")
    return int(text)


@dataclass
class Command:
    """What is run, and where. Some measure a part of themselves and print it: `tells` has the tool that each part stands for.
    What others print is thrown away."""

    line: list[str | Path]
    folder: Path
    variables: dict[str, str] = field(default_factory=dict)
    tells: dict[str, str] = field(default_factory=dict)


def measured(command: Command) -> tuple[dict[str, float], bytes]:
    """Wall seconds, processor seconds of it and what it started, and the peak memory in MiB of the largest of these."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as talk:
        start = time.perf_counter()
        process = subprocess.Popen(
            command.line, cwd=command.folder, env={**os.environ, **command.variables}, stdin=subprocess.DEVNULL, stdout=out, stderr=talk
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            talk.seek(0)
            said = talk.read().decode(errors="replace")[-2000:]
            sys.exit(f"{' '.join(map(str, command.line))} ended with {process.returncode}:\n{said}")
        out.seek(0)
        printed = out.read() if command.tells else b""
    # Linux counts in KiB, macOS in bytes
    unit = 1024 if sys.platform.startswith("linux") else 1024 * 1024
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "peak": usage.ru_maxrss / unit}, printed


FLOOR = {"write": "floor-write", "serialize": "floor-serialize"}
SIGHT = {"evaluate": "access-evaluate"}


def told_by(printed: bytes, tells: dict[str, str]) -> dict[str, dict[str, float | None]]:
    """The figures that a program measured of its parts, by the tools they stand for."""
    told = json.loads(printed)
    return {tool: {"wall": told[part]["wall"], "cpu": told[part]["cpu"], "peak": None} for part, tool in tells.items()}


def call(*line: str | Path, folder: Path | None = None, variables: dict[str, str] | None = None) -> bytes:
    """Runs something that is not measured."""
    ended = subprocess.run(line, cwd=folder, env={**os.environ, **(variables or {})}, capture_output=True, check=False)
    if ended.returncode != 0:
        sys.exit(f"{' '.join(map(str, line))} ended with {ended.returncode}:\n{ended.stderr.decode(errors='replace')[-2000:]}")
    return ended.stdout


class Mesh:
    """One size: its files in our format in a repository, and in the peers'; 5 % of the products differ from the last commit."""

    def __init__(self, size: str, folder: Path, binary: Path, parts: dict[str, Path], peers: dict[str, install.Peer]) -> None:
        self.size, self.folder, self.binary, self.parts, self.peers = size, folder, binary, parts, peers
        self.repository = folder / "repository"
        numbers = size.split(",")
        ours = [sys.executable, HERE / "gen_mesh.py", *numbers, self.repository / "environments" / "bench"]
        call(*ours)
        identity = ["-c", "user.name=bench", "-c", "user.email=bench@acme.example", "-c", "commit.gpgsign=false"]
        call("git", "init", "-q", "-b", "main", folder=self.repository)
        call("git", "add", "-A", folder=self.repository)
        call("git", *identity, "commit", "-q", "-m", "base", folder=self.repository)
        call(*ours, "--change", "0.05")
        for name, change in (("base", []), ("head", ["--change", "0.05"])):
            call(sys.executable, HERE / "peers" / "gen_env.py", *numbers, folder / f"{name}.json", *change)
        if "cdk" in peers:
            for name in ("base", "head"):
                command = self.node_app(folder / f"cdk-{name}", folder / f"{name}.json")
                call(*command.line, folder=command.folder, variables=command.variables)

    def node_app(self, out: Path, mesh: Path) -> Command:
        variables = {"CDK_OUTDIR": str(out), "MESH_FILE": str(mesh), "LEAN": "1", "CDK_VALIDATION": "false"}
        return Command(["node", "dist/app.js"], self.peers["cdk"].folder, variables)

    def out(self, tool: str, turn: int) -> Path:
        return self.folder / f"{tool}-{turn}"

    def commands(self, turn: int) -> dict[str, Command]:
        """What one round runs; `synth` again, the floor and sight find what `synth` wrote before the first round."""
        environment = ["-e", "bench"]
        of_verbs = {
            "synth": ["synth", *environment, "--out", self.out("synth", turn)],
            "again": ["synth", *environment],
            "diff": ["diff", *environment, "--base", "HEAD", "--format", "markdown"],
            "access": ["access", *environment, "--format", "json"],
        }
        found = {verb: Command([self.binary, *line], self.repository) for verb, line in of_verbs.items()}
        stacks = self.repository / "stacks" / "bench"
        if "floor" in self.parts:
            found["floor"] = Command([self.parts["floor"], stacks, self.out("floor", turn)], self.folder, tells=FLOOR)
        if "sight" in self.parts:
            found["sight"] = Command([self.parts["sight"], stacks], self.folder, tells=SIGHT)
        head = self.folder / "head.json"
        if "troposphere" in self.peers:
            python = self.peers["troposphere"].folder / "bin" / "python"
            found["troposphere"] = Command([python, HERE / "peers" / "troposphere" / "tropo.py", head, self.out("troposphere", turn)], self.folder)
        if "cdk" in self.peers:
            place = self.peers["cdk"].folder
            # nothing is asked of the network, which would be measured with it
            alone = {"MESH_FILE": str(head), "CDK_DISABLE_CLI_TELEMETRY": "1"}
            for tool, more in (("cdk", {}), ("cdk-unchecked", {"CDK_VALIDATION": "false"})):
                line = [place / "node_modules/.bin/cdk", "synth", "--quiet", "--no-notices", "-o", self.out(tool, turn)]
                found[tool] = Command(line, place, {**alone, **more})
            found["cdk-lean"] = self.node_app(self.out("cdk-lean", turn), head)
            found["cdk-diff"] = Command(["node", "fulldiff.js", self.folder / "cdk-base", self.folder / "cdk-head"], place)
        return found

    def counts(self) -> dict[str, dict[str, int]]:
        """What each tool wrote before the first round."""
        wrote = ["synth", "troposphere", "cdk", "cdk-unchecked", "cdk-lean"]
        found = {tool: self.out(tool, 0) for tool in wrote if self.out(tool, 0).is_dir()}
        counts = {tool: json.loads(call(sys.executable, HERE / "count.py", folder)) for tool, folder in found.items()}
        counts["again"] = counts["synth"]
        if "floor" in self.parts:
            # it writes every file, and makes the text of every tree
            counts["floor-write"] = counts["floor-serialize"] = counts["synth"]
        return counts


def turned(tools: list[str], turn: int) -> list[str]:
    """The order of a round: each begins with another tool, so that none has always the same neighbour before it."""
    start = turn % len(tools)
    return tools[start:] + tools[:start]


def run_round(meshes: list[Mesh], turn: int, sizes: dict[str, dict]) -> None:
    for mesh in meshes:
        commands = mesh.commands(turn)
        order = list(commands) if turn == 0 else turned(list(commands), turn)
        for tool in order:
            os.sync()
            figure, printed = measured(commands[tool])
            print(f"round {turn}: {mesh.size:>9} {tool:<14} {figure['wall']:8.3f} s", file=sys.stderr, flush=True)
            if turn == 0:
                continue
            of_tools = told_by(printed, commands[tool].tells) if commands[tool].tells else {tool: figure}
            for name, values in of_tools.items():
                of_tool = sizes[mesh.size].setdefault(name, {"wall": [], "cpu": [], "peak": []})
                for what, value in values.items():
                    of_tool[what].append(value)


def starts(binary: Path, folder: Path) -> dict[str, dict[str, list[float]]]:
    """Start-up, in turn with a program that does nothing: what starting a process from here takes by itself."""
    lines = {"version": [binary, "--version"], "explain": [binary, "explain", "unknown-product"], "true": ["true"]}
    found = {name: {"wall": [], "cpu": [], "peak": []} for name in lines}
    os.sync()
    for turn in range(STARTS + 1):
        for name, line in lines.items():
            figure, _ = measured(Command(line, folder))
            for what, value in figure.items() if turn else ():
                found[name][what].append(value)
    return found


def processors() -> tuple[int, int]:
    """Ticks in which the processors did something for anybody, also for other machines on the same iron, and all ticks."""
    try:
        ticks = [int(part) for part in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    except OSError:
        return 0, 0
    user, nice, system, idle, waiting, interrupts, soft, stolen = ticks
    return user + nice + system + interrupts + soft + stolen, sum(ticks)


def elsewhere(before: tuple[int, int], after: tuple[int, int], ours: float) -> int:
    """Per cent of the processors' time between two looks that went to others than us."""
    busy, all_ticks = after[0] - before[0], after[1] - before[1]
    if all_ticks <= 0:
        return 0
    mine = ours * os.sysconf("SC_CLK_TCK")
    return max(0, round(100 * (busy - mine) / all_ticks))


def machine(place: Path) -> dict[str, object]:
    processor = platform.processor() or platform.machine()
    try:
        names = [line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
        processor = names[0] if names else processor
    except OSError:
        pass
    kind = subprocess.run(["stat", "-f", "-c", "%T", place], capture_output=True, text=True, check=False).stdout.strip()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "processor": processor,
        "memory_gib": round(memory),
        "files_on": kind or "an unknown disk",
        "system": f"{platform.system()} {platform.release()}",
    }


def save(report: figures.Report, path: Path) -> None:
    """A whole file or none: a run can be cut off."""
    beside = path.with_name(path.name + ".tmp")
    beside.write_text(json.dumps(report, indent=1) + "\n")
    beside.replace(path)


def at_hand(wanted: list[str]) -> tuple[dict[str, install.Peer], list[str]]:
    """The peers that can be measured, and a sentence for each other."""
    found, left_out = {}, []
    for name, bring in (("cdk", install.cdk), ("troposphere", install.troposphere)):
        if name not in wanted:
            left_out.append(f"{name} was left out, as was asked")
            continue
        peer = bring()
        if peer.missing:
            left_out.append(peer.missing)
            print(peer.missing, file=sys.stderr)
        else:
            found[name] = peer
    return found, left_out


def run(options: argparse.Namespace) -> figures.Report:
    binary = options.meshform.resolve()
    parts = {name: binary.parent / "examples" / name for name in ("floor", "sight")}
    peers, left_out = at_hand(options.peers)
    for name in [name for name, program in parts.items() if not program.is_file()]:
        left_out.append(f"examples/{name}.rs is left out: `cargo build --release --no-default-features --example {name}` makes it")
        del parts[name]
    versions = {name: version for peer in peers.values() for name, version in peer.versions.items()}
    versions["meshform"] = call(binary, "--version").decode().split()[-1]
    versions["python"] = platform.python_version()
    described = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=HERE, capture_output=True, text=True, check=False)
    if described.returncode == 0:
        versions["meshform"] += f" ({described.stdout.strip()})"
    looked, own = processors(), time.process_time()
    with tempfile.TemporaryDirectory(prefix="meshform-bench-", dir=options.place) as folder:
        place = Path(folder)
        report = {
            "version": 1,
            "day": datetime.date.today().isoformat(),
            "machine": machine(place),
            "versions": versions,
            "left_out": left_out,
            "rounds": options.rounds,
            "sizes": {size: {} for size in options.sizes},
            "start_up": {},
        }
        meshes = []
        for size in options.sizes:
            (place / size).mkdir()
            meshes.append(Mesh(size, place / size, binary, parts, peers))
            # what `synth` again finds, and the floor and sight begin with
            call(binary, "synth", "-e", "bench", folder=meshes[-1].repository)
        report["start_up"] = starts(binary, place)
        for turn in range(options.rounds + 1):
            run_round(meshes, turn, report["sizes"])
            if turn == 0:
                for mesh in meshes:
                    report["sizes"][mesh.size] = {tool: {"wall": [], "cpu": [], "peak": [], **counts} for tool, counts in mesh.counts().items()}
                continue
            times = os.times()
            ours = times.children_user + times.children_system + time.process_time() - own
            report["machine"]["elsewhere_percent"] = elsewhere(looked, processors(), ours)
            report["rounds"] = turn
            if options.json:
                save(report, options.json)
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("meshform", type=Path, nargs="?", help="the binary, of a release")
    parser.add_argument("--sizes", type=size, nargs="+", default=SIZES, metavar="N,P,C", help="domains, products of each, consumers")
    parser.add_argument("--rounds", type=rounds, default=5, help="rounds that count, after one that does not (5)")
    parser.add_argument("--peers", nargs="+", choices=["cdk", "troposphere", "none"], default=["cdk", "troposphere"], help="what to measure beside it (all)")
    parser.add_argument("--place", type=Path, help="where files are written (the system's temporary folder)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report here too, after each round")
    parser.add_argument("--table", type=Path, metavar="FILE", help="measure nothing: print the report of this file")
    parser.add_argument("--into", type=Path, metavar="PAGE", help="with --table: put it between the marks of this page")
    options = parser.parse_args()
    if options.table:
        report = json.loads(options.table.read_text())
        if options.into:
            options.into.write_text(figures.into(options.into.read_text(), report))
        else:
            print(figures.markdown(report), end="")
        return
    if options.meshform is None:
        parser.error("name the binary to measure, as in target/release/meshform")
    print(figures.markdown(run(options)), end="")


if __name__ == "__main__":
    main()
