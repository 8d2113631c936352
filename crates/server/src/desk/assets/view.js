// Looking at things: images, diffs with marks of what was viewed, lists that grow. Without this module all of
// it is there, only less handy. Keeps nothing but marks of this tab.

import { images } from "./image.js";

function patch(root) {
  const place = `viewed:${location.pathname}`;
  const viewed = new Set(JSON.parse(sessionStorage.getItem(place) ?? "[]"));
  for (const file of root.querySelectorAll("[data-file]")) {
    const label = file.querySelector(".viewed");
    const box = label.querySelector("input");
    const name = file.dataset.file;
    label.hidden = false;
    box.checked = viewed.has(name);
    if (box.checked) file.open = false;
    box.addEventListener("change", () => {
      if (box.checked) viewed.add(name);
      else viewed.delete(name);
      file.open = !box.checked;
      sessionStorage.setItem(place, JSON.stringify([...viewed]));
    });
  }
  const remarking = root.querySelector("[data-remarking]");
  if (remarking) remark(root, remarking);
}

// The form for a remark goes beneath the line that it is about: the one whose number is clicked on, or that the arrow keys choose.
function remark(root, place) {
  const form = place.querySelector("form");
  const { line, side, number, text } = form.elements;
  const close = form.querySelector("[data-close]");
  const rows = (file) => [...file.querySelectorAll("table.code tr:not(.hunk, .note, .remark, .about)")];
  const told = (row, at) => row.cells[at].textContent.trim();
  const fileOf = (at) => root.querySelector(`[data-file][data-number="${CSS.escape(at)}"]`);
  const found = () => {
    const file = fileOf(number.value);
    return file && rows(file).find((row) => told(row, side.value === "old" ? 0 : 1) === line.value);
  };
  for (const hint of place.querySelectorAll("kbd, [data-how]")) hint.hidden = false;
  root.classList.add("remarks");
  let about = null;
  const home = () => {
    if (about) { place.append(form); about.remove(); about = null; }
    close.hidden = true;
  };
  const beneath = (row) => {
    const focused = form.contains(document.activeElement) ? document.activeElement : null;
    const next = document.createElement("tr");
    next.className = "about";
    const cell = next.insertCell();
    cell.colSpan = 3;
    row.after(next);
    cell.append(form);
    about?.remove();
    about = next;
    close.hidden = false;
    row.closest("details").open = true;
    focused?.focus();
    next.scrollIntoView({ block: "nearest" });
  };
  const choose = (row, at) => {
    number.value = row.closest("[data-file]").dataset.number;
    side.value = at === 0 ? "old" : "new";
    line.value = told(row, at);
    beneath(row);
  };
  root.addEventListener("click", (event) => {
    const cell = event.target.closest("td.n");
    if (!cell || !cell.textContent.trim()) return;
    choose(cell.parentElement, cell.cellIndex);
    text.focus();
  });
  for (const control of [line, side, number]) control.addEventListener("input", () => { const row = found(); if (row) beneath(row); });
  close.addEventListener("click", () => { home(); place.open = false; place.querySelector("summary").focus(); });
  place.addEventListener("desk:remark", () => {
    const file = document.activeElement?.closest?.("[data-file]") ?? root.querySelector("[data-file][open]") ?? root.querySelector("[data-file]");
    const all = file ? rows(file) : [];
    const row = all.find((one) => one.matches(".added, .removed")) ?? all[0];
    if (row && !about) choose(row, told(row, 1) ? 1 : 0);
    else place.open = true;
    line.focus();
  });
}

function list(fieldset) {
  const button = fieldset.querySelector("[data-add]");
  const rows = () => fieldset.querySelectorAll(":scope > .row");
  button.hidden = false;
  button.addEventListener("click", () => {
    const last = rows()[rows().length - 1];
    const number = rows().length;
    const row = last.cloneNode(true);
    for (const control of row.querySelectorAll("[name]")) {
      control.name = control.name.replace(/\/\d+(\/|$)(?!.*\/\d+(\/|$))/, `/${number}$1`);
      control.value = "";
    }
    for (const legend of row.querySelectorAll("legend")) legend.textContent = legend.textContent.replace(/\d+$/, number + 1);
    last.after(row);
    row.querySelector("input, textarea, select")?.focus();
  });
}

/** Makes what stands below `root` handy; called for every page and every part that is swapped in. */
export function look(root = document) {
  images(root);
  root.querySelectorAll("[data-patch]").forEach(patch);
  root.querySelectorAll("[data-list]").forEach(list);
}

look();
document.addEventListener("desk:swapped", (event) => look(event.target));
