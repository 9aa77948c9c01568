"""Deploy the demo into eight accounts of the local AWS: `python demo.py MESHFORM [--environment DIR] [--delay-ms N]`.

Starts the local AWS, bootstraps the accounts, deploys, deploys again, says who can see what, brings a ninth account in, and
stops what it started, interrupted or not. The ninth joins a copy of the environment in a temporary directory. Run by
`make demo` from the root of the repository.
"""

import argparse
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import urllib.request
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent

# The Organization's management account: bootstrap runs from it, nothing of the mesh lives in it.
MANAGEMENT = "999999999990"

# An account of the organization that is not in the mesh until a domain is written for it.
NINTH = "999999999999"


class LocalAws:
    """The launcher as a child process; stopped by its own pid when the block ends."""

    def __init__(self, delay_ms: int) -> None:
        command = [sys.executable, str(HERE / "launcher.py"), "--delay-ms", str(delay_ms), "--log", os.devnull]
        # its own session: Ctrl-C reaches us, and we stop it in our own time
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)

    def __enter__(self) -> "LocalAws":
        ready = self.process.stdout.readline()
        if not ready:
            self.stop()
            sys.exit("the local AWS did not start; see its message above")
        self.endpoint = json.loads(ready)["endpoint"]
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ask, wait with a limit, then kill that pid."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def call(self, method: str, path: str, body: dict | None = None) -> object:
        """One call of the control API."""
        data = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(f"{self.endpoint}/_local/{path}", data=data, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


def meshform(binary: str, arguments: list[str], endpoint: str, key: dict, region: str, directory: str = ".") -> None:
    """Run meshform as one identity in a directory; end the demo when it fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": region,
        "AWS_ACCESS_KEY_ID": key["accessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["secretAccessKey"],
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    print(f"\n$ meshform {shlex.join(arguments)}", flush=True)
    ran = subprocess.run([binary, *arguments], env=environment, cwd=directory, check=False)
    if ran.returncode != 0:
        sys.exit(f"meshform {arguments[0]} ended with {ran.returncode}")


def main() -> None:
    """The demo, from the first role to the second, silent deploy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("meshform", help="the binary")
    parser.add_argument("--environment", default="environments/demo", help="directory of the environment")
    parser.add_argument("--delay-ms", type=int, default=60, help="how long each resource takes, so that progress is seen")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    binary = str(Path(arguments.meshform).resolve())
    directory = Path(arguments.environment)
    mesh = yaml.safe_load((directory / "mesh.yaml").read_text())
    owners = [yaml.safe_load(file.read_text()) for file in sorted(directory.glob("[cd]*/*.yaml"))]
    accounts = [mesh["governance"]["account"], *(owner["account"] for owner in owners)]
    region = mesh["region"]
    started = time.monotonic()
    with LocalAws(arguments.delay_ms) as local:
        print(f"local AWS at {local.endpoint}: {len(accounts)} accounts of one organization, nothing in them", flush=True)
        keys = local.call(
            "POST",
            "setup",
            {
                "organization": mesh["organization"],
                "management": MANAGEMENT,
                "accounts": [*accounts, NINTH],
                "deployAccount": mesh["governance"]["account"],
            },
        )
        environment = ["-e", arguments.environment]
        meshform(binary, ["bootstrap", *environment, "--yes"], local.endpoint, keys["administrator"], region)
        # from here on nobody is root: what a role may not do fails
        local.call("POST", "lock")
        deploy = ["deploy", *environment, "--yes"]
        meshform(binary, deploy, local.endpoint, keys["deployer"], region)
        local.call("DELETE", "log")
        meshform(binary, deploy, local.endpoint, keys["deployer"], region)
        calls = local.call("GET", "log")
        mutating = [call for call in calls if call["mutating"]]
        print(f"  the second deploy made {len(calls)} calls, {len(mutating)} of them mutating")
        if mutating:
            sys.exit(f"the second deploy changed something: {mutating[0]}")
        meshform(binary, ["access", *environment], local.endpoint, keys["deployer"], region)
        seconds = time.monotonic() - started
        onboard(binary, directory, local, keys, region)
        closing(local, len(accounts), seconds, time.monotonic() - started)


def onboard(binary: str, directory: Path, local: LocalAws, keys: dict, region: str) -> None:
    """Bring a ninth account into a copy of the environment: from its file to its stacks."""
    print(f"\na team joins with account {NINTH}: a copy of {directory} in a temporary directory", flush=True)
    with tempfile.TemporaryDirectory(prefix="meshform-demo-") as copy:
        name = directory.resolve().name
        shutil.copytree(directory, Path(copy) / "environments" / name)
        environment = ["-e", name]

        def run(arguments: list[str], key: str = "deployer") -> None:
            meshform(binary, arguments, local.endpoint, keys[key], region, copy)

        team = ["--team", "payments-data", "--email", "payments@acme.example"]
        run(["new", "domain", "payments", "--account", NINTH, *team, *environment])
        run(["validate", *environment])
        run(["synth", *environment])
        run(["diff", *environment, "--against", str(directory.resolve())])
        run(["bootstrap", *environment, "--select", "payments/*", "--yes"], "administrator")
        run(["deploy", *environment, "--yes"])
        run(["access", *environment, "--product", "payments-example"])


def closing(local: LocalAws, accounts: int, seconds: float, all_seconds: float) -> None:
    """One line each: what stands, what was checked, what was only recorded."""
    kinds: dict[str, list[str]] = {"emulated": [], "recorded": []}
    count = 0
    for name, entry in local.call("GET", "summary").items():
        kinds[entry["kind"]].append(name)
        count += entry["count"]
    recorded = ", ".join(kinds["recorded"]) or "none"
    lines = [
        f"{accounts} accounts deployed in {seconds:.0f} s; then a new one, from its file to its stacks, in "
        f"{all_seconds - seconds:.0f} s; {count} resources in {accounts + 1} accounts",
        f"checked against our rules of AWS in tests/local-aws (never against AWS itself): {len(kinds['emulated'])} resource types, "
        f"trust, execution roles, order of grants; only recorded: {recorded}; no query was run",
    ]
    # a terminal would break a line in the middle of a word; a pipe gets one line each
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 10**6
    print("\n" + "\n".join(textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False) for line in lines))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("interrupted; the local AWS was stopped")
