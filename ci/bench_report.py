#!/usr/bin/env python3
"""Writes report.md and its plots from what the benches left in a directory; with --page also the
table in docs/performance.md. See ci/bench."""
import json
import os
import pathlib
import platform
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from bench_plot import Plot  # noqa: E402

PLOTS = {
    "streams": Plot("Recording by id, streams in random order", "streams", "ns a packet", log_x=True, log_y=True),
    "threads": Plot("Threads recording at once", "threads", "ns a packet and thread", log_y=True),
    "lateness": Plot("Lateness of detection, 10,000 streams", "share of failovers", "ms late", log_y=True, nines=True),
    "register": Plot("Registering one more stream", "streams", "µs", log_x=True, log_y=True),
    "memory": Plot("Memory a stream", "streams", "KiB", log_x=True, log_y=True),
}

METHOD = """\
Ratios are taken in rounds: the candidates take turns in short samples, each round gives one ratio,
and what is shown is the median of these, with the 10th and 90th percentile of the rounds in
brackets. F is the floor of the same run: one relaxed load of a cached clock and one relaxed store.
Nothing is pinned to a processor and nothing is subtracted. Ids have 23 bytes and are packed in
their (shuffled) order of use, alike for all candidates. The bare lookup is hashbrown with foldhash,
from the ids as Strings to a number, in ordinary memory. The mutex design is
RwLock<HashMap<String, Arc<Mutex<State>>>> with std's locks and hasher and `Instant::now` for each
packet, counting the same things. Each part runs in a process of its own.
"""


def read_figures(path: pathlib.Path) -> list[dict]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def number(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 1000 else f"{value:,.0f}"


def bar_of(figure: dict) -> tuple[str, str]:
    """The bar as text, and whether it is kept."""
    bar = figure["bar"]
    if not isinstance(bar, dict):
        return "", ""
    (kind, limit), measured = next(iter(bar.items())), figure["measured"]
    kept = measured is not None and (measured <= limit if kind == "AtMost" else measured >= limit)
    verdict = "ok" if kept else f"beyond this machine: {figure['beyond']}" if figure["beyond"] else "**short**"
    return f"{'≤' if kind == 'AtMost' else '≥'} {limit:g}", verdict


def table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def bars_table(figures: list[dict]) -> str:
    rows = []
    for figure in figures:
        limit, verdict = bar_of(figure)
        if limit:
            measured = f"{number(figure['measured'])} {figure['unit']}"
            rows.append([figure["name"], measured, limit, verdict, figure["note"]])
    return table(["what", "measured", "bar", "", "in detail"], rows)


def figures_table(figures: list[dict]) -> str:
    rows = [
        [figure["name"], f"{number(figure['measured'])} {figure['unit']}", figure["note"]]
        for figure in figures
        if not bar_of(figure)[0]
    ]
    return table(["what", "measured", "in detail"], rows)


def criterion_table(directory: pathlib.Path) -> str:
    rows = []
    for path in sorted(directory.glob("*/*/*/new/estimates.json")):
        benchmark = json.loads((path.parent / "benchmark.json").read_text())
        estimates = json.loads(path.read_text())
        median, spread = estimates["median"], estimates["median_abs_dev"]["point_estimate"]
        interval = median["confidence_interval"]
        name = [benchmark["group_id"], benchmark["function_id"], benchmark["value_str"]]
        rows.append([*name, number(median["point_estimate"]), f"{number(spread)}",
                     f"{number(interval['lower_bound'])} to {number(interval['upper_bound'])}"])
    return table(["group", "what", "streams or conditions", "ns a packet", "median deviation", "95 % confidence"], rows)


def processors() -> str:
    names = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return f"{len(names)} × {names[0] if names else platform.processor()}"


def memory() -> str:
    return f"{int(open('/proc/meminfo').readline().split()[1]) >> 20} GiB"


def machine() -> str:
    rustc = subprocess.run(["rustc", "--version"], capture_output=True, text=True).stdout.strip()
    gcc = subprocess.run(["gcc", "--version"], capture_output=True, text=True).stdout.splitlines()[0]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    huge = pathlib.Path("/sys/kernel/mm/transparent_hugepage/enabled")
    rows = [
        ["processor", processors()],
        ["memory", f"{memory()}; huge pages: {huge.read_text().strip() if huge.exists() else 'unknown'}"],
        ["kernel", platform.release()],
        ["compilers", f"{rustc}; {gcc}"],
        ["commit", commit or "unknown"],
        ["load average at the end", " ".join(f"{load:.2f}" for load in os.getloadavg())],
    ]
    return table(["machine", ""], rows)


def write_plots(figures: list[dict], out: pathlib.Path) -> str:
    for figure in figures:
        for curve in figure["curves"]:
            PLOTS[curve["plot"]].add(curve["name"], curve["points"])
    text = ""
    for name, plot in PLOTS.items():
        if plot.curves:
            (out / f"{name}.svg").write_text(plot.svg())
            text += f"![{plot.title}]({name}.svg)\n\n"
    return text


def criterion_directory() -> pathlib.Path:
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", "target")) / "criterion"


PAGE = pathlib.Path("docs/performance.md")
BEGIN, END = "<!-- performance: make bench -->\n", "<!-- end of performance -->\n"


def update_page(promised: list[dict]) -> None:
    """The page on performance: the promises, as just measured."""
    rows = []
    for figure in promised:
        limit, verdict = bar_of(figure)
        if limit:
            rows.append([figure["name"], f"{number(figure['measured'])} {figure['unit']}", limit, verdict])
    begin, rest = PAGE.read_text().split(BEGIN)
    _, end = rest.split(END)
    kind = f"{processors()}, {memory()}, Linux {platform.release().split('-')[0]}"
    measured = f"`make bench` on {kind}:\n\n" + table(["what", "measured", "bar", ""], rows)
    PAGE.write_text(f"{begin}{BEGIN}{measured}{END}{end}")


def main() -> int:
    out = pathlib.Path(sys.argv[1])
    gate, scale = (read_figures(out / f"{name}.jsonl") for name in ("gate", "scale"))
    if not gate or not scale:
        print("bench_report: a bench left no figures", file=sys.stderr)
        return 1
    promised = gate + [figure for figure in scale if figure["name"] not in {f["name"] for f in gate}]
    text = f"# What was measured\n\n{machine()}\n{METHOD}\n"
    text += f"## The promises\n\n{bars_table(promised)}\n"
    text += f"## With many streams\n\n{figures_table(scale)}\n"
    text += write_plots(scale, out)
    text += f"## Recording, in nanoseconds (criterion)\n\n{criterion_table(criterion_directory())}"
    (out / "report.md").write_text(text)
    if sys.argv[2:] == ["--page"]:
        update_page(promised)
    return 0


if __name__ == "__main__":
    sys.exit(main())
