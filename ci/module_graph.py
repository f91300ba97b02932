#!/usr/bin/env python3
"""Which file of src/ uses which, and whether it may.

Usage: ci/module_graph.py [--check] [SRC]

Prints the files of each layer by floors: a file uses only files on floors below its own. What a file
names is what it uses, in `use` or in a path, followed through re-exports to the file that defines it.
(Method calls name nothing, but who calls a method has mostly named the type.) With --check, fails on
 - a circle among files. A child may name what its parent module defines, and a parent's `mod` and
   `pub use` lines may name its children: neither is an arrow here;
 - an arrow between layers that MAY_USE does not allow.
"""
import re
import sys
from pathlib import Path

# ffi, serve → site → metrics → engine → hot, whatif → trace → core → vocabulary, units. Whatever has locks uses poison, whatever prints print.
MAY_USE = {
    "ffi": {"serve", "site", "metrics", "engine", "whatif", "trace", "hot", "core", "loss", "vocabulary", "user_data", "poison", "print", "units"},
    "serve": {"site", "engine", "hot", "vocabulary"},
    "site": {"metrics", "engine", "hot", "core", "vocabulary", "poison", "print", "units"},
    "metrics": {"engine", "core", "vocabulary", "units"},
    "engine": {"whatif", "trace", "hot", "core", "vocabulary", "user_data", "poison", "print", "units"},
    "whatif": {"trace", "core", "vocabulary", "print", "units"},
    "trace": {"core", "vocabulary", "print", "units"},
    "core": {"vocabulary", "user_data", "print", "units"},
    "hot": {"vocabulary", "poison", "units"},
    "loss": set(),
    "vocabulary": set(),
    "user_data": {"poison"},
    "poison": set(),
    "print": set(),
    "units": set(),
}

# Comments, strings and characters, less lifetimes.
NOT_CODE = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | b?r(\#*)".*?"\1 | b?"(?:\\.|[^"\\])*" | b?'(?:\\[^\n]{1,8}?|[^'\\\n])'""",
    re.S | re.X,
)
USE = re.compile(r"(?P<public>pub(?:\([^)]*\))?\s+)?\buse\s+(?P<tree>[^;]+);")
PATH = re.compile(r"(?<![\w:.])[A-Za-z_]\w*(?:\s*::\s*[A-Za-z_]\w*)+")
DEFINES = re.compile(r"\b(?:fn|struct|enum|union|trait|type|const|static(?:\s+mut)?|macro_rules!)\s+([A-Za-z_]\w*)")
INLINE_MODULE = re.compile(r"\bmod\s+\w+\s*\{")


def split(path):
    return tuple(re.findall(r"\w+|\*", path))


def imports(tree, prefix=()):
    """Of `a::{b, c as d}`: ((a, b), "b") and ((a, c), "d")."""
    if "{" not in tree:
        path, _, alias = (part.strip() for part in tree.partition(" as "))
        segments = prefix + split(path)
        segments = segments[:-1] if segments[-1] == "self" and len(segments) > 1 else segments
        yield segments, alias or segments[-1]
        return
    head, group = tree.split("{", 1)
    depth = start = 0
    group = group[: group.rindex("}")] + ","
    for at, character in enumerate(group):
        depth += (character == "{") - (character == "}")
        if character == "," and depth == 0:
            if group[start:at].strip():
                yield from imports(group[start:at], prefix + split(head))
            start = at + 1


def inline_modules(code):
    for match in INLINE_MODULE.finditer(code):
        depth, at = 1, match.end()
        while depth:
            depth += (code[at] == "{") - (code[at] == "}")
            at += 1
        yield range(match.start(), at)


class Module:
    def __init__(self, path, name, text):
        self.path, self.name = path, name
        self.children, self.imported, self.globs = {}, {}, []
        code = NOT_CODE.sub(" ", text)
        self.inline = list(inline_modules(code))
        self.defined = set(DEFINES.findall(code))
        self.named = []
        for use in USE.finditer(code):
            for segments, name in imports(use["tree"]):
                segments = self.from_file(use.start(), segments)
                if name == "*":
                    self.globs.append(segments[:-1])
                else:
                    self.imported.setdefault(name, segments)
                if not use["public"]:
                    self.named.append(segments)
        code = USE.sub(lambda use: " " * len(use[0]), code)
        self.named += [self.from_file(path.start(), split(path[0])) for path in PATH.finditer(code)]

    def from_file(self, at, segments):
        """A path as it reads outside of `mod tests { }`: what counts is the file."""
        if segments[0] == "super" and any(at in inline for inline in self.inline):
            return segments[1:] if segments[1] == "super" else ("self", *segments[1:])
        return segments


class Crate:
    def __init__(self, source):
        self.modules = {}
        for file in sorted(source.rglob("*.rs")):
            name = file.relative_to(source)
            if name.parts[0] == "bin":  # A crate of its own: it can't but use what is public.
                continue
            path = name.parent.parts if name.stem in ("mod", "lib") else name.with_suffix("").parts
            self.modules[path] = Module(path, str(name), file.read_text())
        for path, module in self.modules.items():
            if path:
                self.modules[path[:-1]].children[path[-1]] = module

    def defining(self, module, segments, unknown=None, seen=frozenset()):
        """The module that defines what `segments` names in `module`, None if another crate does."""
        if not segments or segments[0] == "*":
            return module
        if (module, segments) in seen:
            return None
        seen |= {(module, segments)}
        head, rest = segments[0], segments[1:]
        if head == "crate":
            return self.defining(self.modules[()], rest, self.modules[()], seen)
        if head == "self":
            return self.defining(module, rest, module, seen)
        if head == "super":
            parent = self.modules[module.path[:-1]]
            return self.defining(parent, rest, parent, seen)
        if head in module.children:
            child = module.children[head]
            return self.defining(child, rest, child, seen)
        if head in module.defined:
            return module
        if head in module.imported:
            return self.defining(module, module.imported[head] + rest, None, seen)
        for glob in module.globs:
            of = self.defining(module, glob, None, seen)
            if of and head in {*of.children, *of.defined, *of.imported}:
                return self.defining(of, segments, None, seen)
        # Reached by a path of ours, and yet not seen there: a macro has made it.
        return unknown

    def arrows(self):
        arrows = {module.name: set() for module in self.modules.values()}
        for module in self.modules.values():
            parent = self.modules[module.path[:-1]]
            used = {self.defining(module, segments) for segments in module.named}
            arrows[module.name] = {of.name for of in used - {None, module, parent}}
        return arrows


def circles(arrows):
    """The sets of files that all use one another, directly or not."""
    reached = {}
    for start in arrows:
        reached[start], todo = set(), [start]
        while todo:
            new = arrows[todo.pop()] - reached[start]
            reached[start] |= new
            todo += new
    return sorted({tuple(b for b in sorted(arrows) if b in reached[a] and a in reached[b]) for a in arrows} - {()})


def layer(file):
    return file.split("/")[0].removesuffix(".rs")


def main():
    paths = [argument for argument in sys.argv[1:] if argument != "--check"]
    arrows = Crate(Path(paths[0]) if paths else Path(__file__).parent.parent / "src").arrows()
    del arrows["lib.rs"]
    knots = circles(arrows)
    wrong = ["a circle: " + ", ".join(knot) for knot in knots]
    floors = {}

    def floor(file):
        if file not in floors:
            knot = next((knot for knot in knots if file in knot), (file,))
            below = {b for a in knot for b in arrows[a] if layer(b) == layer(file)} - set(knot)
            floors[file] = 1 + max(map(floor, below), default=-1)
        return floors[file]

    for name in sorted(set(map(layer, arrows)), key=[*MAY_USE, *map(layer, arrows)].index):
        files = sorted((file for file in arrows if layer(file) == name), key=lambda file: (-floor(file), file))
        print(f"{name}: {len(files)} files on {1 + floor(files[0])} floors")
        for file in files:
            own = sorted(b.removeprefix(name + "/") for b in arrows[file] if layer(b) == name)
            others = sorted(b for b in arrows[file] if layer(b) != name)
            print(f"  {floor(file)}  {file.removeprefix(name + '/'):20} → {' '.join(own + others) or '-'}")
            wrong += [f"{file} uses {b}" for b in others if layer(b) not in MAY_USE.get(name, ())]
    print(f"module graph: {len(arrows)} files, {sum(map(len, arrows.values()))} arrows, {len(wrong)} wrong", flush=True)
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
    sys.exit(bool("--check" in sys.argv and wrong))


main()
