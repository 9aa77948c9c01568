"""Every refusal of the local AWS once, over HTTP, with boto3: `python selftest.py [part of a case's name]`.

Ends with `N passed, 0 failed` alone on a line; exit 1 when a case fails.
"""

import sys
import time
import traceback

from selftests.cases import CASES
from selftests import base_cases, crawler_cases, event_cases, step_cases  # noqa: F401
from selftests import grant_cases, lake_cases, quicksight_cases, rights_cases, stack_cases, table_cases, trust_cases, wire_cases  # noqa: F401 (they register)
from selftests.world import World


def main(wanted: str = "") -> int:
    """Run the cases one after another, each in a world of its own."""
    world = World()
    passed = failed = 0
    try:
        for function in CASES:
            if wanted not in function.__name__:
                continue
            started = time.monotonic()
            try:
                world.set_up()
                function(world)
            except Exception:  # a case may fail in any way; the others still run
                failed += 1
                print(f"FAILED {function.__name__}: {function.__doc__}\n{traceback.format_exc()}", file=sys.stderr)
            else:
                passed += 1
                print(f"ok {time.monotonic() - started:4.1f}s {function.__name__}", file=sys.stderr)
    finally:
        world.stop()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
