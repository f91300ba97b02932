#!/usr/bin/env python3
"""What `cargo cinstall` is told in Cargo.toml says what `make install` does. Usage: metadata.py ROOT
prints the files cargo-c would install, relative to the prefix, a line each, and fails if the metadata is
not what this was written for."""

import pathlib
import sys
import tomllib

root = pathlib.Path(sys.argv[1])
cargo = tomllib.loads((root / "Cargo.toml").read_text())
package, capi = cargo["package"], cargo["package"]["metadata"]["capi"]
assert "capi" in cargo["features"], "cargo-c turns on the feature capi"
assert "-z,nodelete" in capi["library"]["rustflags"]
# The checked-in headers, not ones that cbindgen makes without tests/generated; not in a directory of
# their own.
assert capi["header"] == {"subdirectory": False, "generation": False}
# cargo-c's own rules from here on.
version = package["version"]
major, minor, _ = version.split(".")
suffix = f"{major}.{minor}" if major == "0" else major
library = f"lib{package['name']}"
files = {f"lib/{library}.a", f"lib/{library}.so", f"lib/{library}.so.{suffix}", f"lib/{library}.so.{version}",
         f"lib/pkgconfig/{package['name']}.pc"}
for asset in capi["install"]["include"]["asset"]:
    assert set(asset) == {"from"}
    files |= {f"include/{path.name}" for path in root.glob(asset["from"])}
print("\n".join(sorted(files)))
