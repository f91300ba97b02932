#!/usr/bin/env python3
"""Writes report.md from what ci/verify left in a directory; with --page, the tables in docs/reliability.md
from the last runs of all that leave figures there: ci/verify, ci/soak, ci/verify-mutants."""
import pathlib
import re
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from bench_report import memory, processors, table  # noqa: E402

# What an hour on two processors has to reach: what, which figures of which parts are added up, how many.
GOALS = [
    ("events of single streams", "streams", r"^events of single streams$", 10**9),
    ("events of the whole engine", "engine", r"^events of the whole engine$", 10**8),
    ("injected faults", ".*", r"^injected faults$", 10**7),
    ("executions of loom and shuttle", "models", r"executions$", 10**7),
    ("executions of fuzz targets", "fuzz", r"^fuzz executions$", 2 * 10**7),
]
# Each of these is one too many.
VIOLATIONS = r"violations$|crashes$"
HOUR = 60
PAGE = pathlib.Path("docs/reliability.md")


def rows_of(path: pathlib.Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text().splitlines()] if path.exists() else []


def figures_of(path: pathlib.Path) -> list[tuple[str, str, float]]:
    return [(part, name, float(number)) for part, name, number in rows_of(path)]


def number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def commit() -> str:
    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], capture_output=True, text=True).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no")
    return (git("rev-parse", "--short=10", "HEAD") or "unknown") + (", changed" if changed else "")


def kind() -> str:
    kernel = pathlib.Path("/proc/sys/kernel/osrelease").read_text().split("-")[0].strip()
    return f"{processors()}, {memory()}, Linux {kernel}"


def count_violations(figures: list[tuple[str, str, float]], run: list[list[str]]) -> float:
    """Those that are told as figures; a part that failed and told of none had one nevertheless."""
    told = {part: 0.0 for part, _, _ in figures}
    for part, name, value in figures:
        told[part] += value if re.search(VIOLATIONS, name) else 0
    for part in {row[1] for row in run if row[0] == "violated"}:
        told[part] = max(told.get(part, 0), 1)
    return sum(told.values())


def goals_table(figures: list[tuple[str, str, float]], run: list[list[str]], minutes: int) -> str:
    ran = {part for part, _, _ in figures}
    lines = []
    for what, parts, names, goal in GOALS:
        if not any(re.fullmatch(parts, part) for part in ran):
            continue
        found = [value for part, name, value in figures if re.fullmatch(parts, part) and re.search(names, name)]
        due = goal * minutes / HOUR
        verdict = "ok" if sum(found) >= due else "**short**"
        lines.append([what, number(sum(found)), f"≥ {number(round(due))}", verdict])
    violations = count_violations(figures, run)
    lines.append(["violations", number(violations), "0", "ok" if violations == 0 else "**violated**"])
    return table(["what", "tried", f"goal in {minutes} minutes", ""], lines)


def figures_table(figures: list[tuple[str, str, float]]) -> str:
    return table(["part", "figure", ""], [[part, name, number(value)] for part, name, value in figures])


def violations(out: pathlib.Path, run: list[list[str]]) -> str:
    text = ""
    for what, part, *why in run:
        if what != "violated":
            continue
        words = "".join(path.read_text() for path in sorted(out.glob(f"{part}*.log"))).splitlines()[-30:]
        text += f"### {part}: {' '.join(why)}\n\n```\n" + "\n".join(words) + "\n```\n\n"
    return text or "None.\n\n"


def report(out: pathlib.Path) -> str:
    run, figures = rows_of(out / "run.tsv"), figures_of(out / "figures.tsv")
    minutes = next(int(row[1]) for row in run if row[0] == "minutes")
    took = ", ".join(f"{part} {seconds} s" for what, part, seconds in (r for r in run if r[0] == "ran"))
    when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    return (
        f"# Verification\n\n`make verify MINUTES={minutes}`, {when}, commit {commit()}, on {kind()}: {took}.\n\n"
        + goals_table(figures, run, minutes)
        + "\n## All figures\n\n"
        + figures_table(figures)
        + "\n## Violations, and how to repeat them\n\n"
        + violations(out, run)
    )


def between(text: str, name: str, new: str) -> str:
    """The part of the page between two marks, written anew."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    before, rest = text.split(begin)
    _, after = rest.split(end)
    return before + begin + new + end + after


def page(out: pathlib.Path) -> None:
    text = PAGE.read_text()
    path = out / "report.md"
    if path.exists():
        lines = path.read_text().split("\n## All figures")[0].removeprefix("# Verification\n\n")
        text = between(text, "verify", lines.strip() + "\n")
    for part, command in {"soak": "make soak", "mutants": "make verify-mutants"}.items():
        rows = rows_of(out / f"{part}.tsv")
        if rows:
            figures = [[row[1], number(float(row[2]))] for row in rows if row[0] == "figure"]
            head = next(row[1] for row in rows if row[0] == "commit")
            text = between(text, part, f"`{command}`, commit {head}, on {kind()}:\n\n" + table(["what", ""], figures))
    PAGE.write_text(text)


def main() -> None:
    out = pathlib.Path(sys.argv[1])
    if "--page" in sys.argv:
        page(out)
    else:
        (out / "report.md").write_text(report(out))


main()
