"""The table of actions against the registry schemas that cfn-lint carries."""

import importlib.util
import json
from pathlib import Path

from meshform_local.actions_table import NEEDS, NO_SCHEMA_LIST

from .cases import case
from .world import World


def _schemas() -> Path | None:
    found = importlib.util.find_spec("cfnlint")
    return Path(found.origin).parent / "data" / "schemas" if found else None


@case
def every_action_is_one_its_schema_knows(world: World):
    """Each verb's actions are a subset of `handlers.<verb>.permissions`, except for the types that have none."""
    folder = _schemas()
    assert folder, "cfn-lint is not installed"
    types = json.loads((folder / "providers" / "us-east-1.json").read_text())
    for resource_type, needs in NEEDS.items():
        schema = json.loads((folder / "resources" / f"{types[resource_type]}.json").read_text())
        handlers = schema.get("handlers") or {}
        asked = needs.create + needs.update + needs.delete
        assert not (asked and not handlers) or resource_type in NO_SCHEMA_LIST, (
            f"{resource_type} is not in NO_SCHEMA_LIST"
        )
        for verb in ("create", "update", "delete") if handlers else ():
            known = {action.lower() for action in (handlers.get(verb) or {}).get("permissions") or []}
            for action in getattr(needs, verb):
                name = action.partition("?")[0].partition("@")[0].lower()
                assert name in known or name.split(":")[0] + ":*" in known, f"{resource_type} {verb}: {action}"
