#!/usr/bin/env python3
"""Tests of ffmpeg-ingest: real inputs, real outputs, most of them under AddressSanitizer and UndefinedBehaviorSanitizer.

Each test is a function in one of the files tests_*.py; what it waits for, it polls with a deadline. Ends with "N passed, N
failed". `test.py NAME…` runs only tests whose names contain one of these.
"""

import importlib
import sys
import tempfile
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench import TESTS, Bench, make_media

for module in ("tests_inputs", "tests_health", "tests_tracks", "tests_output", "tests_host"):
    importlib.import_module(module)


def run(function, media, lock):
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        bench = Bench(media, Path(directory))
        try:
            function(bench)
            failure = None
        except Exception as error:
            failure = "".join(traceback.format_exception(error)) + "".join(f"--- {i.log_path.name}\n{i.log()}" for i in bench.ingests)
        finally:
            bench.close()
    with lock:
        print(f"{'ok    ' if not failure else 'FAILED'} {function.__name__} ({time.monotonic() - began:.1f} s)", flush=True)
        if failure:
            print(failure, flush=True)
    return not failure


def main():
    wanted = [t for t in TESTS if not sys.argv[1:] or any(name in t.__name__ for name in sys.argv[1:])]
    lock = threading.Lock()
    with tempfile.TemporaryDirectory() as media:
        make_media(Path(media))
        with ThreadPoolExecutor(6) as pool:
            results = list(pool.map(lambda t: run(t, Path(media), lock), wanted))
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
