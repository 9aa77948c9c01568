"""The machine that starts crawlers on an event, executed on the local AWS: `python crawl_cases.py ENDPOINT KEYS_JSON`, after
tests/fixtures/valid/crawled.

Ends with `N passed, 0 failed`. Nothing is crawled; that the machine does what it says under our rules of AWS is what this shows.
"""

import json
import sys
import time

from machine_cases import Local, expect, main

GOVERNANCE, SALES = "111111111111", "222222222222"
MACHINE = "crawled-crawl-sales-returns"


def starts_each_crawler(local: Local) -> None:
    """One crawler for each table, side by side."""
    ran = local.run(GOVERNANCE, MACHINE)
    expect(ran["status"] == "SUCCEEDED", ran)
    expect(len(ran["steps"]) == 2, ran["steps"])


def a_running_crawler_is_waited_for(local: Local) -> None:
    """Files that arrive during a crawl are crawled afterwards."""
    local.faults({"glue:startCrawler": [{"error": "Glue.CrawlerRunningException", "times": 2}]})
    ran = local.run(GOVERNANCE, MACHINE)
    expect(ran["status"] == "SUCCEEDED", ran)
    expect(len(ran["steps"]) == 4, ran["steps"])


def a_crawler_that_cannot_start_is_told(local: Local) -> None:
    """The bus hears it, and the execution fails."""
    local.faults({"glue:startCrawler": [{"error": "Glue.EntityNotFoundException", "times": 1}]})
    ran = local.run(GOVERNANCE, MACHINE)
    expect(ran["status"] == "FAILED", ran)
    expect("putEvents" in ran["steps"][-1]["integration"], ran["steps"])


def a_failed_crawl_reaches_the_owner(local: Local) -> None:
    """Governance's own bus, the domain's bus, the owner's topic."""
    local.call("POST", "control", {"crawlers": {"crawled.sales.returns.returns": "FAILED"}})
    glue = local.client("glue", GOVERNANCE)
    until = time.monotonic() + 20
    while glue.get_crawler(Name="crawled.sales.returns.returns")["Crawler"]["State"] != "READY":
        expect(time.monotonic() < until, "the crawler of the case before does not end")
        time.sleep(0.1)
    glue.start_crawler(Name="crawled.sales.returns.returns")
    while time.monotonic() < until:
        deliveries = json.dumps(local.call("GET", "deliveries"))
        if f"sns:eu-west-1:{SALES}:crawled-sales" in deliveries:
            return
        time.sleep(0.1)
    raise AssertionError(deliveries)


if __name__ == "__main__":
    cases = [starts_each_crawler, a_running_crawler_is_waited_for, a_crawler_that_cannot_start_is_told]
    sys.exit(main([*cases, a_failed_crawl_reaches_the_owner]))
