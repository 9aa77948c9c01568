"""Run a program at a terminal of its own: `python at_terminal.py SCRIPT COMMAND [ARGUMENT]...`.

SCRIPT is a JSON list of [what must have been shown, what is typed then]. Prints one JSON object: `shown`, all that the terminal
showed; `code`, how the program ended; `echoes`, whether the terminal showed what was typed, at each question; `after`, whether it
does when the program has ended. A program that does not end within a minute is killed.
"""

import json
import os
import pty
import select
import signal
import sys
import termios
import time


def echoes(terminal: int) -> bool:
    """Whether a terminal shows what is typed."""
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)


def main() -> None:
    """Start, answer, wait."""
    script, command = json.loads(sys.argv[1]), sys.argv[2:]
    child, terminal = pty.fork()
    if child == 0:
        os.execv(command[0], command)
    shown, told, seen, code = "", [], 0, None
    limit = time.monotonic() + 60
    while True:
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                part = os.read(terminal, 4096)
            except OSError:  # Linux answers so when nobody has the terminal open any more
                part = b""
            if not part:
                break
            shown += part.decode("utf-8", "replace")
        if time.monotonic() > limit:
            os.kill(child, signal.SIGKILL)
            break
        if script and script[0][0] in shown[seen:]:
            typed = script.pop(0)[1]
            seen = len(shown)
            told.append(echoes(terminal))
            os.write(terminal, typed.encode())
    after = echoes(terminal)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    print(json.dumps({"shown": shown, "code": code, "echoes": told, "after": after}))


if __name__ == "__main__":
    main()
