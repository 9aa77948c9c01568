"""Brings the tools that meshform is measured beside into .local/peers: AWS CDK by npm, troposphere by pip.

Both are installed from files that name every version with its hash. What is not at hand is said in a plain sentence, and the
measuring goes on without it. Needs nothing but Python 3.
"""
from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).resolve().parent / "peers"
PLACE = Path(__file__).resolve().parents[1] / ".local" / "peers"
LONGEST = 600
"""Seconds after which an installation is given up."""


@dataclass(frozen=True)
class Peer:
    """A tool that can be measured, or why it cannot."""

    folder: Path
    versions: dict[str, str]
    missing: str | None = None


class Unavailable(Exception):
    """Why a tool is not at hand, as the rest of a sentence."""


def fingerprint(source: Path) -> str:
    """Of every file of a peer's sources: another one means that it is installed anew."""
    digest = hashlib.sha256()
    for path in sorted(path for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        digest.update(str(path.relative_to(source)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def run(command: list[str | Path], folder: Path) -> None:
    name = Path(command[0]).name
    try:
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=LONGEST, check=False)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{name} did not end within {LONGEST} seconds") from None
    except OSError as error:
        raise Unavailable(f"{name} could not be started: {error.strerror}") from None
    if ended.returncode != 0:
        said = [line.strip() for line in (ended.stderr + ended.stdout).splitlines() if line.strip()]
        raise Unavailable(f"{name} failed: {said[0] if said else f'exit code {ended.returncode}'}")


def installed(source: Path, folder: Path, install) -> None:
    """Installs a peer, unless the same is there already. The mark is written last, so that half an installation is none."""
    mark, wanted = folder / "installed", fingerprint(source)
    if mark.is_file() and mark.read_text() == wanted:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    install()
    mark.write_text(wanted)


def cdk() -> Peer:
    source, folder = SOURCES / "cdk", PLACE / "cdk"
    packages = json.loads((source / "package-lock.json").read_text())["packages"]
    names = ["aws-cdk", "aws-cdk-lib", "@aws-cdk/cloudformation-diff"]
    versions = {name: packages[f"node_modules/{name}"]["version"] for name in names}

    def install() -> None:
        shutil.copytree(source, folder, dirs_exist_ok=True)
        run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], folder)
        run([folder / "node_modules/.bin/tsc", "-p", "."], folder)

    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            return Peer(folder, versions, f"AWS CDK is left out: {tool} is not at hand, install Node.js 20 or newer")
    try:
        installed(source, folder, install)
    except Unavailable as reason:
        return Peer(folder, versions, f"AWS CDK is left out: {reason}")
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return Peer(folder, {**versions, "node": node.removeprefix("v")})


def troposphere() -> Peer:
    source, folder = SOURCES / "troposphere", PLACE / "troposphere"
    pins = (line.split()[0].split("==") for line in (source / "requirements.txt").read_text().splitlines() if "==" in line)
    versions = {name: version for name, version in pins if name == "troposphere"}
    pip = folder / "bin" / "pip"

    def install() -> None:
        run([sys.executable, "-m", "venv", folder], SOURCES)
        run([pip, "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", source / "requirements.txt"], SOURCES)

    try:
        installed(source, folder, install)
    except Unavailable as reason:
        return Peer(folder, versions, f"troposphere is left out: {reason}")
    return Peer(folder, versions)
