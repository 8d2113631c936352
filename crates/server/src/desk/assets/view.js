// Looking at things: images that zoom and move, diffs with marks of what was viewed, lists that grow. Without this module all of
// it is there, only less handy. Keeps nothing but marks of this tab.

const STEP = 1.25;
const SCALE_MAX = 24;

function image(figure) {
  const stage = figure.querySelector(".stage");
  const picture = stage.querySelector("img");
  const boxes = stage.querySelector(".boxes:not(.heat)");
  const layers = stage.querySelectorAll("img, svg");
  const view = { scale: 1, x: 0, y: 0 };
  const draw = () => {
    const transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
    for (const layer of layers) layer.style.setProperty("transform", transform);
  };
  const zoom = (factor, at = { x: stage.clientWidth / 2, y: stage.clientHeight / 2 }) => {
    const scale = Math.min(SCALE_MAX, Math.max(1, view.scale * factor));
    const ratio = scale / view.scale;
    view.x = scale === 1 ? 0 : at.x - (at.x - view.x) * ratio;
    view.y = scale === 1 ? 0 : at.y - (at.y - view.y) * ratio;
    view.scale = scale;
    draw();
  };
  const measured = () => boxes.setAttribute("viewBox", `0 0 ${picture.naturalWidth} ${picture.naturalHeight}`);
  const broken = () => {
    figure.querySelector(".broken").hidden = false;
    figure.querySelector(".tools").hidden = true;
    stage.hidden = true;
  };
  if (picture.complete) (picture.naturalWidth ? measured : broken)();
  picture.addEventListener("load", measured);
  picture.addEventListener("error", broken);

  const actions = { in: () => zoom(STEP), out: () => zoom(1 / STEP), fit: () => zoom(0) };
  for (const button of figure.querySelectorAll("[data-zoom]")) {
    button.hidden = false;
    button.addEventListener("click", actions[button.dataset.zoom]);
  }
  for (const button of figure.querySelectorAll("[data-boxes]")) {
    button.hidden = false;
    button.addEventListener("click", () => boxes.toggleAttribute("hidden"));
  }
  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && view.scale === 1 && event.deltaY > 0) return;
    event.preventDefault();
    const frame = stage.getBoundingClientRect();
    zoom(event.deltaY < 0 ? STEP : 1 / STEP, { x: event.clientX - frame.left, y: event.clientY - frame.top });
  }, { passive: false });
  stage.addEventListener("pointerdown", (event) => {
    if (view.scale === 1) return;
    stage.setPointerCapture(event.pointerId);
    const from = { x: event.clientX - view.x, y: event.clientY - view.y };
    const move = (moved) => {
      view.x = moved.clientX - from.x;
      view.y = moved.clientY - from.y;
      draw();
    };
    stage.addEventListener("pointermove", move);
    stage.addEventListener("pointerup", () => stage.removeEventListener("pointermove", move), { once: true });
  });
  stage.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] }[event.key];
    if (event.key === "+" || event.key === "=") zoom(STEP);
    else if (event.key === "-") zoom(1 / STEP);
    else if (event.key === "0") zoom(0);
    else if (by && view.scale > 1) {
      view.x += by[0];
      view.y += by[1];
      draw();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

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
  root.querySelectorAll("[data-image]").forEach(image);
  root.querySelectorAll("[data-patch]").forEach(patch);
  root.querySelectorAll("[data-list]").forEach(list);
}

look();
document.addEventListener("desk:swapped", (event) => look(event.target));
