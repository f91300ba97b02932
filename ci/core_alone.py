"""Lays out the core and its tests as one crate without the rest of the library, so that a change of the core is
built and tried soon. See ci/verify-mutants."""
import pathlib
import re
import shutil

# What the core consists of and uses.
MODULES = ["core", "poison", "print", "units", "user_data", "vocabulary"]
# Tests that become modules of the crate.
TESTS = {"tests/core": "core_tests", "tests/reference": "reference_tests"}
LIB_RS = """\
//! The core and its tests, laid out by ci/core_alone.py.
// The engine uses what seems to be unused here.
#![allow(dead_code, missing_docs, unreachable_patterns, unused_imports)]

{items}
// Tests call it by its name.
#[cfg(test)]
extern crate self as changeover;
{tests}"""
# Those that need the engine: what they say of the core, the tests of the whole library do.
LEFT_OUT = ["rule_24_explained"]
# Needed by other tests and slow to build.
NOT_NEEDED = ["arbitrary", "base64", "cbindgen", "criterion", "hashbrown", "hdrhistogram", "sha2", "tokio"]


def manifest(text: str) -> str:
    """Cargo.toml without targets, and quickly built."""
    # Its tests are modules.
    text = text.replace("[package]\n", "[package]\nautotests = false\n", 1)
    text = re.sub(r"^\[\[\w+\]\]\n(?:[^\[\n].*\n)*\n*", "", text, flags=re.MULTILINE)
    before, dev = text.split("[dev-dependencies]\n")
    dev, after = dev.split("\n\n", 1)
    dev = "\n".join(line for line in dev.splitlines() if line.split(" ")[0] not in NOT_NEEDED)
    # Without documentation's examples the crate is built once, not twice. Optimised a little, the tests take a tenth
    # of the time.
    profile = "[lib]\ndoctest = false\n\n[profile.test]\ndebug = false\nopt-level = 1\n"
    return f"[workspace]\n\n{before}[dev-dependencies]\n{dev}\n\n{profile}\n{after}"


def lib_rs(text: str) -> str:
    """src/lib.rs without the other modules and what is exported of them; and with the tests."""
    kept = "|".join(MODULES)
    items = re.findall(r"^(?:#\[.*\]\n)*(?:pub )?(?:mod|use) [^;]+;\n", text, flags=re.MULTILINE)
    items = [item for item in items if re.search(rf"^(?:pub )?(?:mod|use) (?:crate::)?(?:{kept})\b", item, flags=re.MULTILINE)]
    tests = [f'#[cfg(test)]\n#[path = "../{folder}/main.rs"]\nmod {name};\n' for folder, name in TESTS.items()]
    return LIB_RS.format(items="".join(items), tests="".join(tests))


def write(path: pathlib.Path, text: str) -> None:
    """What is the same already is not built anew."""
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def lay_out(root: pathlib.Path, tree: pathlib.Path) -> None:
    wanted = {tree / "Cargo.toml", tree / "Cargo.lock", tree / "src/lib.rs"}
    write(tree / "Cargo.toml", manifest((root / "Cargo.toml").read_text()))
    # Cargo takes out of it what is not needed.
    if not (tree / "Cargo.lock").exists():
        tree.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / "Cargo.lock", tree)
    write(tree / "src/lib.rs", lib_rs((root / "src/lib.rs").read_text()))
    modules = [f"src/{name}" if (root / "src" / name).is_dir() else f"src/{name}.rs" for name in MODULES]
    for source in [*modules, *TESTS]:
        path = root / source
        for file in [path] if path.is_file() else path.rglob("*"):
            if not file.is_file():
                continue
            text = file.read_text()
            if source in TESTS and file.suffix == ".rs":
                # Its own root is a module here.
                text = re.sub(r"(?<!\$)\bcrate::", f"crate::{TESTS[source]}::", text)
                text = re.sub(rf"^mod (?:{'|'.join(LEFT_OUT)});\n", "", text, flags=re.MULTILINE)
            wanted.add(tree / file.relative_to(root))
            write(tree / file.relative_to(root), text)
    for folder in ["src", "tests"]:
        for file in (tree / folder).rglob("*"):
            if file.is_file() and file not in wanted:
                file.unlink()
