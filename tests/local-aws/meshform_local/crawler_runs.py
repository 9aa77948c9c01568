"""Runs of crawlers: recorded; nothing is crawled. The end is told to EventBridge as Glue tells it.

MiniStack runs a crawler for a fixed time and says nothing to EventBridge. Here a run takes 30 s times `waitScale`.
Source: Glue: "Automating with EventBridge" (detail-type `Glue Crawler State Change`; events of AWS services reach the
default bus only).
"""

import contextvars
import json
import threading
import time
import uuid

from . import control

_SECONDS = 30


class CrawlerError(Exception):
    """An error of Glue, by its code."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


def _crawler(name: str) -> dict:
    from ministack.services import glue

    found = glue._crawlers.get(name)
    if found is None:
        raise CrawlerError("EntityNotFoundException", f"Crawler with name {name} does not exist")
    return found


def show(name: str) -> dict:
    """The crawler as GetCrawler shows it."""
    return dict(_crawler(name))


def start(name: str) -> None:
    """Start a run; it ends by itself, as the control `crawlers` says (SUCCEEDED when not named)."""
    crawler = _crawler(name)
    if crawler["State"] == "RUNNING":
        raise CrawlerError("CrawlerRunningException", f"Crawler with name {name} has already started")
    crawler["State"] = "RUNNING"
    started = time.time()
    _tell(name, "Started", "Crawl Started")
    # A timer does not copy the account and region of its maker.
    context = contextvars.copy_context()
    timer = threading.Timer(_SECONDS * control.control.wait_scale, lambda: context.run(_end, name, started))
    timer.daemon = True
    timer.start()


def _end(name: str, started: float) -> None:
    from ministack.services import glue

    crawler = glue._crawlers.get(name)
    if crawler is None or crawler["State"] != "RUNNING":
        return  # deleted or reset meanwhile
    status = control.control.crawlers.get(name, "SUCCEEDED")
    crawler["LastCrawl"] = {
        "Status": status,
        "LogGroup": "/aws-glue/crawlers",
        "LogStream": name,
        "MessagePrefix": str(uuid.uuid4()),
        "StartTime": started,
    }
    crawler["State"] = "READY"
    _tell(name, status.capitalize(), f"Crawl {status.capitalize()}")


def _tell(name: str, state: str, message: str) -> None:
    from ministack.services import eventbridge

    detail = {"crawlerName": name, "state": state, "message": message, "tablesCreated": "0", "tablesUpdated": "0"}
    entry = {"Source": "aws.glue", "DetailType": "Glue Crawler State Change", "Detail": json.dumps(detail)}
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


def install() -> None:
    """Let StartCrawler over the wire run the same way; MiniStack looks the function up at each call."""
    from ministack.core.responses import error_response_json, json_response
    from ministack.services import glue

    def start_crawler(data):
        try:
            start(data.get("Name"))
        except CrawlerError as failure:
            return error_response_json(failure.code, str(failure), 400)
        return json_response({})

    glue._start_crawler = start_crawler
