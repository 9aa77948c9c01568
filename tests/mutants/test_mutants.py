"""The harness of the mutations: what it must refuse, and what it calls killed.

    python3 -m unittest discover -s tests/mutants
"""

from __future__ import annotations

import tempfile
import unittest
from dataclasses import replace
from pathlib import Path
from unittest import mock

import mutants
from mutants import Mutation

RIGHT = Mutation("name", "src/access/a.rs", "one", "two", "rule 1", ("lib", "compare"))


class Applies(unittest.TestCase):
    def faults(self, mutation: Mutation, text: str = "one three") -> list[str]:
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "src/access/a.rs"
            path.parent.mkdir(parents=True)
            path.write_text(text)
            return mutants.faults(mutation, Path(directory))

    def test_a_right_one(self) -> None:
        self.assertEqual(self.faults(RIGHT), [])

    def test_what_does_not_apply_is_refused(self) -> None:
        for text in ("three", "one one"):
            with self.subTest(text=text):
                self.assertIn("not once", self.faults(RIGHT, text)[0])

    def test_what_changes_nothing_is_refused(self) -> None:
        self.assertEqual(self.faults(replace(RIGHT, new="one")), ["it changes nothing"])

    def test_files_and_suites_must_be_there(self) -> None:
        self.assertIn("not there", self.faults(replace(RIGHT, file="src/access/b.rs"))[0])
        self.assertIn("not below", self.faults(replace(RIGHT, file="src/a.rs"))[0])
        self.assertIn("no such tests", self.faults(replace(RIGHT, noticed_by=("moon",)))[0])
        self.assertIn("no tests", self.faults(replace(RIGHT, noticed_by=()))[0])

    def test_those_of_the_repository_apply(self) -> None:
        self.assertTrue(mutants.all_apply(mutants.mutations()))
        self.assertGreaterEqual(len(mutants.mutations()), 30)

    def test_a_name_that_stands_twice_is_refused(self) -> None:
        every = mutants.mutations()
        with mock.patch("sys.stderr"):
            self.assertFalse(mutants.all_apply([*every, every[0]]))


class Tried(unittest.TestCase):
    """With a cargo that answers as the case wants: build and run of each suite in turn."""

    def tried(self, *answers: bool) -> tuple[bool, str, str]:
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "src/access/a.rs"
            path.parent.mkdir(parents=True)
            path.write_text("one")
            seen: list[str] = []
            given = iter(answers)

            def passes(command: list[str]) -> tuple[bool, str]:
                seen.append(path.read_text())
                return next(given), "error"

            with mock.patch.object(mutants, "TREE", Path(directory)), mock.patch.object(mutants, "passes", passes):
                killed, told = mutants.tried(RIGHT)
            self.assertEqual(set(seen), {"two"})
            return killed, told, path.read_text()

    def test_killed_when_every_suite_notices(self) -> None:
        self.assertEqual(self.tried(True, False, True, False), (True, "killed by lib, compare", "one"))

    def test_a_suite_that_does_not_notice_lets_it_survive(self) -> None:
        self.assertEqual(self.tried(True, False, True, True), (False, "SURVIVED compare", "one"))

    def test_what_does_not_compile_is_not_killed(self) -> None:
        killed, told, left = self.tried(False)
        self.assertEqual((killed, left), (False, "one"))
        self.assertIn("DOES NOT COMPILE", told)


if __name__ == "__main__":
    unittest.main()
