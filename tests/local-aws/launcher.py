"""Start the local AWS: `python launcher.py [--seed N] [--delay-ms N] [--log FILE]`, or `--self-test`.

Prints one JSON line on stdout when it is ready; everything else goes to stderr (or to the log file).
"""

import argparse
import sys

from meshform_local.private_names import LauncherError


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="draws the order of resources (default 0)")
    parser.add_argument("--delay-ms", type=int, default=20, help="how long each resource takes (default 20)")
    parser.add_argument("--log", metavar="FILE", help="where MiniStack's log goes (default stderr)")
    parser.add_argument("--self-test", action="store_true", help="run every refusal once and print the count")
    arguments = parser.parse_args()
    if arguments.self_test:
        import selftest

        sys.exit(selftest.main())
    from meshform_local import server

    try:
        server.run(arguments.seed, arguments.delay_ms, arguments.log)
    except LauncherError as failure:
        sys.exit(f"local AWS: {failure}")


if __name__ == "__main__":
    main()
