// Keys, pages put in place without a flash, drafts, time. Everything here works without it too, only less quickly. Decides nothing:
// whatever it sends is a form of the page.

const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const words = JSON.parse(one("#words")?.textContent ?? "{}");

// ---- Saying something ----

let hush;
function say(text, stays = false) {
  const place = one("#said");
  if (!place) return;
  place.textContent = text;
  clearTimeout(hush);
  if (!stays) hush = setTimeout(() => { place.textContent = ""; }, 6000);
}

// ---- Time, by the server's clock ----

let offset = 0;
const serverNow = () => Date.now() + offset;
function setClock() {
  const told = Number(one("[data-now]")?.dataset.now);
  if (told) offset = told - Date.now();
}
function span(seconds) {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
function tick() {
  for (const place of all("[data-until]")) {
    const left = Math.ceil((Number(place.dataset.until) - serverNow()) / 1000);
    place.textContent = left > 0 ? span(left) : words.over;
    if (left <= 0) {
      const button = one("button", place.parentElement);
      if (button) button.disabled = true;
    }
  }
}

// ---- Drafts: what was typed and not sent outlives the page, not the tab ----

const draftKey = (form) => `draft:${form.dataset.draft}`;
const typed = (form) => [...new FormData(form)].filter(([name, value]) => value !== "" && one(`[name="${CSS.escape(name)}"]:not([type="hidden"])`, form));
function keepDraft(form) {
  try {
    const values = typed(form);
    if (values.length) sessionStorage.setItem(draftKey(form), JSON.stringify(values));
    else sessionStorage.removeItem(draftKey(form));
  } catch {
    // A full or forbidden store: the page itself still holds it. An older draft would only be mistaken for it.
    dropDraft(draftKey(form));
    say(words.undrafted, true);
  }
}
// A long text is not written down at every key.
const KEEP_AFTER_MS = 200;
let unkept = null;
let keeping = 0;
function keepSoon(form) {
  unkept = form;
  clearTimeout(keeping);
  keeping = setTimeout(keepNow, KEEP_AFTER_MS);
}
function keepNow() {
  clearTimeout(keeping);
  if (unkept?.isConnected) keepDraft(unkept);
  unkept = null;
}
addEventListener("pagehide", keepNow);
function restoreDraft(form) {
  let values;
  try { values = JSON.parse(sessionStorage.getItem(draftKey(form)) ?? "[]"); } catch { return; }
  for (const [name, value] of values) {
    for (const control of all(`[name="${CSS.escape(name)}"]`, form)) {
      if (control.type === "hidden" || control.type === "submit") continue;
      if (control.type === "radio" || control.type === "checkbox") control.checked ||= control.value === value;
      else control.value = value;
    }
  }
}
function dropDraft(key) {
  try { sessionStorage.removeItem(key); } catch { /* Nothing to drop. */ }
}

// ---- Putting a page in place ----

let busy = false;
let began = 0;
let here = location.pathname + location.search;

function put(text, url) {
  const next = new DOMParser().parseFromString(text, "text/html");
  const main = one("main", next);
  if (!main) { location.assign(url); return; }
  const placed = document.adoptNode(main);
  one("main").replaceWith(placed);
  const bar = one("header.bar", next);
  if (bar) one("header.bar")?.replaceWith(document.adoptNode(bar));
  document.title = next.title;
  if (url !== here) history.pushState({ desk: true }, "", url);
  here = url;
  shown();
  placed.dispatchEvent(new CustomEvent("desk:swapped", { bubbles: true }));
  say("");
  main.focus({ preventScroll: true });
  scrollTo(0, 0);
}

// What was refused leaves the page as it is, with all that was entered, and stands above it.
function note(head, body) {
  one(".note.refused")?.remove();
  const note = document.createElement("div");
  note.className = "note warns refused";
  note.setAttribute("role", "alert");
  if (head) {
    const strong = document.createElement("strong");
    strong.textContent = head;
    note.append(strong, " ");
  }
  note.append(body);
  one("main").prepend(note);
  note.scrollIntoView({ block: "nearest" });
}
function refuse(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const part = (selector) => one(`main ${selector}`, page)?.textContent.trim() ?? "";
  // What has no main part was not said by our server, but by something before it that does not reach it.
  if (one("main h1", page)) note(part("h1"), `${part(".lead")} ${part(".to-do")}`);
  else note("", words.unreachable);
}

async function send(form, submitter) {
  if (busy) return;
  keepNow();
  busy = true;
  const button = submitter ?? one("button[type=submit]", form);
  button?.setAttribute("aria-busy", "true");
  const seconds = one('input[name="seconds"]', form);
  if (seconds && openedAt) seconds.value = ((performance.now() - openedAt - hiddenFor) / 1000).toFixed(1);
  const body = new URLSearchParams(new FormData(form, submitter)).toString();
  began = performance.now();
  try {
    // Beyond its limit the server hangs up, which would look as if it were not there.
    if (body.length > words.bytesMax) { note("", words.tooLarge); return; }
    const answer = await fetch(submitter?.hasAttribute("formaction") ? submitter.formAction : form.action, { method: "POST", body, headers: { "x-desk": "1", "content-type": "application/x-www-form-urlencoded" }, credentials: "same-origin" });
    const text = await answer.text();
    const url = answer.headers.get("x-desk-url") ?? new URL(answer.url).pathname + new URL(answer.url).search;
    if (!answer.ok) { refuse(text); return; }
    if (form.dataset.draft && form.action.endsWith("/judge") && !/class="note warns"/.test(text)) dropDraft(draftKey(form));
    put(text, url);
    requestAnimationFrame(() => setTimeout(() => performance.measure("desk:painted", { start: began, end: performance.now() })));
  } catch {
    note("", words.unreachable);
  } finally {
    busy = false;
    button?.removeAttribute("aria-busy");
  }
}

// A case that has only just come up was read by nobody: the second click of a double click, or a key that came too late for the
// case before, must not answer it.
const READ_MS = 250;
const unread = () => openedAt > 0 && performance.now() - openedAt < READ_MS;
document.addEventListener("click", (event) => {
  if (event.detail > 1 && event.target.closest?.("main button[type=submit]")) event.preventDefault();
}, { capture: true });
// A draft, or a paragraph of one, goes into the text that is being written; nothing is sent.
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("#answer [data-use], #answer [data-add]");
  const text = one("#answer [data-edit]");
  if (!button || !text) return;
  event.preventDefault();
  const { use, add } = button.dataset;
  const before = text.value.trimEnd();
  text.value = use ?? (before ? `${before}\n\n${add}` : add);
  text.dispatchEvent(new Event("input", { bubbles: true }));
  say(use === undefined ? words.added : words.used);
});
document.addEventListener("submit", (event) => {
  if (!["answer", "bulk-answers"].includes(event.target.id) || !unread()) return;
  event.preventDefault();
  say(words.unread);
}, { capture: true });

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || !form.closest("main") || !one("header.bar nav") || "leaves" in form.dataset) return;
  event.preventDefault();
  send(form, event.submitter);
});
// Links within a page come here too, and they leave it as it is.
addEventListener("popstate", () => { if (location.pathname + location.search !== here) location.reload(); });

// ---- A case that is open ----

let openedAt = 0;
let hiddenFor = 0;
let hiddenAt = 0;
let active = 0;
let lease = 0;
document.addEventListener("visibilitychange", () => {
  if (document.hidden) hiddenAt = performance.now();
  else if (hiddenAt) { hiddenFor += performance.now() - hiddenAt; hiddenAt = 0; pulse(); watch(); }
});
for (const kind of ["keydown", "pointerdown", "scroll"]) addEventListener(kind, () => { active = Date.now(); }, { passive: true });

function shown() {
  setClock();
  tick();
  openedAt = performance.now();
  hiddenFor = 0;
  active = Date.now();
  const article = one("article.case[data-expires]");
  lease = article ? Number(article.dataset.expires) - serverNow() : 0;
  const form = one("form[data-draft]");
  if (form && !one(".note.warns")) restoreDraft(form);
}

// Says that there is something else to be seen: new advice in the colour of advice, and in that of an alarm only what voids an answer.
function offer(text, warns) {
  const side = one(".side");
  const form = one("#answer");
  const before = one(".offer");
  if (!side || !form || (before ? before.matches(".warns") || !warns : !warns && one("form.note.ai"))) return;
  before?.remove();
  const box = document.createElement("div");
  box.className = warns ? "note warns offer" : "note ai offer";
  box.setAttribute("role", warns ? "alert" : "status");
  box.append(text, " ");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = words.show;
  button.addEventListener("click", () => {
    // The form goes to another address with all that is in it, so that nothing typed is lost.
    const action = form.action;
    form.action = action.replace(/judge$/, "show");
    send(form, null).finally(() => { form.action = action; });
  });
  box.append(button);
  side.prepend(box);
}

let watching = false;
async function watch() {
  const article = one("article.case[data-expires]");
  const form = one("#answer");
  if (!article || !form || watching || document.hidden || busy) return;
  watching = true;
  const url = `/desk/cases/${article.dataset.case}`;
  try {
    const left = Number(article.dataset.expires) - serverNow();
    const renew = left < Math.max(lease * 0.4, 20000) && Date.now() - active < 300000;
    const body = new URLSearchParams({ form: form.elements.form.value, shown: form.elements.shown.value });
    const answer = renew
      ? await fetch(`${url}/renew`, { method: "POST", body, headers: { "x-desk": "1" } })
      : await fetch(`${url}/pulse?shown=${article.dataset.shown}`);
    if (!form.isConnected) return;
    if (answer.status === 401) { say(words.signedOut, true); return; }
    if (!answer.ok) { if (renew) offer(words.lost, true); return; }
    const told = await answer.json();
    if (told.changed) offer(left > 0 ? words.changed : words.lost, true);
    else if (told.newer) offer(words.newer, false);
    if (told.token && !told.changed) {
      form.elements.token.value = told.token;
      form.elements.shown.value = article.dataset.shown = told.shown;
      article.dataset.expires = told.expires;
      lease = told.expires - told.now;
      const time = one("[data-lease] time");
      if (time) time.textContent = `${new Date(told.expires).toISOString().slice(11, 16)} UTC`;
    }
  } catch { /* The next look will tell; what is sent says so itself. */ } finally { watching = false; }
}

// ---- How much waits ----

async function pulse() {
  const places = all("[data-count]");
  if (!places.length || document.hidden) return;
  try {
    const answer = await fetch("/desk/pulse");
    if (!answer.ok) return;
    const told = await answer.json();
    const counts = new Map([["", told.all], ...told.playbooks]);
    for (const place of places) {
      const count = counts.get(place.dataset.count);
      if (count !== undefined && place.textContent !== count) place.textContent = count;
    }
    if (told.all !== "0" && one(".empty[data-wait]")) location.reload();
  } catch { /* Later again. */ }
}

setInterval(tick, 1000);
setInterval(pulse, 10000);
let looks = 0;
setInterval(() => { looks += 1; if (one(".asks [data-open]") ? looks % 1 === 0 : looks % 5 === 0) watch(); }, 3000);

// ---- Keys ----

const SWITCH = "desk:keys";
const keysOn = () => { try { return localStorage.getItem(SWITCH) !== "off"; } catch { return true; } };
const writes = (element) => element?.closest?.("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");

function step(selector, by) {
  const places = all(selector);
  if (!places.length) return;
  const at = places.findIndex((place) => place.contains(document.activeElement) || place === document.activeElement);
  const next = places[Math.min(places.length - 1, Math.max(0, at < 0 ? (by > 0 ? 0 : places.length - 1) : at + by))];
  const focus = next.matches("a, button, [tabindex]") ? next : one("a", next);
  focus?.focus();
  focus?.scrollIntoView({ block: "nearest" });
}

function open(id) {
  const details = one(`details#${id}`);
  if (!details) return false;
  details.open = true;
  one("textarea, input:not([type=hidden]), select", details)?.focus();
  return true;
}

function choose(digit) {
  const form = one("#answer");
  if (!form) return false;
  const option = all('.options input[type="radio"]', form)[digit - 1];
  if (!option) return false;
  option.checked = true;
  option.dispatchEvent(new Event("change", { bubbles: true }));
  if (form.checkValidity()) form.requestSubmit(one("[data-decide]", form));
  else form.reportValidity();
  return true;
}

// Picks the case whose row has the focus, or leaves it out.
function pick() {
  const rows = one("tr[data-row] [data-pick]");
  if (!rows) return false;
  const box = one("[data-pick]", document.activeElement?.closest("tr[data-row]") ?? document.createElement("i"));
  if (box) box.checked = !box.checked;
  return true;
}

const keys = {
  a: () => one("[data-accept]")?.click(),
  x: () => { if (pick()) return; (one('#answer .options input[type="radio"]') ?? one("#answer [data-edit]"))?.focus(); say(words.reject); },
  e: () => (one("#answer [data-edit]") ?? one("#answer textarea, #answer input:not([type=hidden])"))?.focus(),
  b: () => one("[data-together]")?.click(),
  i: () => open("ask"),
  s: () => open("skip"),
  z: () => open("snooze"),
  c: () => { const remarking = one("[data-remarking]"); if (remarking) remarking.dispatchEvent(new CustomEvent("desk:remark")); else open("comment"); },
  u: () => { const form = one("form[data-undo] button:not(:disabled)")?.form; if (form) form.requestSubmit(); else say(words.noUndo); },
  j: () => step(one("tr[data-row]") ? "tr[data-row]" : "section.field", 1),
  k: () => step(one("tr[data-row]") ? "tr[data-row]" : "section.field", -1),
  n: () => one("[data-next]")?.click(),
  g: () => location.assign("/desk"),
  "!": () => location.assign("/desk/stops?now=1"),
  "/": () => one("#filter")?.focus(),
  "?": () => one("#keys")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.defaultPrevented) return;
  // A key that is held says nothing more, but where it moves on.
  if (event.repeat && event.key !== "j" && event.key !== "k") return;
  const form = event.target.closest?.("form");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && form) { event.preventDefault(); form.requestSubmit(one("[data-decide]", form) ?? undefined); return; }
  if (event.key === "Escape" && writes(event.target)) { event.target.blur(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey || writes(event.target) || one("dialog[open]") || !keysOn()) return;
  if (event.key === "Enter" && !event.target.closest("a, button, summary")) {
    const answer = one("#answer");
    if (answer) { event.preventDefault(); answer.requestSubmit(one("[data-decide]", answer)); } else one("[data-take]")?.click();
    return;
  }
  if (/^[1-9]$/.test(event.key)) { if (choose(Number(event.key))) event.preventDefault(); return; }
  const act = keys[event.key];
  if (act) { event.preventDefault(); act(); }
});

// Megabytes that are pasted would hold up the page for minutes, and a cut text would pass for the whole one.
document.addEventListener("beforeinput", (event) => {
  const text = event.data ?? event.dataTransfer?.getData("text/plain") ?? "";
  if (text.length <= Number(event.target.dataset?.bytesMax ?? words.bytesMax)) return;
  event.preventDefault();
  note("", words.tooLong);
});
document.addEventListener("change", (event) => {
  const draft = event.target.closest("form[data-draft]");
  if (draft) keepSoon(draft);
});
document.addEventListener("input", (event) => {
  const draft = event.target.closest("form[data-draft]");
  if (draft) keepSoon(draft);
  if (event.target.id === "filter") {
    const wanted = event.target.value.trim().toLowerCase();
    for (const row of all("tr[data-row]")) row.hidden = wanted !== "" && !row.textContent.toLowerCase().includes(wanted);
  }
  if (event.target.id === "keys-on") { try { localStorage.setItem(SWITCH, event.target.checked ? "on" : "off"); } catch { /* For this page only. */ } }
});

const toggle = one("#keys-on");
if (toggle) toggle.checked = keysOn();
shown();
