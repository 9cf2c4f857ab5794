"""A headless chromium over its debugging pipe: JSON messages ended by a NUL byte on descriptors 3 and 4."""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile


def find():
    wanted = os.environ.get("ROLLCALL_CHROMIUM")
    names = [wanted] if wanted else ["chromium", "chromium-browser", "google-chrome", "chrome"]
    return next((p for p in map(shutil.which, names) if p), None)


class Browser:
    def __init__(self, program):
        self.profile = tempfile.mkdtemp(prefix="rollcall-browser-")
        out_read, out_write = os.pipe()
        in_read, in_write = os.pipe()
        args = [program, "--headless", "--disable-gpu", "--no-first-run", "--no-default-browser-check",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--remote-debugging-pipe", "--user-data-dir=" + self.profile, "--window-size=1200,900", "about:blank"]
        if os.geteuid() == 0:  # its sandbox refuses to run as root
            args.insert(1, "--no-sandbox")

        def descriptors():
            # the pipes may have any number, 3 and 4 too: move both out of the way first
            read, write = os.dup2(in_read, 60), os.dup2(out_write, 61)
            os.dup2(read, 3)
            os.dup2(write, 4)

        # what the browser says on stderr (no bus, no GPU) is about the machine, not the page
        self.process = subprocess.Popen(args, preexec_fn=descriptors, close_fds=False, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(in_read)
        os.close(out_write)
        self.write, self.read = in_write, out_read
        self.rest, self.number, self.session, self.events = b"", 0, None, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def message(self, seconds=120):
        while b"\0" not in self.rest:
            if not select.select([self.read], [], [], seconds)[0]:
                raise SystemExit("the browser does not answer")
            part = os.read(self.read, 1 << 20)
            if not part:
                raise SystemExit("the browser ended")
            self.rest += part
        one, self.rest = self.rest.split(b"\0", 1)
        return json.loads(one)

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.write, data):]
        while True:
            m = self.message()
            if m.get("id") == self.number:
                if "error" in m:
                    raise SystemExit(f"{method}: {m['error']}")
                return m["result"]
            self.events.append(m)

    def open(self, url):
        self.events.clear()
        self.call("Page.navigate", url=url)
        while not any(e.get("method") == "Page.loadEventFired" for e in self.events):
            self.events.append(self.message())

    def js(self, expression):
        r = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in r:
            raise SystemExit(f"{expression}: {r['exceptionDetails']}")
        return r["result"].get("value")

    def key(self, key, code, text=""):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code,
                      **({"text": text} if text and kind == "keyDown" else {}))

    def picture(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def media(self, scheme, media=""):
        self.call("Emulation.setEmulatedMedia", media=media,
                  features=[{"name": "prefers-color-scheme", "value": scheme}])

    def close(self):
        os.close(self.write)
        os.close(self.read)
        self.process.terminate()
        self.process.wait(20)
        shutil.rmtree(self.profile, ignore_errors=True)
