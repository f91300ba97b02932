"""The page on the site's own server, and an engine that decides."""
import contextlib

import real
from chromium import Tab
from stage import BUTTONS, SHOWN, TOKEN, unlock


@contextlib.contextmanager
def page(browser, streams, every_ms, losses=False):
    real.build()
    host = real.RealHost(streams, every_ms, TOKEN)
    tab = None
    try:
        tab = Tab(browser, host.url)
        tab.until("list.total > 0 && api.connected")
        yield host, tab
        elsewhere = [url for url in tab.requested if not url.startswith((host.url, "data:"))]
        assert not elsewhere, f"asked elsewhere: {elsewhere}"
        assert losses or not tab.problems, tab.problems
    finally:
        if tab:
            tab.close()
        host.close()


def test_real_failovers_are_seen_as_they_come(browser):
    with page(browser, 12, 300) as (_, tab):
        tab.until("news.lines.some((line) => line.kind === 'switched')")
        tab.until("list.entries.some((entry) => entry.trouble === 3)")
        tab.until("list.entries[0].why.startsWith('switched to input')", "those in trouble are first")
        # The first stream's id is HTML, and so is the text of its errors.
        tab.js("openStream('<b>bold</b> & \"quoted\"')")
        tab.until("document.querySelector('#switches td:nth-child(3)')?.textContent.includes('<script>alert(1)</script>')")
        assert tab.js("document.querySelectorAll('.row b b, #side b b, #journal b').length") == 0
        assert "secret" not in tab.text() and "srt://***@primary.example" in tab.text()
        tab.until("document.querySelector('#wide-time').getAttribute('aria-label').includes('on air input')")
        tab.until("(historyOf(details_of(side.stream)).spark?.inputs['1'] ?? []).some((kbps) => kbps > 1000)",
                  "bitrates are sampled")
        tab.js("openStream('Zürich/Studio 1?#%2f')")
        tab.until("document.querySelector('#switches tbody tr')")
        assert tab.js("list.total") == 12
        assert tab.js("document.querySelector('#troubles .total').textContent") == "12 streams"


def test_real_switch_by_hand(browser):
    with page(browser, 3, 3_600_000) as (_, tab):
        unlock(tab)
        tab.until("api.token !== null")
        tab.js("openStream('channel-00002')")
        tab.until(f"{BUTTONS}.filter((name) => name === 'Put on air').length === 2")
        tab.click("Put on air")
        tab.js("document.querySelector('#lasts').value = '300'")
        tab.click(".danger")
        tab.until("document.querySelector('#side').innerText.includes('input 1 chosen by hand until')")
        tab.until("news.lines.some((line) => line.text.startsWith('input 0 → 1: by hand'))")
        tab.click("End the choice by hand")
        tab.click(".danger")
        tab.until("details_of('channel-00002').status.override_input_priority === undefined")


def test_real_restart(browser):
    with page(browser, 5, 3_600_000, losses=True) as (host, tab):
        host.stop()
        tab.until("document.querySelector('#outage').innerText.startsWith('No answer from the host since')")
        assert tab.js(f"{SHOWN}.length") == 5
        host.start()
        tab.until("document.querySelector('#outage').hidden && api.connected")
        tab.until("news.lines.some((line) => line.kind === 'restart')")


def test_real_search_in_thousands(browser):
    with page(browser, 3000, 50) as (_, tab):
        tab.key("/")
        tab.type("00042")
        tab.until(f"String({SHOWN}) === 'channel-00042'")
        tab.key("Escape")
        tab.until("list.total === 3000")
        assert tab.js("document.querySelectorAll('*').length") < 600
