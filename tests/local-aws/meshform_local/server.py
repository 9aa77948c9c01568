"""Starting and ending the one process: a free port on 127.0.0.1, one ready line, no child left behind."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

from . import private_names
from .private_names import LauncherError, MINISTACK_VERSION

# After a signal the process is gone within this time, whatever still runs.
GRACE_SECONDS = 0.6


def environment(port: int) -> None:
    """What MiniStack reads at import: authentication on, only our port, no broker, no file transfer, no Docker."""
    os.environ.update(
        {
            "AUTH": "true",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "EDGE_PORT": str(port),
            "MINISTACK_HOST": "127.0.0.1",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "PERSIST_STATE": "0",
            "S3_PERSIST": "0",
            "DOCKER_HOST": "unix:///nonexistent",
            "MINISTACK_ACCOUNT_ID": "000000000000",
            "LOG_LEVEL": "WARNING",
        }
    )
    # MiniStack takes these for the root's key; a caller's own must not leak in.
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "SERVICES"):
        os.environ.pop(name, None)


def install_hooks() -> None:
    """Patch MiniStack; the order matters only in that wrapped handlers are wrapped once."""
    from ministack.services import cloudformation

    from . import base_rules, bucket_names, control_api, crawler_runs, dispatch, event_delivery, event_types, glue_types
    from . import identity, lake_types, network_types, operations, order, policies, principals, provisioning
    from . import quicksight_types, recorded_types, steps

    principals.install()
    identity.install()
    order.install()
    lake_types.install()
    recorded_types.install()
    quicksight_types.install()
    glue_types.install()
    event_types.install()
    base_rules.install()
    bucket_names.install()
    network_types.install()
    policies.install()
    crawler_runs.install()
    event_delivery.install()
    steps.install()
    provisioning.install()
    operations.install()
    dispatch.install()
    native_reset = cloudformation.reset

    def reset():
        native_reset()
        control_api.forget_stores()

    cloudformation.reset = reset


def _children() -> list[int]:
    """The processes that this one has started (a Lambda function may start some)."""
    found = []
    for task in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(pid) for pid in task.read_text().split()]
    return found


def _leave(code: int = 0) -> None:
    for pid in _children():
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _watch_parent(parent: int) -> None:
    """End when the parent is gone. PR_SET_PDEATHSIG would fire when the parent's *thread* ends, so it is polled."""
    while os.getppid() == parent:
        time.sleep(0.2)
    _leave()


def _listening_socket() -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(256)
    return listener


def run(seed: int, delay_ms: int, log_file: str | None) -> None:
    """Start, prove the hooks, print the ready line, serve until a signal or until the parent is gone."""
    threading.Thread(target=_watch_parent, args=(os.getppid(),), daemon=True).start()
    listener = _listening_socket()
    port = listener.getsockname()[1]
    environment(port)
    if log_file:
        logging.basicConfig(filename=log_file, level=logging.WARNING)
    else:
        logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    # A failed resource is what many tests ask for, and KMS warns at import that it cannot sign.
    for name in ("cloudformation", "kms"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    private_names.check_version_and_names()
    install_hooks()
    from . import control

    control.set_initial(seed, delay_ms)
    asyncio.run(_serve(listener, port))
    _leave()


async def _serve(listener: socket.socket, port: int) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack import app

    from . import control_api, hook_check

    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = GRACE_SECONDS / 2
    config.loglevel = "WARNING"
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end():
        ended.set()
        threading.Timer(GRACE_SECONDS, _leave).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    server = asyncio.create_task(serve(control_api.application(app.app), config, shutdown_trigger=ended.wait))
    endpoint = f"http://127.0.0.1:{port}"
    try:
        await asyncio.wait_for(asyncio.to_thread(hook_check.prove, endpoint), timeout=30)
        await control_api.reset_everything()
    except (LauncherError, TimeoutError) as failure:
        print(f"local AWS: {failure}", file=sys.stderr, flush=True)
        _leave(1)
    print(json.dumps({"endpoint": endpoint, "pid": os.getpid(), "ministack": MINISTACK_VERSION}), flush=True)
    await server
