#!/usr/bin/env python3
"""Creates or updates the one comment of meshform on a pull request (GitHub) or a merge request (GitLab).

usage: comment.py FILE

The first line of FILE is a hidden marker; the comment that begins with it is updated. Only a comment of our own is: anybody may
write the marker, and whoever wrote a comment may change it again after us. Standard library only.
"""

import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request

PAGE = 100


def github():
    """Where comments are, who we are, and how a request is signed."""
    number = int(os.environ["PULL_REQUEST"])
    root = f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}/issues"
    author = os.environ.get("MESHFORM_COMMENT_AUTHOR", "github-actions[bot]")
    return {
        "list": f"{root}/{number}/comments",
        "one": f"{root}/comments/{{id}}",
        "update": "PATCH",
        "headers": {"Authorization": f"Bearer {os.environ['GH_TOKEN']}", "Accept": "application/vnd.github+json"},
        "is_ours": lambda comment: (comment.get("user") or {}).get("login") == author,
    }


def gitlab():
    project = urllib.parse.quote(os.environ["CI_PROJECT_ID"], safe="")
    number = int(os.environ["CI_MERGE_REQUEST_IID"])
    api = os.environ["CI_API_V4_URL"]
    headers = {"PRIVATE-TOKEN": os.environ["MESHFORM_GITLAB_TOKEN"]}
    me = call("GET", f"{api}/user", headers)["id"]
    notes = f"{api}/projects/{project}/merge_requests/{number}/notes"
    return {
        "list": notes,
        "one": f"{notes}/{{id}}",
        "update": "PUT",
        "headers": headers,
        "is_ours": lambda note: (note.get("author") or {}).get("id") == me and not note.get("system"),
    }


def call(method, url, headers, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {**headers, "Content-Type": "application/json", "User-Agent": "meshform"}
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def find(host, marker):
    """The comment that begins with the marker, on whichever page it is."""
    page = 1
    while True:
        comments = call("GET", f"{host['list']}?per_page={PAGE}&page={page}", host["headers"])
        for comment in comments:
            if host["is_ours"](comment) and comment["body"].splitlines()[:1] == [marker]:
                return comment["id"]
        if len(comments) < PAGE:
            return None
        page += 1


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        body = file.read()
    marker = body.split("\n", 1)[0]
    if not (marker.startswith("<!-- meshform-diff ") and marker.endswith(" -->")):
        sys.exit(f"{sys.argv[1]} does not begin with the marker of `meshform diff --format markdown`")
    host = github() if "GITHUB_API_URL" in os.environ else gitlab()
    found = find(host, marker)
    if found is None:
        call("POST", host["list"], host["headers"], {"body": body})
        print("comment created")
    else:
        call(host["update"], host["one"].format(id=found), host["headers"], {"body": body})
        print("comment updated")


if __name__ == "__main__":
    try:
        main()
    except urllib.error.HTTPError as error:
        sys.exit(f"the comment could not be written: {error.code} {error.reason}: {error.read(500).decode(errors='replace')}")
    except (urllib.error.URLError, KeyError) as error:
        sys.exit(f"the comment could not be written: {error!r}")
