"""Who may do what, and that nothing from outside is more than text."""
import time

import world
from stage import BUTTONS, SHOWN, TOKEN, loaded, page, unlock

DIALOG = "(document.querySelector('dialog').open ? document.querySelector('dialog').innerText : '')"


def posts(host):
    return [(path, sent) for method, path, sent in host.requests if method == "POST"]


def test_html_is_text(browser):
    evil = '<img src=x onerror="globalThis.hurt=1"><b class=evil>&amp;\'"'
    now = time.time()
    stream = world.Stream(evil, 0, 2, now)
    stream.url = [evil, evil]
    stream.switch(1, evil, now - 5, detail=evil, passed_over=evil)
    stream.set(1, "active", now, conditions=[evil])
    with page(browser, [stream]) as (host, tab):
        loaded(tab)
        host.tell("switched", stream=evil, priority=1, **{"from": 0}, reason=evil, detail=evil)
        host.tell("bug", stream=evil, detail=evil)
        tab.until("document.querySelector('#latest').textContent.includes('ended by a bug')")
        tab.js(f"openStream(list.entries[0].stream)")
        tab.until("document.querySelector('#switches tbody tr')")
        tab.js("openJournal()")
        tab.until("document.querySelectorAll('#journal li').length === 2")
        tab.js("openStream(list.entries[0].stream)")
        tab.until("document.querySelector('#side h2 .id')")
        assert tab.js("document.querySelector('#side h2 .id').textContent") == evil
        assert tab.js("document.querySelector('#inputs code').textContent") == evil
        assert tab.js("document.querySelectorAll('img, .evil').length") == 0
        assert tab.js("globalThis.hurt") is None


def test_without_a_token_there_is_nothing_to_press(browser):
    with page(browser, token=None) as (host, tab):
        loaded(tab)
        tab.js("openStream('news')")
        tab.until("document.querySelector('#switches tbody tr')")
        assert tab.js(BUTTONS) == []
        assert tab.js("document.querySelector('#unlock').hidden"), "nobody has a token for this host"
        tab.key("t")
        assert not tab.js("document.querySelector('dialog').open")
    with page(browser, losses=True) as (host, tab):
        loaded(tab)
        tab.js("openStream('news')")
        tab.until("document.querySelector('#switches tbody tr')")
        assert tab.js(BUTTONS) == []
        unlock(tab, "not-the-token-at-all")
        tab.until(f"{DIALOG}.includes('does not take this token')")
        assert tab.js(BUTTONS) == [] and tab.js("api.token") is None


def test_what_viewers_see_is_asked_for(browser):
    with page(browser) as (host, tab):
        loaded(tab)
        unlock(tab)
        tab.until("!document.querySelector('dialog').open")
        tab.js("openStream('news')")
        tab.until(f"{BUTTONS}.length > 0")
        assert tab.js(BUTTONS) == ["Fail back now", "Put on air", "Disable", "Keep on air", "Disable"]
        for button, words in (("Fail back now", "Fail back now?"), ("Put on air", "Put input 0 on air?"),
                              ("Disable", "Disable input 0?")):
            tab.click(button)
            tab.until(f"{DIALOG}.includes({words!r})")
            assert tab.js("document.activeElement.textContent") == "Cancel", "Enter alone does nothing"
            tab.key("Enter")
            tab.until("!document.querySelector('dialog').open")
        assert posts(host) == []

        tab.click("Put on air")
        tab.until(f"{DIALOG}.includes('Viewers leave input 1 for input 0, which is idle.')")
        tab.js("document.querySelector('#lasts').value = '60'")
        tab.click(".danger")
        tab.until("details_of('news').status.override_input_priority === 0")
        assert posts(host) == [("/api/streams/news/switch", f"Bearer {TOKEN}")]
        tab.until(f"{BUTTONS}.includes('End the choice by hand')")
        tab.click("End the choice by hand")
        tab.click(".danger")
        tab.until(f"!{BUTTONS}.includes('End the choice by hand')")
        tab.js("document.querySelectorAll('#inputs .buttons')[1].lastChild.click()")
        tab.click(".danger")
        tab.until(f"{BUTTONS}.includes('Enable')")
        tab.click("Enable")
        tab.until(f"!{BUTTONS}.includes('Enable')")
        assert [path.rsplit("/", 1)[1] for path, _ in posts(host)] == ["switch", "clear", "disable", "enable"]
        assert all(sent == f"Bearer {TOKEN}" for _, sent in posts(host))


def test_what_is_refused_is_said(browser):
    with page(browser, losses=True) as (host, tab):
        host.streams["sport/main"].set(0, "degraded", time.time())
        loaded(tab)
        unlock(tab)
        tab.js("openStream('sport/main')")
        tab.click("Put on air")
        tab.click(".danger")
        tab.until(f"{DIALOG}.includes('Not done: the input is degraded')")


def test_what_needs_no_question_and_is_refused_is_said_too(browser):
    with page(browser, losses=True) as (host, tab):
        host.streams["news"].set(0, "stopped", time.time())
        loaded(tab)
        unlock(tab)
        tab.js("openStream('news')")
        tab.until(f"{BUTTONS}.includes('Enable')")
        host.act = lambda *_: (409, "the engine has ended")
        tab.click("Enable")
        tab.until(f"{DIALOG}.includes('Not done') && {DIALOG}.includes('the engine has ended')")
        tab.click("Close")
        tab.until("!document.querySelector('dialog').open")


def test_no_text_turns_what_is_beside_it(browser):
    # "news", and then what would be read backwards.
    turned, shown = "news\u202eevil\u2066\u200f", "news\\u{202e}evil\\u{2066}\\u{200f}"
    stream = world.Stream(turned, 0, 2, time.time())
    stream.url = [turned, turned]
    with page(browser, [stream]) as (host, tab):
        loaded(tab)
        unlock(tab)
        tab.js("openStream(list.entries[0].stream)")
        tab.until(f"{BUTTONS}.includes('Disable')")
        tab.click("Disable")
        tab.until(f"{DIALOG}.includes('Disable input 0?')")
        assert shown in tab.js(DIALOG)
        assert shown in tab.js("document.querySelector('#side').innerText")
        assert not tab.js("/[\u202e\u2066\u200f]/.test(document.documentElement.outerHTML.replace(/<script>[^]*<\\/script>/, ''))")
        assert tab.js("getComputedStyle(document.querySelector('dialog b')).unicodeBidi") == "isolate"
        # To the host it is called what it is called.
        tab.click(".danger")
        tab.until(f"{BUTTONS}.includes('Enable')")


def test_the_token_is_this_tabs_and_can_be_forgotten(browser):
    with page(browser) as (host, tab):
        loaded(tab)
        unlock(tab)
        tab.until("api.token !== null")
        tab.call("Page.reload")
        tab.until("typeof api === 'object' && list.total === 3")
        assert tab.js("api.token") == TOKEN
        assert tab.js("localStorage.length + document.cookie.length") == 0
        tab.click("#unlock")
        tab.until("api.token === null && sessionStorage.length === 0")


def test_where_reading_needs_the_token_it_is_asked_for(browser):
    with page(browser, reads_need_token=True, losses=True) as (_, tab):
        tab.until(f"{DIALOG}.includes('to those who have its token')")
        assert tab.js(SHOWN) == []
        tab.type(TOKEN)
        tab.key("Enter")
        tab.until(f"{SHOWN}.length === 3")
        tab.until("api.connected")
