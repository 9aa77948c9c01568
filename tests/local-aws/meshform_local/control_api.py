"""The control API under /_local/, on the same port as AWS, in front of MiniStack's ASGI application."""

import asyncio
import json

from . import (
    base_rules,
    bootstrap,
    bucket_names,
    control,
    event_delivery,
    glue_types,
    identity,
    lake_store,
    operations,
    order,
    policies,
    principals,
    provisioning,
    quality,
    quicksight_types,
    recorded_types,
    steps,
    unload,
)
from . import dispatch

PREFIX = "/_local/"


async def _body(receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _answer(send, status: int, content) -> None:
    body = (json.dumps(content) + "\n").encode()
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def reset_everything() -> None:
    """MiniStack's state, ours, the log, the knobs and the lock: back to just started."""
    from ministack import app

    async with app._get_reset_lock():
        await asyncio.to_thread(app._reset_all_state)
    control.reset()


def forget_stores() -> None:
    """Our own state; hooked to `cloudformation.reset`, so that MiniStack's own reset empties it too."""
    lake_store.reset()
    provisioning.reset()
    recorded_types.reset()
    steps.reset()
    event_delivery.reset()
    quality.reset()
    unload.reset()
    quicksight_types.reset()
    principals.set_organization(None, [])


def hooks() -> dict:
    """Which hooks have fired since the start."""
    return {
        "order": order.fired(),
        **principals.fired(),
        **identity.fired(),
        **operations.fired(),
        **provisioning.fired(),
        **glue_types.fired(),
        **policies.fired(),
        **dispatch.fired(),
        **base_rules.fired(),
        **bucket_names.fired(),
        **event_delivery.fired(),
        **steps.fired(),
    }


async def _handle(method: str, name: str, body: bytes):
    data = json.loads(body) if body.strip() else {}
    match (method, name):
        case ("POST", "setup"):
            return await bootstrap.set_up(data)
        case ("POST", "lock"):
            control.set_locked(True)
        case ("POST", "unlock"):
            control.set_locked(False)
        case ("POST", "control"):
            control.update(data)
        case ("GET", "control"):
            pass
        case ("GET", "log"):
            return control.calls()
        case ("DELETE", "log"):
            control.clear_log()
            return []
        case ("GET", "steps"):
            return steps.steps()
        case ("DELETE", "steps"):
            steps.reset()
            return []
        case ("GET", "deliveries"):
            return event_delivery.deliveries()
        case ("DELETE", "deliveries"):
            event_delivery.reset()
            return []
        case ("GET", "lakeformation"):
            return lake_store.as_json()
        case ("POST", "fire"):
            if not {"account", "region", "schedule"} <= set(data):
                raise ValueError("fire needs account, region and schedule")
            return event_delivery.fire_schedule(str(data["account"]), data["region"], data["schedule"])
        case ("GET", "summary"):
            return provisioning.summary()
        case ("GET", "hooks"):
            return hooks()
        case ("POST", "reset"):
            await reset_everything()
        case _:
            raise LookupError(f"no {method} {PREFIX}{name}")
    return control.as_json()


def application(native):
    """The ASGI application: ours first, MiniStack behind it."""

    async def run(scope, receive, send):
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await native(scope, receive, send)
            return
        try:
            content = await _handle(scope["method"], scope["path"].removeprefix(PREFIX), await _body(receive))
        except LookupError as missing:
            await _answer(send, 404, {"error": str(missing)})
        except ValueError as wrong:
            await _answer(send, 400, {"error": str(wrong)})
        else:
            await _answer(send, 200, content)

    return run
