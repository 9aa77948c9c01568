#!/usr/bin/env python3
"""Measure meshform on a generated mesh, verbs side by side in one run: measure.py MESHFORM [N P C] [RUNS]

Writes two versions of the mesh (5 % of the products changed) as a git repository in a temporary place, then runs synth,
diff and access in turn, RUNS times. Prints medians with the smallest and the largest, and the ratio of diff to synth of
the same round, which is what is to be quoted: absolute figures belong to one machine and one hour.
Needs nothing but Python 3 and git.
"""
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def measured(command, cwd):
    """Wall seconds, CPU seconds and peak memory in MiB of a whole process; its output is thrown away."""
    start = time.perf_counter()
    with open(os.devnull, "wb") as nothing:
        process = subprocess.Popen(command, cwd=cwd, stdout=nothing, stderr=subprocess.PIPE)
        talk = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    code = os.waitstatus_to_exitcode(status)
    if code != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {code}:\n{talk.decode(errors='replace')[-2000:]}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def git(repository, *arguments):
    identity = ["-c", "user.name=bench", "-c", "user.email=bench@acme.example", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=repository, check=True, stdout=subprocess.DEVNULL)


def main():
    binary = Path(sys.argv[1]).resolve()
    size = sys.argv[2:5] or ["300", "5", "60"]
    runs = int(sys.argv[5]) if len(sys.argv) > 5 else 7
    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder)
        environment = repository / "environments" / "bench"
        generate = [sys.executable, HERE / "gen_mesh.py", *size, environment]
        subprocess.run(generate, check=True, stdout=subprocess.DEVNULL)
        git(repository, "init", "-q", "-b", "main")
        git(repository, "add", "-A")
        git(repository, "commit", "-q", "-m", "base")
        subprocess.run([*generate, "--change", "0.05"], check=True, stdout=subprocess.DEVNULL)
        verbs = {
            "synth": ["synth", "-e", "bench"],
            "diff": ["diff", "-e", "bench", "--base", "HEAD", "--format", "markdown"],
            "access": ["access", "-e", "bench", "--format", "json"],
        }
        figures = {verb: [] for verb in verbs}
        # one round unmeasured: afterwards synth finds its files as they should be, as in an engineer's second run
        for round_number in range(runs + 1):
            for verb, arguments in verbs.items():
                figure = measured([binary, *arguments], repository)
                if round_number:
                    figures[verb].append(figure)
    print(f"mesh of {','.join(size)}; {runs} rounds; whole processes; median (smallest to largest)")
    for verb, found in figures.items():
        walls, cpus, peaks = zip(*found)
        print(f"{verb:8} {statistics.median(walls):6.2f} s wall ({min(walls):.2f} to {max(walls):.2f})"
              f"  {statistics.median(cpus):6.2f} s CPU  {max(peaks):6.0f} MiB")
    for verb in ("diff", "access"):
        ratios = [figure[0] / base[0] for figure, base in zip(figures[verb], figures["synth"])]
        print(f"{verb} / synth, round by round: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


main()
