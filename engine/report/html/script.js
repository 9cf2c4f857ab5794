"use strict";
/* The table of people. Rows are arrays in the order of FIELDS; only text nodes are ever made from them. */
(() => {
  const FIELDS = ["target", "key", "name", "action", "status", "changed", "error", "message", "reason", "server", "source",
    "linked", "due", "queue", "attempts", "request", "remote", "planned", "done", "changes"];
  const SHOWN = [["target", "Target", 9], ["key", "Key", 11], ["name", "Account", 14], ["action", "Action", 7],
    ["status", "Status", 8], ["changed", "Changed", 12], ["error", "Error", 13], ["message", "Message or reason", 20],
    ["done", "Confirmed", 13]];
  const LABELS = { target: "Target", key: "Key", name: "Account", action: "Action", status: "Status", changed: "Changed fields",
    error: "Error code", message: "Error message", reason: "Reason", server: "Server", source: "Source line",
    linked: "Linked account", due: "Due", queue: "Place in the queue", attempts: "Attempts", request: "Request id",
    remote: "Provider's id", planned: "Planned", done: "Confirmed" };
  const ROW = 30, AHEAD = 10, PRINTED = 5000;
  const at = Object.fromEntries(FIELDS.map((f, i) => [f, i]));
  const byId = (id) => document.getElementById(id);
  const people = JSON.parse(byId("people-data").textContent);
  const rows = people.rows;
  const view = byId("view"), body = byId("people-body"), search = byId("search"), found = byId("found");
  const selects = ["target", "action", "status"].map((f) => [f, byId("by-" + f)]);
  const dialog = byId("person"), facts = byId("person-facts"), changes = byId("person-changes");
  let shown = rows.map((_, i) => i), sort = { field: null, up: true }, drawn = "";

  const node = (name, text, cls) => {
    const e = document.createElement(name);
    if (text !== undefined) e.textContent = text;
    if (cls) e.className = cls;
    return e;
  };
  const cell = (row, field) => field === "message" ? String(row[at.message] || row[at.reason] || "") : String(row[at[field]] ?? "");
  const tone = { failed: "bad-text", unknown: "warn-text", deferred: "warn-text", waiting: "warn-text", done: "good-text" };

  /* One lower-cased text per row, made at the first search: 50,000 joins once, then plain indexOf. */
  let haystack = null;
  const texts = () => haystack ??= rows.map((r) => r.slice(0, at.changes).join("\n").toLowerCase());

  function tableRow(index, place) {
    const row = rows[index], tr = node("tr");
    tr.setAttribute("aria-rowindex", place + 2);
    for (const [field] of SHOWN) {
      const text = cell(row, field), td = node("td", undefined, field === "status" ? tone[text] : "");
      if (field === "key") {
        const b = node("button", text || "(no key)");
        b.type = "button";
        b.dataset.index = index;
        b.setAttribute("aria-label", "Details of " + (text || row[at.name]));
        td.append(b);
      } else {
        td.textContent = text;
      }
      if (text.length > 12) td.title = text;
      tr.append(td);
    }
    return tr;
  }

  function space(height) {
    const tr = node("tr", undefined, "space"), td = node("td");
    tr.setAttribute("aria-hidden", "true");
    td.colSpan = SHOWN.length;
    td.style.height = height + "px";
    tr.append(td);
    return tr;
  }

  function draw(all) {
    const from = all ? 0 : Math.max(0, Math.floor(view.scrollTop / ROW) - AHEAD);
    const to = all ? Math.min(shown.length, PRINTED)
      : Math.min(shown.length, Math.ceil((view.scrollTop + view.clientHeight) / ROW) + AHEAD);
    const key = from + ":" + to;
    if (key === drawn) return;
    drawn = key;
    const focused = document.activeElement && body.contains(document.activeElement) ? document.activeElement.dataset.index : null;
    const list = [];
    if (from) list.push(space(from * ROW));
    for (let i = from; i < to; i++) list.push(tableRow(shown[i], i));
    if (!all && to < shown.length) list.push(space((shown.length - to) * ROW));
    body.replaceChildren(...list);
    if (focused !== null) body.querySelector(`button[data-index="${Number(focused)}"]`)?.focus({ preventScroll: true });
  }

  function order() {
    if (sort.field === null) return;
    const f = sort.field, sign = sort.up ? 1 : -1;
    const keys = new Map(shown.map((i) => [i, cell(rows[i], f)]));
    const collator = new Intl.Collator(undefined, { numeric: true });
    const ascii = /^[\x20-\x7e]*$/;
    const plain = [...keys.values()].every((v) => ascii.test(v) && !/\d/.test(v));
    const compare = plain ? (a, b) => (a < b ? -1 : a > b ? 1 : 0) : collator.compare;
    shown.sort((a, b) => sign * compare(keys.get(a), keys.get(b)) || a - b);
  }

  function refresh() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = selects.filter(([, s]) => s.value).map(([f, s]) => [at[f], s.value]);
    shown = [];
    for (let i = 0; i < rows.length; i++)
      if (wanted.every(([k, v]) => rows[i][k] === v) && words.every((w) => texts()[i].includes(w))) shown.push(i);
    order();
    drawn = "";
    view.scrollTop = 0;
    byId("people-table").setAttribute("aria-rowcount", shown.length + 1);
    found.textContent = shown.length.toLocaleString("en") + " of " + people.total.toLocaleString("en") + " rows" +
      (people.total > rows.length ? "; " + rows.length.toLocaleString("en") + " are in this page, users.csv has all" : "");
    draw();
  }

  function sortBy(field, button) {
    sort = { field, up: sort.field === field ? !sort.up : true };
    for (const th of byId("people-head").children) th.setAttribute("aria-sort", "none");
    button.parentElement.setAttribute("aria-sort", sort.up ? "ascending" : "descending");
    refresh();
  }

  function show(index) {
    const row = rows[index];
    byId("person-title").textContent = row[at.key] || row[at.name] || "Account";
    facts.replaceChildren();
    for (const field of FIELDS.slice(0, at.changes)) {
      const value = row[at[field]];
      if (value === "" || value === null || value === undefined) continue;
      facts.append(node("dt", LABELS[field]), node("dd", String(value)));
    }
    const list = row[at.changes] || [];
    byId("person-changes-part").hidden = list.length === 0;
    changes.replaceChildren(...list.map(([field, before, after, secret]) => {
      const tr = node("tr"), head = node("th", field);
      head.scope = "row";
      const text = (v) => (secret ? "(secret)" : v === null ? "" : v === "" ? "(empty)" : v);
      tr.append(head, node("td", text(before)), node("td", text(after)));
      return tr;
    }));
    dialog.showModal();
  }

  const head = byId("people-head");
  for (const [field, label, width] of SHOWN) {
    const th = node("th"), b = node("button", label);
    th.scope = "col";
    th.style.width = width + "%";
    th.setAttribute("aria-sort", "none");
    b.type = "button";
    b.addEventListener("click", () => sortBy(field, b));
    th.append(b);
    head.append(th);
  }
  for (const [field, select] of selects) {
    for (const value of [...new Set(rows.map((r) => r[at[field]]))].sort()) {
      const option = node("option", value);
      option.value = value;
      select.append(option);
    }
    select.addEventListener("change", refresh);
  }
  let timer = 0, frame = 0;
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, 80);
  });
  view.addEventListener("scroll", () => {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      draw();
    });
  });
  addEventListener("resize", () => {
    drawn = "";
    draw();
  });
  addEventListener("beforeprint", () => draw(true));
  addEventListener("afterprint", () => {
    drawn = "";
    draw();
  });
  body.addEventListener("click", (e) => {
    const b = e.target.closest("button[data-index]");
    if (b) show(Number(b.dataset.index));
  });
  byId("person-close").addEventListener("click", () => dialog.close());
  byId("people").hidden = false;
  refresh();
})();
