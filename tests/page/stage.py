"""What each test stands on: a host, the page open on it, and what is to be true at the end of any test."""
import contextlib
import time

import fake
import world
from chromium import PATIENCE, Tab

TOKEN = "open-sesame-please"
# The streams that are shown, top down.
ROWS = "[...document.querySelectorAll('.row:not([hidden])')].sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)"
SHOWN = f"{ROWS}.map((row) => row.querySelector('.id').textContent)"

# What can be pressed in the panel.
BUTTONS = "[...document.querySelectorAll('#side button:not(.close)')].map((button) => button.textContent)"


@contextlib.contextmanager
def page(browser, streams=None, token=TOKEN, reads_need_token=False, losses=False, **tab):
    """(host, tab). With `losses` the page may meet failed requests."""
    host = fake.Host(world.three() if streams is None else streams, token, reads_need_token)
    shown = Tab(browser, host.url, **tab)
    try:
        yield host, shown
        elsewhere = [url for url in shown.requested if not url.startswith((host.url, "data:"))]
        assert not elsewhere, f"asked elsewhere: {elsewhere}"
        leaked = [url for url in shown.requested if TOKEN in url]
        assert not leaked, f"the token is in {leaked}"
        problems = [problem for problem in shown.problems if not (losses and "Failed to load resource" in problem)]
        assert not problems, f"the console says {problems}"
    finally:
        shown.close()
        host.stop()


def wait_until(is_so):
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, "never"
        time.sleep(0.02)


def row(stream):
    """JavaScript for the text of a stream's row."""
    return f"(list.rows.find((row) => row.stream === {stream!r})?.node.innerText ?? '')"


def loaded(tab):
    """Waits until all rows in sight are drawn with their history."""
    tab.until("list.total > 0 && streamsInSight().length > 0 && streamsInSight().every((stream) => details_of(stream))",
              "all rows have their details")


def place_of_switch(tab, stream, nth=-1):
    """Where on the screen a switch of a stream's timeline is."""
    return tab.js(f"""(() => {{
        const row = list.rows.find((one) => one.stream === {stream!r});
        const box = row.canvas.getBoundingClientRect();
        const made = shownSwitches(details_of(row.stream)).at({nth});
        return [box.left + box.width * (1 + (made.when - now()) / WINDOW), box.top + 25];
    }})()""")


def unlock(tab, token=TOKEN):
    tab.click("#unlock")
    tab.until("document.activeElement.id === 'token'")
    tab.type(token)
    tab.key("Enter")
