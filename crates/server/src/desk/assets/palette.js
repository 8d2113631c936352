// The palette: Ctrl K opens it, typing narrows it, Enter goes. It clicks what stands on the page and decides nothing.

const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const words = JSON.parse(one("#words")?.textContent ?? "{}");

// What a button or a summary says, without its key.
function label(element) {
  const copy = element.cloneNode(true);
  for (const key of all("kbd, .unseen", copy)) key.remove();
  return copy.textContent.trim().replace(/\s+/g, " ");
}

// What can be done on the page at hand.
function actions() {
  const found = [];
  const add = (element, act) => { const name = element && label(element); if (name && !found.some((known) => known.name === name)) found.push({ name, act }); };
  for (const button of all("main [data-take], main [data-accept], main [data-next], main [data-together], main form[data-undo] button")) {
    if (!button.disabled) add(button, () => button.click());
  }
  for (const details of all("main details[id]")) {
    add(one("summary", details), () => { details.open = true; (one("textarea, input:not([type=hidden]), select", details) ?? one("summary", details)).focus(); });
  }
  for (const link of all('main a[href$="/history"], main a[download]')) add(link, () => link.click());
  return found;
}

function option(name, act) {
  const item = document.createElement("li");
  item.setAttribute("role", "option");
  item.dataset.here = "";
  item.textContent = name;
  item.act = act;
  return item;
}

const shown = (palette) => all("li:not([hidden])", palette);

function choose(palette, item) {
  for (const other of all("li", palette)) other.setAttribute("aria-selected", String(other === item));
  const box = one("#palette-for", palette);
  if (!item) { box.removeAttribute("aria-activedescendant"); return; }
  item.id ||= `palette-${all("li", palette).indexOf(item)}`;
  box.setAttribute("aria-activedescendant", item.id);
  item.scrollIntoView({ block: "nearest" });
}

function narrow(palette) {
  const typed = one("#palette-for", palette).value.trim();
  const wanted = typed.toLowerCase().split(/\s+/);
  for (const item of all("li", palette)) {
    const text = item.textContent.toLowerCase();
    item.hidden = item.dataset.find === undefined && !wanted.every((word) => text.includes(word));
  }
  const find = one("[data-find]", palette);
  find.hidden = typed === "";
  find.textContent = `${words.find} “${typed}”`;
  choose(palette, shown(palette)[0]);
}

function go(palette, item) {
  if (!item || item.dataset.find !== undefined) { one("form", palette).submit(); return; }
  palette.close();
  if (item.act) item.act(); else location.assign(item.dataset.href);
}

function open() {
  const palette = one("#palette");
  if (!palette || palette.open || one("dialog[open]")) return;
  const list = one("#palette-list", palette);
  for (const old of all("[data-here], [data-find]", list)) old.remove();
  list.prepend(...actions().map(({ name, act }) => option(name, act)));
  const find = option("", null);
  delete find.dataset.here;
  find.dataset.find = "";
  list.append(find);
  one("#palette-for", palette).value = "";
  palette.showModal();
  narrow(palette);
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") { event.preventDefault(); open(); return; }
  const palette = event.target.closest?.("#palette[open]");
  if (!palette) return;
  const items = shown(palette);
  const at = items.findIndex((item) => item.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    choose(palette, items[(at + (event.key === "ArrowDown" ? 1 : items.length - 1)) % items.length]);
  } else if (event.key === "Enter") {
    event.preventDefault();
    go(palette, items[at]);
  }
}, { capture: true });
document.addEventListener("input", (event) => { const palette = event.target.closest?.("#palette"); if (palette) narrow(palette); });
document.addEventListener("click", (event) => {
  const palette = one("#palette");
  if (!palette?.open) return;
  const item = event.target.closest?.("#palette-list li");
  if (item) go(palette, item);
  else if (event.target === palette) palette.close();
});
