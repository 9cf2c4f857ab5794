#!/usr/bin/env python3
"""report.html in chromium: it loads nothing, runs nothing but its own script, and its table of 50,000 people can be
searched, sorted and read by keyboard. Pictures of it in light and dark go to the output directory.

usage: check_report.py REPORT_SAMPLE OUT_DIR"""
import os
import shutil
import subprocess
import sys
import time

import chromium

ROWS = 50000
# Resolves when the page has handled what was asked of it and drawn it.
SETTLED = "new Promise(done => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(() => done(true))), 150))"
failures = []


def same(what, got, wanted):
    if got != wanted:
        failures.append(what)
        print(f"FAILED {what}: {got!r}, not {wanted!r}")


def true(what, got):
    same(what, bool(got), True)


def only_itself(b, url):
    asked = [e["params"]["request"]["url"] for e in b.events if e.get("method") == "Network.requestWillBeSent"]
    same("requests", asked, [url])
    said = [e["params"] for e in b.events if e.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown",
                                                                 "Runtime.consoleAPICalled")]
    same("messages of the browser", said, [])
    same("code from values", b.js("typeof window.pwned"), "undefined")
    same("elements from values", b.js("document.images.length + document.querySelectorAll('main b, header b').length"), 0)
    same("scripts", b.js("document.scripts.length"), 2)
    same("links", b.js("document.querySelectorAll('a[href], link, iframe, object').length"), 0)
    policy = b.js("document.querySelector('meta[http-equiv]').content")
    true("policy", policy.startswith("default-src 'none'; style-src 'sha256-") and "unsafe" not in policy)
    b.js("document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.injected = 1'}))")
    same("an injected script", b.js("typeof window.injected"), "undefined")
    b.js("document.body.lastElementChild.remove()")


def found(b):
    return b.js("document.getElementById('found').textContent")


def first(b, column):
    return b.js("[...document.querySelectorAll('#people-body tr:not(.space)')]"
                f".map(r => r.cells[{column}].textContent)[0]")


def search(b, text):
    began = time.monotonic()
    b.js(f"(() => {{ const s = document.getElementById('search'); s.value = {text!r};"
         " s.dispatchEvent(new Event('input')); })()")
    b.js(SETTLED)
    print(f"search {text!r}: {time.monotonic() - began:.2f} s with the wait for typing")


def table(b):
    same("all rows", found(b), f"{ROWS:,} of {ROWS:,} rows")
    true("only what is seen is drawn", b.js("document.querySelectorAll('#people-body tr').length") < 100)
    search(b, "e012345")
    same("one is found", found(b), f"1 of {ROWS:,} rows")
    same("the right one", first(b, 1), "E012345")
    search(b, "<script>")
    same("hostile names are found", found(b), f"3 of {ROWS:,} rows")
    same("as text", first(b, 2), "<script>window.pwned=1</script>")
    search(b, "no such person")
    same("none is found", found(b), f"0 of {ROWS:,} rows")
    search(b, "")
    b.js("(() => { const s = document.getElementById('by-status'); s.value = 'failed';"
         " s.dispatchEvent(new Event('change')); })()")
    true("filter", found(b).startswith("51 of "))
    b.js("(() => { const s = document.getElementById('by-status'); s.value = ''; s.dispatchEvent(new Event('change')); })()")
    began = time.monotonic()
    head = "document.querySelectorAll('#people-head button')"
    b.js(f"{head}[1].click(), {head}[1].click()")
    b.js(SETTLED)
    print(f"sort twice: {time.monotonic() - began:.2f} s")
    same("sorted down", first(b, 1), f"E{ROWS - 1:06d}")
    same("and said so", b.js("document.querySelectorAll('#people-head th')[1].getAttribute('aria-sort')"), "descending")
    b.js("document.getElementById('view').scrollTop = 1e9")
    b.js(SETTLED)
    same("the end can be reached", b.js("[...document.querySelectorAll('#people-body tr:not(.space)')].pop()"
                                        ".cells[1].textContent"), "E000000")
    b.js("document.getElementById('view').scrollTop = 0")
    b.js(SETTLED)


def keyboard(b):
    b.js("document.getElementById('search').focus()")
    b.key("Tab", 9)
    same("tab goes on", b.js("document.activeElement.id"), "by-target")
    b.js("document.querySelector('#people-body button').focus()")
    b.key("Enter", 13, "\r")
    b.js(SETTLED)
    same("enter opens the person", b.js("document.getElementById('person').open"), True)
    true("with the fields", b.js("document.querySelectorAll('#person-changes tr').length") >= 1)
    true("secrets have no value", "(secret)" in b.js("document.getElementById('person').textContent"))
    b.key("Escape", 27)
    b.js(SETTLED)
    same("escape closes it", b.js("document.getElementById('person').open"), False)


def structure(b):
    same("one first heading", b.js("document.querySelectorAll('h1').length"), 1)
    true("headings do not skip", b.js("[...document.querySelectorAll('h1,h2,h3')].map(h => +h.tagName[1])"
                                      ".every((n, i, a) => i === 0 || n <= a[i - 1] + 1)"))
    same("labels", b.js("[...document.querySelectorAll('input,select')].every(e => e.labels.length === 1)"), True)
    same("charts have words", b.js("[...document.querySelectorAll('svg')].every(s => s.getAttribute('aria-label'))"), True)
    same("column headings", b.js("[...document.querySelectorAll('thead th')].every(t => t.scope === 'col')"), True)
    same("language", b.js("document.documentElement.lang"), "en")
    same("no sideways scrolling", b.js("document.documentElement.scrollWidth <= innerWidth"), True)


CONTRAST = """(() => {
  const light = (c) => c.map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((s, v, i) => s + v * [.2126, .7152, .0722][i], 0);
  const rgb = (s) => s.match(/[\\d.]+/g).map(Number);
  const behind = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] > 0) return c.slice(0, 3); } return [255, 255, 255]; };
  let worst = 21;
  for (const e of document.querySelectorAll('h1,h2,h3,p,dt,dd,th,td,figcaption,label,button,strong')) {
    if (!e.textContent.trim() || !e.offsetParent) continue;
    const a = light(rgb(getComputedStyle(e).color).slice(0, 3)), b = light(behind(e));
    worst = Math.min(worst, (Math.max(a, b) + .05) / (Math.min(a, b) + .05));
  }
  return worst;
})()"""


def looks(b, out):
    for scheme in ("light", "dark"):
        b.media(scheme)
        b.js("scrollTo(0, 0)")
        b.js(SETTLED)
        b.picture(os.path.join(out, f"report-{scheme}.png"))
        true(f"contrast in {scheme}", b.js(CONTRAST) >= 4.5)
        b.js("document.getElementById('people').scrollIntoView()")
        b.js(SETTLED)
        b.picture(os.path.join(out, f"people-{scheme}.png"))
    b.media("light")
    b.js("dispatchEvent(new Event('beforeprint'))")
    same("print has the rows", b.js("document.querySelectorAll('#people-body tr').length"), 5000)
    b.js("dispatchEvent(new Event('afterprint'))")
    true("and takes them back", b.js("document.querySelectorAll('#people-body tr').length") < 100)


def main():
    program = chromium.find()
    if not program:
        print("SKIPPED: no chromium (apt-get install chromium)")
        return 77
    sample, out = sys.argv[1:]
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    subprocess.run([sample, out, "night", str(ROWS)], check=True)
    url = "file://" + os.path.abspath(os.path.join(out, "night", "report.html"))
    b = chromium.Browser(program)
    try:
        b.open(url)
        b.js(SETTLED)
        only_itself(b, url)
        structure(b)
        table(b)
        keyboard(b)
        looks(b, out)
    finally:
        b.close()
    print("pictures:", out)
    return 1 if failures else 0


sys.exit(main())
