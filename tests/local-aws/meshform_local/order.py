"""The order of one stack's resources: legal, seeded, and not the same lucky one every time.

MiniStack sorts by name, so a missing DependsOn can pass for ever. Hangs on `engine._topological_sort`, which
`stacks` and `changesets` import by name, and on `engine._extract_deps` for the edges.
"""

import contextvars
import random

from . import control

# The pairs of logical ids that nothing orders, although AWS may then run both at once and refuse one.
unordered_pairs: contextvars.ContextVar = contextvars.ContextVar("meshform_unordered_pairs", default=frozenset())
# What this pass over the stack has touched so far: the second of an unordered pair is the one that is refused.
touched: contextvars.ContextVar = contextvars.ContextVar("meshform_touched", default=None)

_fired = False


def _edges(resources: dict, conditions: dict) -> dict[str, set[str]]:
    """Logical id -> the ids it waits for, among the resources whose condition holds."""
    from ministack.services.cloudformation import engine

    active = {
        name
        for name, definition in resources.items()
        if not definition.get("Condition") or conditions.get(definition["Condition"], True)
    }
    return {name: (engine._extract_deps(resources[name], active) & active) - {name} for name in active}


def _ancestors(name: str, edges: dict[str, set[str]]) -> set[str]:
    """Everything that has to stand before `name`."""
    found: set[str] = set()
    waiting = list(edges.get(name, ()))
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting.extend(edges[current])
    return found


def seeded_order(resources: dict, conditions: dict) -> list[str]:
    """A legal order, drawn by the seed and the set of names, so that a failing run can be repeated."""
    global _fired
    _fired = True
    edges = _edges(resources, conditions)
    knobs = control.control
    chance = random.Random(f"{knobs.seed}:{sorted(edges)}")
    before_early = _ancestors(knobs.early, edges) | {knobs.early} if knobs.early in edges else set()
    done: set[str] = set()
    result: list[str] = []
    while len(result) < len(edges):
        ready = sorted(name for name in edges if name not in done and edges[name] <= done)
        if not ready:
            left = ", ".join(sorted(set(edges) - done))
            raise ValueError(f"Circular dependency detected among resources: {left}")
        hurried = [name for name in ready if name in before_early]
        patient = [name for name in ready if name != knobs.late]
        chosen = chance.choice(hurried or patient or ready)
        result.append(chosen)
        done.add(chosen)
    unordered_pairs.set(_overlapping_pairs(resources, edges))
    touched.set([])
    return result


def _overlap_key(definition: dict) -> str | None:
    """Resources with one key must not run at the same time; None for a resource that may."""
    kind = definition.get("Type")
    if kind == "AWS::LakeFormation::PrincipalPermissions":
        return "grants"
    if kind == "AWS::LakeFormation::TagAssociation":
        target = (definition.get("Properties") or {}).get("Resource") or {}
        table = target.get("Table") or target.get("TableWithColumns")
        if isinstance(table, dict):
            return f"table {table.get('DatabaseName')!s} {table.get('Name')!s}"
        return f"database {(target.get('Database') or {}).get('Name')!s}"
    return None


def _overlapping_pairs(resources: dict, edges: dict[str, set[str]]) -> frozenset:
    """Pairs of grants, and pairs of associations of one table, with no path between them."""
    groups: dict[str, list[str]] = {}
    for name in sorted(edges):
        key = _overlap_key(resources[name])
        if key:
            groups.setdefault(key, []).append(name)
    pairs = set()
    for names in groups.values():
        above = {name: _ancestors(name, edges) for name in names}
        for index, first in enumerate(names):
            for second in names[index + 1 :]:
                if first not in above[second] and second not in above[first]:
                    pairs.add((first, second))
    return frozenset(pairs)


def refuse_unordered(logical_id: str) -> None:
    """Refuse a grant or association whose unordered neighbour has already run in this pass."""
    seen = touched.get()
    if seen is None:
        return
    for first, second in unordered_pairs.get():
        other = second if first == logical_id else first if second == logical_id else None
        if other is not None and other in seen:
            raise ValueError(
                f"ConcurrentModificationException: {logical_id} and {other} change the same Lake Formation "
                "metadata and nothing orders them; chain them with DependsOn"
            )
    seen.append(logical_id)


def install() -> None:
    """Put our order in all the places that hold the old one by name."""
    from ministack.services.cloudformation import changesets, engine, stacks

    for module in (engine, stacks, changesets):
        module._topological_sort = seeded_order


def fired() -> bool:
    """Whether MiniStack has asked for an order since the start."""
    return _fired
