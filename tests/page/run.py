#!/usr/bin/env python3
"""The page in a real Chromium, against a host made up for it, which does as it is told, and a real one.

Usage: run.py [NAME…]: the tests whose names contain one of these.
"""
import sys
import traceback

import chromium
import test_list
import test_panel
import test_real
import test_safety

MODULES = (test_list, test_panel, test_safety, test_real)


def main():
    tests = [(name, test) for module in MODULES for name, test in vars(module).items() if name.startswith("test_")]
    wanted = [(name, test) for name, test in tests if not sys.argv[1:] or any(word in name for word in sys.argv[1:])]
    failed = 0
    browser = chromium.Browser()
    try:
        for name, test in wanted:
            try:
                test(browser)
                print("ok  ", name, flush=True)
            except Exception:
                failed += 1
                print("FAIL", name, flush=True)
                traceback.print_exc()
    finally:
        browser.close()
    print(f"the page: {len(wanted) - failed} passed, {failed} failed")
    sys.exit(failed > 0 or not wanted)


if __name__ == "__main__":
    main()
