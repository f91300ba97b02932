"""The panel of a stream, the host that restarts, and what a screen reader has."""
import re
import time

import world
from stage import SHOWN, loaded, page, wait_until


def test_the_panel_says_what_failed_when_why_and_how_long(browser):
    with page(browser) as (host, tab):
        loaded(tab)
        tab.js("openStream('news')")
        tab.until("document.querySelector('#switches tbody tr')")
        text = tab.js("document.querySelector('#side').innerText")
        for words in ("on input 1, not its best", "dark for 2 s in 2 times",
                      "held for", "until", "0 → 1", "timeout: no packet for 1000.4 ms", "noticed after 1 s", "viewers without",
                      "srt://encoder-0-1.example:9000", "7.43 Mbit/s"):
            assert words in text, f"{words!r} is missing in {text}"
        assert re.search(r"dark since \d\d:\d\d:\d\d for 1 s\n", text), text
        tab.js("openStream('sport/main')")
        tab.until("/dark for 1 min \\d+ s/.test(document.querySelector('#sum').innerText)")
        assert "%2Fmain" in tab.js("location.hash")
        assert any(path == "/api/streams/sport%2Fmain" for _, path, _ in host.requests)


def test_the_panel_keeps_up_and_keeps_the_focus(browser):
    with page(browser, losses=True) as (host, tab):
        loaded(tab)
        tab.js("openStream('opera')")
        tab.until("document.querySelector('#wide-time').getAttribute('role') === 'img'")
        tab.js("document.querySelector('#wide-time').focus()")
        host.switch("opera", 1, "timeout")
        tab.until("document.querySelectorAll('#switches tbody tr').length === 1")
        assert tab.js("document.activeElement.id") == "wide-time"
        tab.key("ArrowLeft")
        tab.until("document.querySelector('#wide-time').getAttribute('aria-valuetext').includes('timeout')")
        del host.streams["opera"]
        host.tell("unregistered", stream="opera")
        tab.until("document.querySelector('#why').innerText === 'There is no such stream (any more).'")
        tab.until(f"{SHOWN}.length === 2")


def test_the_address_opens_a_stream(browser):
    with page(browser) as (host, tab):
        tab.call("Page.navigate", url=host.url + "#stream=sport%2Fmain")
        tab.until("document.querySelector('#side h2 .id')?.textContent === 'sport/main'")


def test_a_restart_is_said_and_comes_back(browser):
    with page(browser, losses=True) as (host, tab):
        loaded(tab)
        host.tell("recovered", stream="opera", priority=0)
        tab.until("api.lastEvent === '1'")
        host.stop()
        tab.until("document.querySelector('#outage').innerText.startsWith('No answer from the host since')")
        assert tab.js(SHOWN) == ["sport/main", "news", "opera"], "the last picture stays"
        tab.until("getComputedStyle(document.querySelector('main')).filter === 'grayscale(1)'")
        stopped = tab.js("now()")
        time.sleep(0.05)
        assert tab.js("now()") == stopped, "time stands still"
        del host.streams["news"]
        host.start()
        tab.until("document.querySelector('#outage').hidden && !document.body.classList.contains('lost')", "it comes back")
        tab.until(f"{SHOWN}.length === 2")
        tab.until("document.querySelector('#latest').innerText.includes('The host has restarted')")
        # The new engine counts its events anew.
        host.switch("opera", 1, "timeout")
        tab.until("news.lines.some((line) => line.kind === 'switched' && line.stream === 'opera')")


def test_a_lost_connection_goes_on_where_it_ended(browser):
    with page(browser, losses=True) as (host, tab):
        loaded(tab)
        host.tell("recovered", stream="news", priority=0)
        tab.until("api.lastEvent === '1'")
        started, events = host.started, host.events
        host.stop()
        tab.until("document.body.classList.contains('lost')")
        host.start()
        host.started, host.events = started, events
        host.switch("opera", 1, "frozen")
        tab.until("news.lines.some((line) => line.kind === 'switched' && line.stream === 'opera')", "what it missed")
        assert tab.js("news.lines.filter((line) => line.kind === 'recovered').length") == 1, "nothing twice"
        assert not tab.js("news.lines.some((line) => line.kind === 'restart')")


def test_an_engine_that_has_ended_is_said(browser):
    outage = "document.querySelector('#outage').innerText"
    with page(browser, losses=True) as (host, tab):
        loaded(tab)
        host.die()
        tab.until(f"{outage}.startsWith('The engine has ended by a bug: nothing is decided any more')")
        asked = sum(path == "/api/events" for _, path, _ in host.requests)
        wait_until(lambda: sum(path == "/api/events" for _, path, _ in host.requests) >= asked + 3)
        assert tab.js(f"{outage}.startsWith('The engine has ended')"), "it stays, whatever is tried"
        assert not tab.js("document.body.classList.contains('lost')"), "the host is there"
        assert tab.js(SHOWN) == ["sport/main", "news", "opera"], "as is its last picture"
        tab.until("getComputedStyle(document.querySelector('main')).filter === 'grayscale(1)'")
        host.stop()
        tab.until(f"{outage}.startsWith('No answer from the host since')")
        host.start()
        tab.until("document.querySelector('#outage').hidden && document.body.className === ''", "another one decides")


def test_what_a_shadow_decides_otherwise_is_in_the_panel(browser):
    streams = world.three()
    at = time.time() - 200
    streams[0].shadow = [
        {"what": "switched from 0 to 1 (timeout)", "recorded": world.rfc3339(at), "otherwise": world.rfc3339(at - 1.7), "false": False},
        {"what": "input 0 recovered", "recorded": world.rfc3339(at + 1), "otherwise": None, "false": False},
        {"what": "switched from 1 to 0 (timeout)", "recorded": None, "otherwise": world.rfc3339(at + 2), "false": True},
    ]
    with page(browser, streams) as (_, tab):
        loaded(tab)
        tab.js("openStream('opera')")
        tab.until("document.querySelector('#inputs li')")
        assert tab.js("document.querySelector('#shadow').hidden"), "it has none"
        tab.js("openStream('news')")
        tab.until("document.querySelector('#shadow li')")
        said = tab.js("[...document.querySelectorAll('#shadow li')].map((line) => line.innerText.slice(9))")
        assert said == [
            "switched from 1 to 0 (timeout), by the shadow alone, away from an input that went on delivering",
            "not input 0 recovered",
            "switched from 0 to 1 (timeout), 1.70 s earlier",
        ], said


def test_whatever_has_a_role_has_a_name(browser):
    roles = {"button", "searchbox", "textbox", "grid", "row", "slider", "img", "image", "dialog", "complementary", "toolbar",
             "navigation", "table", "combobox", "group", "list"}
    with page(browser) as (_, tab):
        loaded(tab)
        tab.js("openStream('news')")
        tab.until("document.querySelector('#switches tbody tr')")
        tree = tab.tree()
        # Rows of tables have none: their cells do.
        anonymous = [role for role, name in tree if role in roles - {"table"} and not name.strip()]
        assert anonymous == ["row"] * tab.js("document.querySelectorAll('tr').length"), anonymous
        names = {role: [name for other, name in tree if other == role] for role in roles}
        assert names["grid"] == ["Streams, those in trouble first"]
        assert any(name.startswith("down: sport/main") for name in names["row"]), names["row"]
        pictures = names["img"] + names["image"]
        assert any("on air input 0 for" in name and "2 switches" not in name for name in pictures), pictures
        assert any("3 switches, the last at" in name for name in names["slider"]), names["slider"]
