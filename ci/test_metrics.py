"""Reads scrapes with Prometheus's own parser, and compares them with the tables of the documentation.

Usage: test_metrics.py DOCUMENT SHORT EACH: a scrape of the engine alone, and one with each stream and input.
"""
import math
import re
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

PREFIX = "changeover_"
# Of each row: the name, its labels, its type.
ROW = re.compile(r"^\| `(?P<name>\w+)(?:\{(?P<labels>[\w,]+)\})?` \| (?P<type>\w+) \|", re.M)
# How the documentation names a family: by its only sample, or by itself.
SUFFIX = {"counter": "_total", "info": "_info"}
failed = passed = 0


def check(what, holds):
    global failed, passed
    passed += bool(holds)
    failed += not holds
    if not holds:
        print(f"FAILED: {what}", file=sys.stderr)


def documented(path):
    """Names and types of each chapter's table: of the engine, of a shadow, of streams, of inputs."""
    text = open(path, encoding="utf-8").read()
    titles = ("### The engine", "## A shadow", "### Each stream", "### Each input")
    chapters = [text.split(f"\n{title}\n")[1].split("\n#")[0] for title in titles]
    own_labels = [set(), set(), {"stream"}, {"stream", "input"}]
    rows = {}
    for chapter, own in zip(chapters, own_labels):
        for row in ROW.finditer(chapter):
            labels = set(filter(None, (row["labels"] or "").split(","))) | own
            rows[row["name"]] = (row["type"], labels, bool(own))
    return rows


def families(path):
    return {family.name: family for family in text_string_to_metric_families(open(path, encoding="utf-8").read())}


def name_in_docs(family):
    return family.name.removeprefix(PREFIX) + SUFFIX.get(family.type, "")


document, short_path, each_path = sys.argv[1:]
rows = documented(document)
short, each = families(short_path), families(each_path)
check("a document with tables", len(rows) > 30)
check("the short scrape has the engine's rows", {name_in_docs(f) for f in short.values()} == {n for n, r in rows.items() if not r[2]})
check("the other has all rows", {name_in_docs(f) for f in each.values()} == set(rows))
for family in each.values():
    name = name_in_docs(family)
    kind, labels, _ = rows.get(name, (None, None, None))
    check(f"{family.name} begins with the prefix", family.name.startswith(PREFIX))
    check(f"{family.name} is a {kind}", family.type == kind)
    check(f"{family.name} says what it is", len(family.documentation) > 5)
    check(f"{family.name} ends with its unit", not family.unit or family.name.endswith("_" + family.unit))
    check(f"{family.name} has series", family.samples)
    for sample in family.samples:
        found = set(sample.labels) - {"le"}
        check(f"{sample.name} has the labels {labels}, not {found}", found == labels)
        check(f"{sample.name} is a number", math.isfinite(sample.value))
        if family.type in ("counter", "histogram"):
            check(f"{sample.name} is not negative", sample.value >= 0)
ids = {sample.labels["stream"] for sample in each["changeover_stream_active_input"].samples}
expected = {"news", 'sports "live"', "back\\slash", "two\nlines", "Żółć"}
check(f"the ids come back as they were: {ids}", ids == expected)
conditions = each["changeover_input_impaired"].samples
check("the condition is there", [s.labels["condition"] for s in conditions] == ["frozen"])
text = open(each_path, encoding="utf-8").read()
check("no secret and no URL", "passphrase" not in text and "://" not in text)
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
