#!/usr/bin/env python3
"""Count what a tool wrote: count.py DIR prints one JSON object: stacks, resources, bytes of templates, files, bytes of all.

A process by itself: the figures of memory that the kernel keeps for a child begin with its parent's, and so the parent that
measures must stay small. A template is a file *.template.json, at any depth. Needs nothing but Python 3.
"""
from __future__ import annotations

import json
import sys
from pathlib import Path


def counted(directory: Path) -> dict[str, int]:
    found = {"stacks": 0, "resources": 0, "template_bytes": 0, "files": 0, "bytes": 0}
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        size = path.stat().st_size
        found["files"] += 1
        found["bytes"] += size
        if path.name.endswith(".template.json"):
            found["stacks"] += 1
            found["template_bytes"] += size
            found["resources"] += len(json.loads(path.read_bytes()).get("Resources", {}))
    return found


if __name__ == "__main__":
    print(json.dumps(counted(Path(sys.argv[1]))))
