"""Drives Chromium by its DevTools protocol, over the pipe that --remote-debugging-pipe has: nothing but
Python and Debian's package is needed."""
import base64
import json
import os
import queue
import shutil
import subprocess
import tempfile
import threading
import time

PROGRAMS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
# Nothing of a test takes so long; it is the limit on what never comes.
PATIENCE = 30.0


def program():
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


class Browser:
    """A running Chromium with nothing of the user's in it."""

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="changeover-page-")
        to_browser, self.write = os.pipe()
        self.read, from_browser = os.pipe()

        def descriptors():
            # Away from 3 and 4 first: one of them may be the other's place.
            low, high = os.dup(to_browser), os.dup(from_browser)
            low, high = (os.dup(fd) if fd < 5 else fd for fd in (low, high))
            os.dup2(low, 3)
            os.dup2(high, 4)

        flags = ["--headless=new", "--remote-debugging-pipe", f"--user-data-dir={self.profile}", "--no-first-run",
                 "--disable-gpu", "--disable-background-networking", "--disable-component-update",
                 "--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb", "about:blank"]
        if os.geteuid() == 0:
            # Chromium refuses root otherwise; the only pages are ours.
            flags.insert(0, "--no-sandbox")
        self.process = subprocess.Popen([program(), *flags], close_fds=False, preexec_fn=descriptors,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.number, self.answers, self.listeners = 0, {}, {}
        self.lock = threading.Lock()
        threading.Thread(target=self._receive, daemon=True).start()

    def _receive(self):
        with os.fdopen(self.read, "rb") as pipe:
            rest = b""
            while data := pipe.read1(1 << 20):
                *messages, rest = (rest + data).split(b"\0")
                for message in map(json.loads, messages):
                    if "id" in message:
                        self.answers[message["id"]].put(message)
                    else:
                        for listener in self.listeners.get(message.get("sessionId"), []):
                            listener(message["method"], message["params"])

    def call(self, method, session=None, **parameters):
        with self.lock:
            self.number += 1
            number, answer = self.number, queue.Queue()
            self.answers[number] = answer
            message = {"id": number, "method": method, "params": parameters}
            if session:
                message["sessionId"] = session
            os.write(self.write, json.dumps(message).encode() + b"\0")
        said = answer.get(timeout=PATIENCE)
        del self.answers[number]
        if "error" in said:
            raise RuntimeError(f"{method}: {said['error']['message']}")
        return said["result"]

    def close(self):
        try:
            self.call("Browser.close")
            self.process.wait(PATIENCE)
        except Exception:
            self.process.kill()
            self.process.wait()
        os.close(self.write)
        shutil.rmtree(self.profile, ignore_errors=True)


class Tab:
    """A page of its own, with no storage shared with others."""

    def __init__(self, browser, url, width=1280, height=800, dark=False, phone=False):
        self.browser = browser
        self.context = browser.call("Target.createBrowserContext")["browserContextId"]
        target = browser.call("Target.createTarget", url="about:blank", browserContextId=self.context)["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.requested, self.problems = [], []
        browser.listeners[self.session] = [self._listen]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2 if phone else 1,
                  mobile=phone)
        self.call("Emulation.setTouchEmulationEnabled", enabled=phone)
        self.media(dark)
        self.call("Page.navigate", url=url)
        self.until("location.href !== 'about:blank' && document.readyState === 'complete'", "the page is loaded")

    def media(self, dark):
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def _listen(self, method, parameters):
        if method == "Network.requestWillBeSent":
            self.requested.append(parameters["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.problems.append(parameters["exceptionDetails"].get("exception", {}).get("description", "an exception"))
        elif method == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.problems.append(f"{parameters['entry']['text']} {parameters['entry'].get('url', '')}")

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def js(self, expression):
        said = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in said:
            raise RuntimeError(said["exceptionDetails"].get("exception", {}).get("description", str(said)))
        return said["result"].get("value")

    def until(self, expression, what=None):
        """Waits until it is true, and returns it."""
        deadline = time.monotonic() + PATIENCE
        # An element has no value, but it is there.
        expression = f"((value) => value instanceof Element || value)({expression})"
        while True:
            value = self.js(expression)
            if value:
                return value
            if time.monotonic() > deadline:
                raise AssertionError(f"never: {what or expression}; the page says: {self.text()[:1500]}")
            time.sleep(0.02)

    def text(self):
        return self.js("document.body.innerText")

    def key(self, key):
        codes = {"Enter": 13, "Escape": 27, "ArrowUp": 38, "ArrowDown": 40, "ArrowLeft": 37, "ArrowRight": 39,
                 "Home": 36, "End": 35, "PageDown": 34, "Tab": 9}
        more = {"text": "\r"} if key == "Enter" else {"text": key} if len(key) == 1 else {}
        code = codes.get(key, 0)
        self.call("Input.dispatchKeyEvent", type="keyDown" if more else "rawKeyDown", key=key,
                  windowsVirtualKeyCode=code, **more)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def mouse(self, x, y, click=False):
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        if click:
            for kind in ("mousePressed", "mouseReleased"):
                self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def tap(self, x, y):
        self.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
        self.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def click(self, selector_or_text):
        """The element of a selector, or the button with this text."""
        box = self.until(f"""(() => {{
            const what = {json.dumps(selector_or_text)};
            const found = /^[#.\\[]/.test(what) ? document.querySelector(what)
              : [...document.querySelectorAll("button")].find((one) => one.textContent.trim() === what && one.offsetParent);
            if (!found) return null;
            found.scrollIntoView({{block: "nearest"}});
            const box = found.getBoundingClientRect();
            return box.width ? [box.x + box.width / 2, box.y + box.height / 2] : null;
        }})()""", f"something to click: {selector_or_text}")
        self.mouse(*box, click=True)

    def tree(self):
        """The accessibility tree: (role, name) of all that is not ignored."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [(node.get("role", {}).get("value"), node.get("name", {}).get("value", ""))
                for node in nodes if not node.get("ignored")]

    def screenshot(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def close(self):
        self.browser.call("Target.disposeBrowserContext", browserContextId=self.context)
