#!/usr/bin/env python3
"""Vendors AWS's resource schemas: `schemas.py` rebuilds, `--check` verifies without network, `--update VERSION` moves the pin.

Source: the PyPI wheel of cfn-lint (MIT-0), pinned by version and hash in src/cfn/schemas/lock.json.
Result: src/cfn/schemas/schemas.json.gz, the types of types.txt, transformed into plain draft 7:
  * a value may be an intrinsic function: every place of a value becomes `if {$ref: intrinsic} else <schema>`, which,
    unlike `anyOf`, leaves messages and paths as they are;
  * top-level read-only properties are gone, so that setting one is an unknown property;
  * cfn-lint's own keywords (requiredXor, ..) are said in draft 7's.
A keyword this file does not know ends it with an error: an update must not lose a check in silence.
"""

import argparse
import ast
import gzip
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "src" / "cfn" / "schemas"
OUTPUT, LOCK, TYPES = FOLDER / "schemas.json.gz", FOLDER / "lock.json", FOLDER / "types.txt"
DATA = "cfnlint/data/schemas/"
HOME_REGION = "us-east-1"
VERBS = ["create", "read", "update", "delete", "list"]

# The functions that may stand for a property's value. src/cfn/schema/intrinsics.rs knows their arguments; a test keeps both equal.
INTRINSICS = [
    "Ref", "Fn::Base64", "Fn::Cidr", "Fn::FindInMap", "Fn::GetAtt", "Fn::GetAZs", "Fn::If", "Fn::ImportValue", "Fn::Join",
    "Fn::Length", "Fn::Select", "Fn::Split", "Fn::Sub", "Fn::ToJsonString", "Fn::Transform",
]

# Checked by jsonschema as they are.
KEPT = {
    "type", "enum", "const", "pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "multipleOf", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "required",
}
# Say nothing about validity, or (the last line) nothing that draft 7 can say.
DROPPED = {
    "$comment", "$schema", "description", "title", "default", "examples", "format", "insertionOrder", "relationshipRef",
    "typeName", "sourceUrl", "handlers", "tagging", "readOnlyProperties", "writeOnlyProperties", "createOnlyProperties",
    "conditionalCreateOnlyProperties", "deprecatedProperties", "primaryIdentifier", "additionalIdentifiers",
    "replacementStrategy", "propertyTransform", "resourceLink", "definitions",
    "uniqueKeys", "maxUniqueItems",
}


def regex(pattern):
    """Says a Java or Python pattern in the words of Rust's engine."""
    # a UTF-16 surrogate (alone, or as an end of a range) stands for what lies above U+FFFF, written here as it is
    above = "\U00010000-\U0010ffff"
    return re.sub(r"(?:\\u[dD][89a-fA-F][0-9a-fA-F]{2}-?)+", above, pattern.replace(r"\Z", "$"))


def same_place(schema):
    """A schema as draft 7 has it, for the value that its parent speaks of."""
    if isinstance(schema, bool):
        return schema
    result, parts = {}, []
    for key, value in schema.items():
        if key in KEPT:
            if (key, value) not in (("required", []), ("uniqueItems", False), ("minLength", 0), ("minItems", 0), ("minProperties", 0)):
                result[key] = regex(value) if key == "pattern" else value
        elif key in ("properties", "patternProperties"):
            result[key] = {regex(name) if key == "patternProperties" else name: place(inner) for name, inner in value.items()}
        elif key in ("additionalProperties", "items"):
            if value is not True:
                result[key] = place(value)
        elif key == "prefixItems":
            parts.append({"items": [place(inner) for inner in value]})
        elif key in ("anyOf", "oneOf", "allOf"):
            branches = [same_place(inner) for inner in value]
            if key == "allOf":
                parts += [branch for branch in branches if branch != {}]
            elif key == "oneOf" or {} not in branches:  # any value fits an empty branch
                result[key] = branches
        elif key in ("if", "then", "else", "not"):
            result[key] = same_place(value)
        elif key == "requiredXor":
            parts.append({"oneOf": [{"required": [name]} for name in value]})
        elif key == "requiredOr":
            parts.append({"anyOf": [{"required": [name]} for name in value]})
        elif key in ("dependencies", "dependentRequired"):
            for name, needed in value.items():
                result.setdefault("dependencies", {}).setdefault(name, {})["required"] = needed
        elif key == "dependentExcluded":
            for name, excluded in value.items():
                # where both name each other, one sentence is enough
                for other in (other for other in excluded if not (name in value.get(other, []) and other < name)):
                    rule = result.setdefault("dependencies", {}).setdefault(name, {})
                    rule.setdefault("properties", {})[other] = False
        elif key == "$ref":
            parts.append({"$ref": value})
        elif key not in DROPPED:
            sys.exit(f"unknown keyword {key!r}: teach {Path(__file__).name} what it means")
    if parts == [{"$ref": schema.get("$ref")}] and not result:
        return parts[0]
    # draft 7 ignores what stands beside a $ref, and a keyword cannot stand twice
    if parts:
        result["allOf"] = parts
    return result


def place(schema):
    """A schema for a place where an intrinsic function may stand instead of a value."""
    schema = same_place(schema)
    if isinstance(schema, bool) or not schema or list(schema) == ["$ref"]:
        return schema  # what a $ref names is wrapped itself
    return {"if": {"$ref": "#/definitions/intrinsic"}, "else": schema}


def references(node):
    """Names of the definitions that a schema uses."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].removeprefix("#/definitions/")
        for inner in node.values():
            yield from references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from references(inner)


def validation(schema):
    """The draft 7 schema of a resource's Properties."""
    read_only = {path.removeprefix("/properties/") for path in schema.get("readOnlyProperties", [])}
    source = dict(schema, properties={k: v for k, v in schema["properties"].items() if k not in read_only})
    source["required"] = [name for name in schema.get("required", []) if name not in read_only]
    result = {"type": "object"} | same_place(source)
    definitions = {name: place(inner) for name, inner in schema.get("definitions", {}).items()}
    if "intrinsic" in definitions:
        sys.exit("a definition is called 'intrinsic': rename ours")
    definitions["intrinsic"] = {"type": "object", "minProperties": 1, "maxProperties": 1, "propertyNames": {"enum": INTRINSICS}}
    used, todo = {}, list(references(result))
    while todo:
        name = todo.pop()
        if name not in used:
            used[name] = definitions[name]
            todo.extend(references(definitions[name]))
    return result | {"definitions": used}


def pointers(schema, key):
    """Paths of cfn-lint's `/properties/A/B` form as pointers into a resource's Properties: `/A/B`."""
    return sorted(path.removeprefix("/properties") for path in schema.get(key, []))


def attributes(name, schema, getatts):
    """What Fn::GetAtt may ask for: the read-only properties, and cfn-lint's exceptions for older types."""
    def leaves(inner, path):
        if "$ref" in inner:
            inner = schema["definitions"][inner["$ref"].removeprefix("#/definitions/")]
        if inner.get("type") == "object" and "properties" in inner:
            for key, value in inner["properties"].items():
                yield from leaves(value, f"{path}.{key}")
        elif inner.get("type") != "array" or inner.get("items", {}).get("type", "object") not in ("object", "array"):
            yield path

    if name in getatts["_all_property_types"]:
        return sorted({path for key, value in schema["properties"].items() for path in leaves(value, key)})
    read_only = [path.removeprefix("/properties/").replace("/", ".") for path in schema.get("readOnlyProperties", [])]
    return sorted({path for path in read_only if "*" not in path} | set(getatts["_exceptions"].get(name, [])))


def tags(schema):
    """The name of the property that holds the tags, and whether it is a map instead of a list of Key and Value."""
    tagging = schema.get("tagging", {})
    name = tagging.get("tagProperty", "/properties/Tags").removeprefix("/properties/")
    if not tagging.get("taggable", "Tags" in schema["properties"]) or name not in schema["properties"]:
        return None
    inner = schema["properties"][name]
    if "$ref" in inner:
        inner = schema["definitions"][inner["$ref"].removeprefix("#/definitions/")]
    return {"property": name, "map": "array" not in inner["type"]}


def unordered(schema):
    """Paths of the lists whose order means nothing (`insertionOrder` is false)."""
    found = set()

    def walk(inner, path, above):
        if not isinstance(inner, dict):
            return
        if "$ref" in inner:
            name = inner["$ref"].removeprefix("#/definitions/")
            if name in above:
                return  # a type within itself: its inner lists have no end of paths
            inner, above = schema["definitions"][name], above | {name}
        if inner.get("insertionOrder") is False and "items" in inner:
            found.add(path)
        for key, value in inner.get("properties", {}).items():
            walk(value, f"{path}/{key}", above)
        for value in inner.get("patternProperties", {}).values():
            walk(value, f"{path}/*", above)
        walk(inner.get("additionalProperties"), f"{path}/*", above)
        walk(inner.get("items"), f"{path}/*", above)
        for key in ("anyOf", "oneOf", "allOf"):
            for value in inner.get(key, []):
                walk(value, path, above)

    walk(schema, "", frozenset())
    return sorted(found)


def archive(wheel, version):
    """Everything that goes into the file, for the types of types.txt."""
    def load(name):
        return json.loads(wheel.read(DATA + name))

    names = TYPES.read_text().split()
    if names != sorted(set(names)):
        sys.exit(f"{TYPES.name} is not sorted, or names a type twice")
    providers = {
        path.removeprefix(DATA + "providers/").removesuffix(".json"): json.loads(wheel.read(path))
        for path in wheel.namelist() if path.startswith(DATA + "providers/") and path.endswith(".json")
    }
    del providers["sam"]  # the types of the SAM transform, no region
    regions = sorted(providers)
    # constants only, so nothing of the package is executed
    getatts = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in ast.parse(wheel.read("cfnlint/schema/_getatts.py")).body
        if isinstance(node, ast.Assign) and node.targets[0].id in ("_all_property_types", "_exceptions")
    }
    types = {}
    for name in names:
        versions = {types_of[name] for types_of in providers.values() if name in types_of}
        if name not in providers[HOME_REGION]:
            sys.exit(f"{name} does not exist in {HOME_REGION}")
        if len(versions) > 1:
            print(f"note: {name} differs between regions, {HOME_REGION} is taken", file=sys.stderr)
        schema = load(f"resources/{providers[HOME_REGION][name]}.json")
        types[name] = {
            "actions": {verb: sorted(set(schema.get("handlers", {}).get(verb, {}).get("permissions", []))) for verb in VERBS},
            "attributes": attributes(name, schema, getatts),
            "conditionalCreateOnly": pointers(schema, "conditionalCreateOnlyProperties"),
            "createOnly": pointers(schema, "createOnlyProperties"),
            "missingIn": [region for region in regions if name not in providers[region]],
            "primaryIdentifier": [path.removeprefix("/properties") for path in schema["primaryIdentifier"]],
            "readOnly": pointers(schema, "readOnlyProperties"),
            "replacementStrategy": schema.get("replacementStrategy", "create_then_delete"),
            "schema": validation(schema),
            "tags": tags(schema),
            "unordered": unordered(schema),
        }
    provenance = {"package": "cfn-lint", "version": version, "schemaDate": load("version.json")["schema_date"]}
    return {"provenance": provenance, "regions": regions, "types": types}


def download(version, folder):
    """The wheel of that version, through the ordinary client."""
    options = ["--quiet", "--no-deps", "--only-binary=:all:", "--dest", folder]
    subprocess.run([sys.executable, "-m", "pip", "download", *options, f"cfn-lint=={version}"], check=True)
    return next(Path(folder).glob("*.whl"))


def rebuild(version, wheel_hash):
    """Writes the file and the lock. Without `wheel_hash` the wheel's own is trusted and recorded."""
    with tempfile.TemporaryDirectory() as folder:
        path = download(version, folder)
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != (wheel_hash or found):
            sys.exit(f"the wheel's sha256 is {found}, the lock says {wheel_hash}")
        with zipfile.ZipFile(path) as wheel:
            content = archive(wheel, version)
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    # another zlib packs the same text into other bytes: no reason for a diff
    if not OUTPUT.exists() or gzip.decompress(OUTPUT.read_bytes()) != text:
        OUTPUT.write_bytes(gzip.compress(text, 9, mtime=0))
    lock = content["provenance"] | {
        "license": "MIT-0", "wheelSha256": found, "types": len(content["types"]), "sha256": hashlib.sha256(OUTPUT.read_bytes()).hexdigest(),
    }
    LOCK.write_text(json.dumps(lock, indent=2, sort_keys=True) + "\n")


def check():
    """Compares the committed file with the lock and the list of types."""
    lock = json.loads(LOCK.read_text())
    data = OUTPUT.read_bytes()
    content = json.loads(gzip.decompress(data))
    wrong = [
        what for what, holds in {
            "the hash": hashlib.sha256(data).hexdigest() == lock["sha256"],
            "the provenance": content["provenance"].items() <= lock.items(),
            "the list of types": list(content["types"]) == TYPES.read_text().split() and len(content["types"]) == lock["types"],
        }.items() if not holds
    ]
    if wrong:
        sys.exit(f"{OUTPUT.name} does not fit: {', '.join(wrong)}; run `make schemas`")


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="verify the committed file against the lock, without network")
    mode.add_argument("--update", metavar="VERSION", help="take this version of cfn-lint and record its hash")
    arguments = parser.parse_args()
    if arguments.check:
        check()
    elif arguments.update:
        rebuild(arguments.update, None)
    else:
        lock = json.loads(LOCK.read_text())
        rebuild(lock["version"], lock["wheelSha256"])


if __name__ == "__main__":
    main()
