"""The example host that makes its sources up, examples/page.rs, with the site's own server."""
import functools
import os
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@functools.cache
def build():
    subprocess.run(["cargo", "build", "--quiet", "--features", "serve", "--example", "page"], cwd=ROOT, check=True)


class RealHost:
    """Serves from the moment it is made; `stop` and `start` are a restart, at the same address."""

    def __init__(self, streams, every_ms, token):
        self.arguments = ["--streams", str(streams), "--every", str(every_ms)]
        self.address = "127.0.0.1:0"
        with tempfile.NamedTemporaryFile("w", delete=False) as file:
            file.write(token)
        self.token_file = file.name
        self.start()

    def start(self):
        program = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "examples" / "page"
        self.process = subprocess.Popen(
            [program, *self.arguments, "--http", self.address, "--token-file", self.token_file],
            stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        self.address = self.url.removeprefix("http://").rstrip("/")

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def close(self):
        self.stop()
        os.unlink(self.token_file)
