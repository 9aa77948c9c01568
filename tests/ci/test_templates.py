"""The templates for CI, without GitHub or GitLab: their shape, their scripts, and the comment against a fake API."""

import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest

import yaml

CI = pathlib.Path(__file__).parents[2] / "templates" / "ci"
MARKER = "<!-- meshform-diff demo -->"


class Host(http.server.BaseHTTPRequestHandler):
    """Comments of one pull request and notes of one merge request, as the two APIs give them."""

    comments = []
    requests = []

    def answer(self, value, status=200):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def body(self):
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]

    def do_GET(self):
        path, _, query = self.path.partition("?")
        if path == "/api/v4/user":
            return self.answer({"id": 7})
        page = int(dict(part.split("=") for part in query.split("&"))["page"])
        return self.answer(self.comments[(page - 1) * 100 : page * 100])

    def do_POST(self):
        body = self.body()
        if len(body) > 65536:
            return self.answer({"message": "Body is too long (maximum is 65536 characters)"}, 422)
        self.requests.append(("POST", self.path, dict(self.headers)))
        self.comments.append({"id": len(self.comments) + 1, "body": body, **OURS})
        return self.answer(self.comments[-1], 201)

    def update(self):
        self.requests.append((self.command, self.path, dict(self.headers)))
        found = next(comment for comment in self.comments if comment["id"] == int(self.path.rsplit("/", 1)[1]))
        found["body"] = self.body()
        return self.answer(found)

    do_PATCH = do_PUT = update

    def log_message(self, *_):
        pass


OURS = {"user": {"login": "github-actions[bot]"}, "author": {"id": 7}, "system": False}
THEIRS = {"user": {"login": "somebody"}, "author": {"id": 8}, "system": False}


class CommentTest(unittest.TestCase):
    def setUp(self):
        Host.comments, Host.requests = [], []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Host)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.root = f"http://127.0.0.1:{self.server.server_port}"
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def hosts(self):
        own = {"PATH": os.environ["PATH"]}
        github = {"GITHUB_API_URL": self.root, "GITHUB_REPOSITORY": "acme/mesh", "PULL_REQUEST": "12", "GH_TOKEN": "secret-g"}
        gitlab = {"CI_API_V4_URL": f"{self.root}/api/v4", "CI_PROJECT_ID": "34", "CI_MERGE_REQUEST_IID": "12"}
        return {"github": {**own, **github}, "gitlab": {**own, **gitlab, "MESHFORM_GITLAB_TOKEN": "secret-l"}}

    def run_script(self, environment, body):
        with tempfile.NamedTemporaryFile("w", suffix=".md", encoding="utf-8") as file:
            file.write(body)
            file.flush()
            command = [sys.executable, str(CI / "comment.py"), file.name]
            return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)

    def test_it_is_created_once_and_then_updated(self):
        for name, environment in self.hosts().items():
            with self.subTest(name):
                # somebody else's comment with our marker, and more comments than one page holds
                Host.requests = []
                Host.comments = [{"id": 1, "body": f"{MARKER}\nmine", **THEIRS}]
                Host.comments += [{"id": number, "body": "talk", **OURS} for number in range(2, 151)]
                first = f"{MARKER}\n" + "ü" * 60_000
                done = self.run_script(environment, first)
                self.assertEqual((done.returncode, done.stdout), (0, "comment created\n"), done.stderr)
                done = self.run_script(environment, f"{MARKER}\nsecond")
                self.assertEqual((done.returncode, done.stdout), (0, "comment updated\n"), done.stderr)
                bodies = [comment["body"] for comment in Host.comments if comment["body"].startswith(MARKER)]
                self.assertEqual(bodies, [f"{MARKER}\nmine", f"{MARKER}\nsecond"])
                methods = [method for method, _, _ in Host.requests]
                self.assertEqual(methods, ["POST", "PATCH" if name == "github" else "PUT"])
                headers = {key.lower(): value for key, value in Host.requests[0][2].items()}
                token = {"github": ("authorization", "Bearer secret-g"), "gitlab": ("private-token", "secret-l")}[name]
                self.assertEqual(headers[token[0]], token[1])

    def test_another_environment_has_a_comment_of_its_own(self):
        environment = self.hosts()["github"]
        self.run_script(environment, f"{MARKER}\none")
        self.run_script(environment, "<!-- meshform-diff other -->\ntwo")
        self.assertEqual(len(Host.comments), 2)

    def test_what_is_refused_is_said_without_the_token(self):
        environment = self.hosts()["github"]
        done = self.run_script(environment, f"{MARKER}\n" + "x" * 70_000)
        self.assertEqual(done.returncode, 1)
        self.assertIn("422", done.stderr)
        self.assertNotIn("secret-g", done.stderr + done.stdout)
        done = self.run_script(environment, "no marker\n")
        self.assertIn("does not begin with the marker", done.stderr)
        self.assertEqual(Host.comments, [])


class ShapeTest(unittest.TestCase):
    def scripts(self):
        github = yaml.safe_load((CI / "github" / "meshform.yml").read_text())
        for name, job in github["jobs"].items():
            for step in job["steps"]:
                if "run" in step:
                    yield f"github {name}: {step['name']}", step["run"]
        gitlab = yaml.safe_load((CI / "gitlab" / ".gitlab-ci.yml").read_text())
        for name, job in gitlab.items():
            if isinstance(job, dict) and "script" in job:
                yield f"gitlab {name}", "\n".join(job["script"])

    def test_scripts_are_scripts(self):
        scripts = list(self.scripts())
        self.assertGreater(len(scripts), 9)
        for name, script in scripts:
            with self.subTest(name):
                done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True)
                self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_rights_are_the_least(self):
        jobs = yaml.safe_load((CI / "github" / "meshform.yml").read_text())
        self.assertEqual(jobs["permissions"], {})
        self.assertEqual(jobs["jobs"]["review"]["permissions"], {"contents": "read", "pull-requests": "write"})
        self.assertEqual(jobs["jobs"]["deploy"]["permissions"], {"contents": "read", "id-token": "write"})
        self.assertEqual(jobs["jobs"]["deploy"]["environment"], "mesh")
        self.assertFalse(jobs["jobs"]["deploy"]["concurrency"]["cancel-in-progress"])

    def test_gitlab_deploys_the_default_branch_alone(self):
        jobs = yaml.safe_load((CI / "gitlab" / ".gitlab-ci.yml").read_text())
        self.assertIn("$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH", jobs["meshform deploy"]["rules"][0]["if"])
        self.assertEqual(jobs["meshform deploy"]["id_tokens"], {"MESHFORM_ID_TOKEN": {"aud": "sts.amazonaws.com"}})
        self.assertEqual(jobs["variables"]["GIT_DEPTH"], "0")


if __name__ == "__main__":
    unittest.main()
