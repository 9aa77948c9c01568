"""What was measured, as data: medians, ratios of the same round, goals with their verdicts, and tables in Markdown.

A report is a plain dictionary, as measure.py writes it with --json:

    {"version": 1, "machine": {..}, "versions": {..}, "rounds": 5, "left_out": ["AWS CDK is left out: .."],
     "sizes": {"300,5,60": {"synth": {"wall": [s, ..], "cpu": [s, ..], "peak": [MiB, ..], "stacks": n, "resources": n,
                                      "template_bytes": n, "files": n, "bytes": n}, ..}},
     "start_up": {"version": {"wall": [s, ..], ..}, ..}}

The n-th figures of all tools and sizes are of the same round. Nothing here runs anything. Needs nothing but Python 3.
"""
from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any, Callable

Report = dict[str, Any]
Figures = dict[str, Any]

LARGEST = "300,5,60"
"""The size that the goals are set for: domains, products of each, consumers."""
SMALLER = "30,4,10"
"""The size that time for each resource is compared with."""

TOOLS = {
    "synth": ("`meshform synth`, all files new", "every resource"),
    "again": ("`meshform synth` again, nothing changed", "every resource"),
    "diff": ("`meshform diff --base`, 5 % changed", "what changed"),
    "access": ("`meshform access`", "-"),
    "access-evaluate": ("sight by itself, templates at hand", "-"),
    "floor-write": ("floor: the same bytes in the same files", "-"),
    "floor-serialize": ("floor: the same trees by serde_json", "-"),
    "troposphere": ("troposphere", "types"),
    "cdk": ("`cdk synth`", "each template"),
    "cdk-unchecked": ("`cdk synth`, `CDK_VALIDATION=false`", "-"),
    "cdk-lean": ("`node app.js`, leanest", "-"),
    "cdk-diff": ("cloudformation-diff, 5 % changed", "-"),
}
"""Every tool by its key: what it is called, and what it checks. The docs say more of both."""

START_UP = {"version": "`meshform --version`", "explain": "`meshform explain unknown-product`", "true": "`true`, for comparison"}


@dataclass(frozen=True)
class Spread:
    """Some figures: the one in the middle, the least and the most."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        return cls(statistics.median(values), min(values), max(values))

    def shown(self, form: str = ".2f", unit: str = "") -> str:
        if self.least == self.most:
            return f"{self.median:{form}}{unit}"
        return f"{self.median:{form}}{unit} ({self.least:{form}} to {self.most:{form}})"


def told(figures: Figures, what: str) -> list[float] | None:
    """The figures of one kind, unless there are none or one of them is missing."""
    values = figures.get(what)
    return values if values and all(value is not None for value in values) else None


def sum_of(sizes: Report, size: str, tools: list[str], what: str) -> list[float] | None:
    """The figures of several tools together, round by round."""
    each = [told(sizes.get(size, {}).get(tool, {}), what) for tool in tools]
    return None if None in each else [sum(values) for values in zip(*each)]


def ratio(above: list[float] | None, below: list[float] | None) -> list[float] | None:
    """Round by round."""
    if not above or not below or not all(below):
        return None
    return [one / other for one, other in zip(above, below)]


FLOOR = ["floor-write", "floor-serialize"]


def to_the_floor(report: Report, size: str, what: str = "wall") -> list[float] | None:
    sizes = report["sizes"]
    return ratio(sum_of(sizes, size, ["synth"], what), sum_of(sizes, size, FLOOR, what))


def slower(report: Report, size: str, tool: str, what: str = "wall") -> list[float] | None:
    """How many times as long as `synth` with all files new a tool takes."""
    sizes = report["sizes"]
    return ratio(sum_of(sizes, size, [tool], what), sum_of(sizes, size, ["synth"], what))


def of_each_resource(report: Report, size: str, tool: str = "synth") -> list[float] | None:
    """Seconds for one resource."""
    walls, resources = sum_of(report["sizes"], size, [tool], "wall"), report["sizes"].get(size, {}).get(tool, {}).get("resources")
    return [wall / resources for wall in walls] if walls and resources else None


def peak(report: Report) -> list[float] | None:
    """MB of 1,000,000 bytes: the larger of both runs of `synth`."""
    each = [told(report["sizes"].get(LARGEST, {}).get(tool, {}), "peak") for tool in ("synth", "again")]
    return None if None in each else [max(values) * 1.048576 for values in zip(*each)]


def start_up(report: Report, what: str) -> list[float] | None:
    walls = told(report["start_up"].get(what, {}), "wall")
    return [wall * 1000 for wall in walls] if walls else None


@dataclass(frozen=True)
class Goal:
    """A goal: figures of each round, and the bound for the one in the middle."""

    text: str
    figures: Callable[[Report], list[float] | None]
    bound: float
    at_least: bool = False
    unit: str = ""
    form: str = ".2f"

    def holds(self, value: float) -> bool:
        return value >= self.bound if self.at_least else value <= self.bound

    def bound_shown(self) -> str:
        return f"{'at least' if self.at_least else 'at most'} {self.bound:g}{self.unit}"

    def verdict(self, report: Report) -> tuple[str, str]:
        """The figure, and whether the goal is held; where rounds differ in that, in how many it is."""
        values = self.figures(report)
        if values is None:
            return "-", "not measured"
        held = sum(map(self.holds, values))
        verdict = "held" if self.holds(statistics.median(values)) else "**not held**"
        if 0 < held < len(values):
            verdict += f", in {held} of {len(values)} rounds"
        return Spread.of(values).shown(self.form, self.unit), verdict


GOALS = [
    Goal("all files new, to the floor", lambda report: to_the_floor(report, LARGEST), 2.5),
    Goal("`cdk synth` takes, times as long", lambda report: slower(report, LARGEST, "cdk"), 100, at_least=True, form=".1f"),
    Goal("troposphere takes, times as long", lambda report: slower(report, LARGEST, "troposphere"), 10, at_least=True, form=".1f"),
    Goal("peak memory of `synth`", peak, 100, unit=" MB", form=".0f"),
    Goal(
        "nothing changed, to all files new",
        lambda report: ratio(*(sum_of(report["sizes"], LARGEST, [tool], "wall") for tool in ("again", "synth"))),
        0.5,
    ),
    Goal("`diff` to `synth`, all files new", lambda report: slower(report, LARGEST, "diff"), 1.5),
    Goal(
        "`diff` to `synth`, nothing changed",
        lambda report: ratio(*(sum_of(report["sizes"], LARGEST, [tool], "wall") for tool in ("diff", "again"))),
        1.5,
    ),
    Goal("sight by itself, templates at hand", lambda report: sum_of(report["sizes"], LARGEST, ["access-evaluate"], "wall"), 1, unit=" s"),
    Goal("`access`, from the files of the teams", lambda report: sum_of(report["sizes"], LARGEST, ["access"], "wall"), 1, unit=" s"),
    Goal(
        f"time for each resource, to that at {SMALLER}",
        lambda report: ratio(of_each_resource(report, LARGEST), of_each_resource(report, SMALLER)),
        1.2,
    ),
    Goal("start-up: `--version`", lambda report: start_up(report, "version"), 5, unit=" ms", form=".1f"),
    Goal("start-up: `explain`", lambda report: start_up(report, "explain"), 5, unit=" ms", form=".1f"),
]


def table(head: list[str], rows: list[list[str]], left: int = 1) -> str:
    """A table in Markdown, its columns as wide as their cells; the first ones are aligned left."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]

    def line(cells: list[str]) -> str:
        padded = [f"{cell:<{width}}" if at < left else f"{cell:>{width}}" for at, (cell, width) in enumerate(zip(cells, widths))]
        return f"| {' | '.join(padded)} |"

    rule = "|".join("-" * (width + 2) if at < left else "-" * (width + 1) + ":" for at, width in enumerate(widths))
    return "\n".join([line(head), f"|{rule}|", *map(line, rows)])


def cell(values: list[float] | None, form: str = ".2f") -> str:
    return Spread.of(values).shown(form) if values else "-"


def number(figures: Figures, what: str) -> str:
    return f"{figures[what]:,}" if what in figures else "-"


def of_size(report: Report, size: str) -> str:
    """The table of one size: who made how much, in which time."""
    head = ["tool", "it checks", "stacks", "resources", "MB", "wall, s", "processor, s", "peak, MiB", "µs a resource", "times `synth`"]
    rows = []
    for tool, (name, checks) in TOOLS.items():
        figures = report["sizes"][size].get(tool)
        if figures is None:
            continue
        each = of_each_resource(report, size, tool)
        peaks = told(figures, "peak")
        rows.append(
            [
                name,
                checks,
                number(figures, "stacks"),
                number(figures, "resources"),
                f"{figures['template_bytes'] / 1e6:.1f}" if "template_bytes" in figures else "-",
                cell(told(figures, "wall"), ".3f"),
                cell(told(figures, "cpu"), ".3f"),
                f"{max(peaks):.0f}" if peaks else "-",
                f"{statistics.median(each) * 1e6:.1f}" if each else "-",
                cell(slower(report, size, tool)) if tool != "synth" else "1",
            ]
        )
    return table(head, rows, left=2)


def ratios(report: Report) -> str:
    """How `synth` with all files new stands to the floor, to CDK and to troposphere, at every size."""
    head = ["all files new", "to the floor", "by processor", "`cdk synth` to it", "by resource", "troposphere to it", "by resource"]
    rows = []
    for size in report["sizes"]:
        row = [size, cell(to_the_floor(report, size)), cell(to_the_floor(report, size, "cpu"))]
        for tool in ("cdk", "troposphere"):
            row.append(cell(slower(report, size, tool), ".1f"))
            row.append(cell(ratio(of_each_resource(report, size, tool), of_each_resource(report, size)), ".1f"))
        rows.append(row)
    return table(head, rows)


def goals(report: Report) -> str:
    rows = [[goal.text, goal.bound_shown(), *goal.verdict(report)] for goal in GOALS]
    return table([f"goal, at {LARGEST}", "bound", "measured", "verdict"], rows, left=4)


def starts(report: Report) -> str:
    rows = [[name, cell(start_up(report, what), ".2f")] for what, name in START_UP.items() if what in report["start_up"]]
    return table(["start-up", "wall, ms"], rows)


def in_words(size: str) -> str:
    domains, products, consumers = size.split(",")
    return f"{size}: {domains} domains with {products} products each, {consumers} consumers"


def markdown(report: Report) -> str:
    """The whole report, as it is printed and as it stands in the docs."""
    machine = report["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in sorted(report["versions"].items()))
    rounds = "1 round" if report["rounds"] == 1 else f"{report['rounds']} rounds"
    parts = [
        f"{report['day']}, {machine['cores']} cores ({machine['processor']}), {machine['memory_gib']} GiB, files on "
        f"{machine['files_on']}; {rounds}, medians (least to most). {machine['elsewhere_percent']} % of the processors' time went to "
        f"other programs meanwhile. {versions}.",
        *(f"{sentence}." for sentence in report["left_out"]),
        goals(report),
        ratios(report),
    ]
    for size in report["sizes"]:
        parts += [f"### {in_words(size)}", of_size(report, size)]
    parts.append(starts(report))
    return "\n\n".join(parts) + "\n"


BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"


def into(page: str, report: Report) -> str:
    """A page with the report between its two marks, in the place of what stood there."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no `{BEGIN.strip()}` followed by `{END.strip()}`")
    return f"{before}{BEGIN}\n{markdown(report)}\n{END}{after}"
