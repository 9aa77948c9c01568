"""What the figures of `make bench` are made of: ratios, verdicts, tables, and what is refused.

    python3 -m unittest discover -s benches
"""
from __future__ import annotations

import argparse
import contextlib
import copy
import io
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import count
import figures
import install
import measure


def times(*walls: float, resources: int | None = None, peak: float | None = 50.0) -> dict:
    found = {"wall": list(walls), "cpu": [wall * 2 for wall in walls], "peak": [peak for _ in walls]}
    if resources is not None:
        found |= {"stacks": 10, "resources": resources, "template_bytes": 2_500_000, "files": 11, "bytes": 2_600_000}
    return found


REPORT = {
    "version": 1,
    "day": "2026-11-22",
    "machine": {"cores": 2, "processor": "any", "memory_gib": 24, "files_on": "tmpfs", "elsewhere_percent": 3},
    "versions": {"meshform": "0.1.0"},
    "left_out": ["AWS CDK is left out: npm is not at hand"],
    "rounds": 3,
    "sizes": {
        "30,4,10": {"synth": times(0.2, 0.1, 0.1, resources=1000)},
        "300,5,60": {
            "synth": times(1.0, 1.0, 2.0, resources=10_000, peak=90.0),
            "again": times(0.4, 0.5, 1.2, resources=10_000, peak=80.0),
            "floor-write": times(0.3, 0.2, 0.5, resources=10_000, peak=None),
            "floor-serialize": times(0.2, 0.2, 0.5, resources=10_000, peak=None),
            "troposphere": times(9.0, 11.0, 18.0, resources=5_000),
            "diff": times(1.5, 1.5, 1.5),
        },
    },
    "start_up": {"version": times(0.004, 0.003, 0.002), "explain": times(0.006, 0.006, 0.004), "true": times(0.001)},
}


def verdict(text: str, report: dict = REPORT) -> tuple[str, str]:
    return next(goal for goal in figures.GOALS if text in goal.text).verdict(report)


class Ratios(unittest.TestCase):
    def test_they_are_taken_round_by_round(self) -> None:
        self.assertEqual(figures.slower(REPORT, "300,5,60", "troposphere"), [9.0, 11.0, 9.0])
        self.assertEqual(figures.to_the_floor(REPORT, "300,5,60"), [2.0, 2.5, 2.0])

    def test_the_floor_is_both_of_its_parts(self) -> None:
        report = copy.deepcopy(REPORT)
        del report["sizes"]["300,5,60"]["floor-serialize"]
        self.assertIsNone(figures.to_the_floor(report, "300,5,60"))

    def test_what_was_not_measured_has_none(self) -> None:
        self.assertIsNone(figures.slower(REPORT, "300,5,60", "cdk"))
        self.assertIsNone(figures.slower(REPORT, "1,1,1", "troposphere"))
        self.assertIsNone(figures.told({"cpu": [1.0, None]}, "cpu"))
        self.assertIsNone(figures.ratio([1.0], [0.0]))

    def test_a_resource_costs_its_share(self) -> None:
        self.assertEqual(figures.of_each_resource(REPORT, "30,4,10"), [0.0002, 0.0001, 0.0001])
        self.assertIsNone(figures.of_each_resource(REPORT, "300,5,60", "diff"))


class Verdicts(unittest.TestCase):
    def test_a_bound_itself_is_held(self) -> None:
        self.assertEqual(verdict("to the floor"), ("2.00 (2.00 to 2.50)", "held"))

    def test_the_figure_in_the_middle_decides_and_other_rounds_are_told(self) -> None:
        self.assertEqual(verdict("troposphere"), ("9.0 (9.0 to 11.0)", "**not held**, in 1 of 3 rounds"))
        self.assertEqual(verdict("nothing changed, to"), ("0.50 (0.40 to 0.60)", "held, in 2 of 3 rounds"))
        self.assertEqual(verdict("explain"), ("6.0 ms (4.0 to 6.0)", "**not held**, in 1 of 3 rounds"))

    def test_diff_is_compared_with_a_synth_that_writes_all_and_with_one_that_writes_nothing_either(self) -> None:
        self.assertEqual(verdict("`diff` to `synth`, all"), ("1.50 (0.75 to 1.50)", "held"))
        self.assertEqual(verdict("`diff` to `synth`, nothing"), ("3.00 (1.25 to 3.75)", "**not held**, in 1 of 3 rounds"))

    def test_what_was_left_out_is_not_measured(self) -> None:
        for goal in ("cdk synth", "`access`"):
            self.assertEqual(verdict(goal), ("-", "not measured"))

    def test_memory_is_in_millions_of_bytes_and_of_the_larger_run(self) -> None:
        self.assertEqual(verdict("memory"), ("94 MB", "held"))
        report = copy.deepcopy(REPORT)
        report["sizes"]["300,5,60"]["again"]["peak"] = [96.0, 96.0, 96.0]
        self.assertEqual(verdict("memory", report), ("101 MB", "**not held**"))

    def test_time_for_each_resource_is_compared_between_sizes_of_one_round(self) -> None:
        self.assertEqual(verdict("each resource"), ("1.00 (0.50 to 2.00)", "held, in 2 of 3 rounds"))


class Pages(unittest.TestCase):
    def test_a_table_is_aligned_and_whole(self) -> None:
        text = figures.table(["tool", "s"], [["a", "1"], ["long name", "10"]])
        self.assertEqual(text, "| tool      |  s |\n|-----------|---:|\n| a         |  1 |\n| long name | 10 |")

    def test_the_report_says_what_was_left_out_and_shows_every_size(self) -> None:
        text = figures.markdown(REPORT)
        for expected in ("npm is not at hand.", "### 30,4,10: 30 domains with 4 products each, 10 consumers", "10,000", "not measured", "2.5 |"):
            with self.subTest(expected=expected):
                self.assertIn(expected, text)
        self.assertNotIn("`cdk synth` |", figures.of_size(REPORT, "300,5,60"))

    def test_only_what_is_between_the_marks_is_replaced(self) -> None:
        page = f"before\n{figures.BEGIN}old\n{figures.END}after\n"
        text = figures.into(page, REPORT)
        self.assertTrue(text.startswith("before\n") and text.endswith(f"{figures.END}after\n"))
        self.assertNotIn("old", text)
        self.assertEqual(figures.into(text, REPORT), text)
        for wrong in ("no marks", figures.BEGIN, f"{figures.END}{figures.BEGIN}"):
            with self.assertRaises(ValueError):
                figures.into(wrong, REPORT)


class Measuring(unittest.TestCase):
    def test_sizes_and_rounds_are_numbers_from_one(self) -> None:
        self.assertEqual(measure.size("03,2,2"), "3,2,2")
        for wrong in ("3,2", "3,2,0", "a,b,c", "3,2,-1", "", "3,2,2,2", "٣,2,2"):
            with self.subTest(wrong=wrong), self.assertRaises(argparse.ArgumentTypeError):
                measure.size(wrong)
        for wrong in ("0", "-1", "x"):
            with self.subTest(wrong=wrong), self.assertRaises(argparse.ArgumentTypeError):
                measure.rounds(wrong)

    def test_every_tool_begins_a_round_once(self) -> None:
        orders = [measure.turned(["a", "b", "c"], turn) for turn in range(3)]
        self.assertEqual([order[0] for order in orders], ["a", "b", "c"])
        self.assertEqual([sorted(order) for order in orders], [["a", "b", "c"]] * 3)

    def test_the_floor_tells_its_own_figures(self) -> None:
        part = {"wall": 0.5, "cpu": None}
        told = measure.told_by(json.dumps({"files": 1, "bytes": 2, "write": part, "serialize": part}).encode(), measure.FLOOR)
        self.assertEqual(told["floor-write"], {"wall": 0.5, "cpu": None, "peak": None})
        self.assertEqual(set(told), set(figures.FLOOR))

    def test_a_process_is_measured_with_what_it_started(self) -> None:
        inner = "x = bytearray(64 * 2**20); [i * i for i in range(10**6)]"
        outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}], check=True)"
        figure, printed = measure.measured(measure.Command([sys.executable, "-c", outer], Path.cwd()))
        self.assertGreater(figure["peak"], 64)
        self.assertGreater(figure["wall"], 0)
        self.assertGreater(figure["cpu"], 0)
        self.assertEqual(printed, b"")

    def test_a_tool_that_fails_ends_the_run_with_what_it_said(self) -> None:
        with self.assertRaises(SystemExit) as stopped:
            measure.measured(measure.Command([sys.executable, "-c", "raise SystemExit('no such mesh')"], Path.cwd()))
        self.assertIn("no such mesh", str(stopped.exception))

    def test_time_of_others_is_what_is_busy_and_not_ours(self) -> None:
        with mock.patch("os.sysconf", return_value=100):
            self.assertEqual(measure.elsewhere((0, 0), (150, 200), 1.0), 25)
            self.assertEqual(measure.elsewhere((0, 0), (50, 200), 1.0), 0)
            self.assertEqual(measure.elsewhere((0, 0), (0, 0), 1.0), 0)

    def test_a_report_is_saved_whole(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "report.json"
            measure.save(REPORT, path)
            self.assertEqual(json.loads(path.read_text()), REPORT)
            self.assertEqual([found.name for found in Path(folder).iterdir()], ["report.json"])

    def test_peers_that_are_not_at_hand_are_told_and_not_measured(self) -> None:
        missing = install.Peer(Path("cdk"), {}, "AWS CDK is left out: npm is not at hand")
        with mock.patch("install.cdk", return_value=missing), contextlib.redirect_stderr(io.StringIO()) as said:
            peers, left_out = measure.at_hand(["cdk"])
        self.assertEqual(peers, {})
        self.assertEqual(left_out, ["AWS CDK is left out: npm is not at hand", "troposphere was left out, as was asked"])
        self.assertIn("npm is not at hand", said.getvalue())


class Counting(unittest.TestCase):
    def test_templates_are_counted_apart_from_other_files(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            below = Path(folder) / "owner"
            below.mkdir()
            template = '{"Resources": {"A": {}, "B": {}}}'
            (below / "one.template.json").write_text(template)
            (Path(folder) / "two.template.json").write_text("{}")
            (Path(folder) / "manifest.json").write_text("[]")
            expected = {"stacks": 2, "resources": 2, "template_bytes": len(template) + 2, "files": 3, "bytes": len(template) + 4}
            self.assertEqual(count.counted(Path(folder)), expected)


class Installing(unittest.TestCase):
    def test_the_same_is_installed_once_and_half_an_installation_is_none(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            source, place = Path(folder) / "source", Path(folder) / "place"
            source.mkdir()
            (source / "pins").write_text("one")
            done = []
            with self.assertRaises(install.Unavailable):
                install.installed(source, place, mock.Mock(side_effect=install.Unavailable("pip failed")))
            for text in ("one", "one", "two"):
                (source / "pins").write_text(text)
                install.installed(source, place, lambda: done.append(text))
            self.assertEqual(done, ["one", "two"])

    def test_why_a_command_failed_is_its_first_line(self) -> None:
        for code, expected in (("raise SystemExit('no index')", "failed: no index"), ("raise SystemExit(3)", "exit code 3")):
            with self.subTest(code=code), self.assertRaisesRegex(install.Unavailable, expected):
                install.run([sys.executable, "-c", code], Path.cwd())
        with self.assertRaisesRegex(install.Unavailable, "could not be started"):
            install.run([Path("no-such-program")], Path.cwd())

    def test_without_node_the_rest_goes_on(self) -> None:
        with mock.patch("shutil.which", return_value=None):
            self.assertIn("node is not at hand", install.cdk().missing)

    def test_pins_are_exact_and_hashed(self) -> None:
        lines = (install.SOURCES / "troposphere" / "requirements.txt").read_text().splitlines()
        pins = [line for line in lines if line and not line.startswith((" ", "#"))]
        self.assertTrue(pins and all("==" in pin and pin.endswith("\\") for pin in pins))
        packages = json.loads((install.SOURCES / "cdk" / "package-lock.json").read_text())["packages"]
        self.assertTrue(all("integrity" in package or package.get("inBundle") for name, package in packages.items() if name))


class Peers(unittest.TestCase):
    def test_both_generators_make_a_mesh_of_the_size_that_was_asked_for(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            mesh = Path(folder) / "mesh.json"
            for line in (["gen_mesh.py", "3", "2", "2", folder], ["peers/gen_env.py", "3", "2", "2", str(mesh)]):
                subprocess.run([sys.executable, measure.HERE / line[0], *line[1:]], check=True, capture_output=True)
            self.assertEqual([len(list((Path(folder) / kind).iterdir())) for kind in ("domains", "consumers")], [3, 2])
            found = json.loads(mesh.read_text())
            self.assertEqual([len(found["domains"]), len(found["domains"][0]["products"]), len(found["consumers"])], [3, 2, 2])


if __name__ == "__main__":
    unittest.main()
