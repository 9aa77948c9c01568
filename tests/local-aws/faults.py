"""A proxy in front of the local AWS that injects faults: `python faults.py UPSTREAM`.

microburst 0.10.0 does the work: it tells the operation of a request, answers a fault in the service's own protocol, breaks a
connection, and counts what it injected (`POST` and `GET /_microburst/rules`). Added here: answers that get lost after the service
has done its work, a list of what went through, a free port on 127.0.0.1, and an end with the parent's.

Prints one JSON line on stdout when it is ready; everything else goes to stderr.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import threading
import time

from aiohttp import web
from microburst import __version__
from microburst.core.pipeline import Microburst
from microburst.forward import HOP_BY_HOP, Upstream
from microburst.rules import RuleEngine

MICROBURST_VERSION = "0.10.0"

# A rule says it as `"response": {"set_headers": {LOST: ..}}`: the upstream does its work, and
# "cut": the connection is broken in place of the answer; "silent": nothing comes until the caller gives up.
LOST = "x-local-lost"

# Longer than any caller waits.
SILENCE_SECONDS = 300


class WholeUpstream(Upstream):
    """Passes on whole requests and answers, and keeps the answer of some.

    microburst's own relay streams, and on the way the host and the lengths of both bodies are lost: the first two are signed (IAM
    user guide, "Create a signed AWS API request"), the third is what S3 tells of an object.
    """

    async def relay(self, request, body, mutator=None, data=None):
        how = mutator.set_headers.get(LOST) if mutator is not None else None
        if mutator is not None and how not in ("cut", "silent"):
            raise ValueError(f"unknown {LOST} {how!r}; known: cut, silent")
        sent = body if body is not None else await request.read()
        async with self.session.request(
            request.method,
            self.base_url + request.rel_url.raw_path_qs,
            headers={**self._outbound_headers(request), "host": request.headers["Host"]},
            data=sent,
            allow_redirects=False,
        ) as answer:
            content = await answer.read()
        if how is not None:
            if how == "silent":
                await asyncio.sleep(SILENCE_SECONDS)
            if request.transport is not None:
                request.transport.abort()
            # never written: the socket is dead
            return web.Response()
        own = HOP_BY_HOP - {"content-length"} if request.method == "HEAD" else HOP_BY_HOP
        headers = {name: value for name, value in answer.headers.items() if name.lower() not in own}
        return web.Response(status=answer.status, headers=headers, body=content)


class WatchingEngine(RuleEngine):
    """Rules, and a list of all requests that they were asked about."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[dict] = []
        self.tokens: set[str] = set()

    def decide(self, info):
        self.calls.append({"service": info.service, "operation": info.operation})
        token = info.headers.get("x-amz-security-token")
        if token:
            self.tokens.add(token)
        return super().decide(info)


def application(upstream: str) -> web.Application:
    """microburst with our upstream and engine, and `/_faults/calls` beside its own control API."""
    proxy = Microburst(upstream)
    proxy.upstream = WholeUpstream(upstream, stats=proxy.stats)
    proxy.engine = WatchingEngine()

    async def calls(request):
        found = {"calls": proxy.engine.calls, "tokens": sorted(proxy.engine.tokens)}
        if request.method == "DELETE":
            proxy.engine.calls, proxy.engine.tokens = [], set()
        return web.json_response(found)

    # a body of a template is longer than aiohttp's own limit of 1 MiB may be
    app = web.Application(client_max_size=16 * 1024 * 1024)
    app.on_startup.append(proxy.start)
    app.on_cleanup.append(proxy.stop)
    app.router.add_route("*", "/_faults/calls", calls)
    app.router.add_route("*", "/_microburst/{tail:.*}", proxy.handle_control)
    app.router.add_route("*", "/{tail:.*}", proxy.handle_proxy)
    return app


def _watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(0)


async def serve(upstream: str) -> None:
    """Serves until a signal or until the parent is gone."""
    runner = web.AppRunner(application(upstream), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    for number in (signal.SIGTERM, signal.SIGINT):
        # at once: microburst itself waits for open connections
        asyncio.get_running_loop().add_signal_handler(number, os._exit, 0)
    print(json.dumps({"endpoint": f"http://127.0.0.1:{port}", "pid": os.getpid()}), flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """Reads the command line and runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("upstream", help="the endpoint of the local AWS")
    arguments = parser.parse_args()
    if __version__ != MICROBURST_VERSION:
        sys.exit(f"faults: microburst is {__version__} instead of {MICROBURST_VERSION}, whose private names are used here")
    threading.Thread(target=_watch_parent, args=(os.getppid(),), daemon=True).start()
    asyncio.run(serve(arguments.upstream))


if __name__ == "__main__":
    main()
