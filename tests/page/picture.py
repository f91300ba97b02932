"""The picture of the page in docs/operations.md: nine streams, one of which is open, with the tip of a switch.

Usage: picture.py FILE.png
"""
import sys
import time

import chromium
import world
from stage import loaded, page


def nine(now):
    """Of every kind one, and some that are well."""
    names = ["news", "sport/main", "weather", "parliament", "studio-2", "arena/cam-4", "harbour", "opera", "chess"]
    inputs = [2, 3, 2, 2, 2, 2, 2, 2, 3]
    streams = [world.Stream(*one, now) for one in zip(names, range(len(names)), inputs)]
    news, sport, weather, parliament, studio, arena, *_ = streams
    news.switch(1, "timeout", now - 520)
    news.switch(0, "failback", now - 430)
    news.switch(1, "timeout", now - 70, times=(1000, 0, 12))
    news.set(0, "idle", now - 40)
    news.held_until[0] = now + 95
    sport.switch(1, "frozen", now - 400, times=(2000, 0, 31))
    sport.set(2, "degraded", now - 200, "timeout", world.REASONS["timeout"])
    sport.set(1, "degraded", now - 90, "timeout", world.REASONS["timeout"])
    sport.switch(-1, "timeout", now - 90)
    weather.switch(1, "timeout", now - 18)
    parliament.set(0, "active", now - 50, "low_bitrate", world.REASONS["low_bitrate"], ["low_bitrate"])
    studio.set(1, "degraded", now - 300, "timeout", world.REASONS["timeout"])
    arena.switch(1, "timeout", now - 700)
    arena.switch(0, "failback", now - 600)
    return streams


def main():
    browser = chromium.Browser()
    try:
        with page(browser, nine(time.time()), width=1280, height=720, dark=True) as (_, tab):
            loaded(tab)
            tab.mouse(*tab.js("""(() => {
                const box = list.rows.find((one) => one.stream === "news").node.querySelector(".id").getBoundingClientRect();
                return [box.left + 5, box.top + 5];
            })()"""), click=True)
            tab.until("document.querySelector('#side:not([hidden])')?.innerText.includes('Switches')", "the panel is open")
            loaded(tab)
            place = tab.js("""(() => {
                const box = document.querySelector('#wide-time').getBoundingClientRect();
                const made = shownSwitches(details_of('news')).at(0);
                return [box.left + box.width * (1 + (made.when - now()) / WINDOW), box.top + 55];
            })()""")
            tab.mouse(*place)
            tab.until("document.querySelector('#tip:not([hidden])')", "the tip of a switch")
            tab.screenshot(sys.argv[1])
    finally:
        browser.close()


if __name__ == "__main__":
    main()
