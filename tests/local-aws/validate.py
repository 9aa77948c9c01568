"""Check templates with cloudformation-validate and cfn-lint: `python validate.py --region eu-west-1 DIR_OR_FILE...`.

Directories are searched for `*.template.json`. One finding a line, `file: rule: message`; exit 1 when there is any.
cloudformation-validate has no command line of its own, and the two see different things.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

# Rules that are switched off: id -> why. One at a time, each with its reason.
SWITCHED_OFF: dict[str, str] = {
    "W9002": "a template is for one account and its names are computed, so that no stack waits for another to learn them",
    "W9013": "a template is for one account; its id in an ARN is what a reviewer looks for",
}

# Severities of cloudformation-validate that say nothing is wrong ("this property is create-only"), as cfn-lint's
# own informational rules do, which it leaves out unless it is asked.
REMARKS = frozenset({"INFO", "DEBUG"})


def templates(paths: list[str]) -> list[Path]:
    """The files that are named, and the templates below the directories that are named."""
    found: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            found += sorted(path.rglob("*.template.json"))
        elif path.is_file():
            found.append(path)
        else:
            sys.exit(f"{path} does not exist")
    return found


def by_cloudformation_validate(files: list[Path], region: str) -> list[tuple[str, str, str]]:
    """Findings of AWS's own validator: schemas and rules, offline."""
    import cloudformation_validate as validator

    engine = validator.CelEngine()
    config = validator.ValidateConfig(pseudo_parameter_overrides=validator.PseudoParameterOverrides(region=region))
    findings = []
    for file in files:
        try:
            report = engine.validate_template(str(file), config)
        except validator.ValidationError as error:
            findings.append((str(file), "unreadable", str(error)))
            continue
        for diagnostic in report.diagnostics:
            if diagnostic.severity.name in REMARKS:
                continue
            place = f" ({diagnostic.property_path})" if diagnostic.property_path else ""
            findings.append((str(file), diagnostic.rule_id, f"{diagnostic.message}{place}"))
    return findings


def by_cfn_lint(files: list[Path], region: str) -> list[tuple[str, str, str]]:
    """Findings of cfn-lint, from the same virtual environment."""
    start = "import sys; from cfnlint.runner import main; sys.exit(main())"
    command = [sys.executable, "-c", start, "--format", "json", "--regions", region, "--", *map(str, files)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if not ran.stdout.strip():
        return [] if ran.returncode == 0 else [("cfn-lint", "failed", ran.stderr.strip())]
    return [
        (item["Filename"], item["Rule"]["Id"], f"{item['Message']} (line {item['Location']['Start']['LineNumber']})")
        for item in json.loads(ran.stdout)
    ]


def main() -> int:
    """Read the command line, run both, print what is left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--region", required=True, help="the region the templates are for")
    parser.add_argument("paths", nargs="+", metavar="DIR_OR_FILE")
    arguments = parser.parse_args()
    files = templates(arguments.paths)
    if not files:
        sys.exit("no *.template.json below " + ", ".join(arguments.paths))
    found = by_cloudformation_validate(files, arguments.region) + by_cfn_lint(files, arguments.region)
    left = sorted({finding for finding in found if finding[1] not in SWITCHED_OFF})
    for file, rule, message in left:
        print(f"{file}: {rule}: {' '.join(message.split())}")
    print(f"{len(files)} templates, {len(left)} findings", file=sys.stderr)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
