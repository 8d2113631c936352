// Pictures that are looked at closely: zoom and pan, several in step, brightness and contrast, one beside or over another. All of it is
// on this screen only: nothing is sent, nothing is kept, and what is stored stays as it is.

const STEP = 1.25;
const SCALE_MAX = 24;
const SVG = "http://www.w3.org/2000/svg";

// One view of several stages: what is done on one is done on all. Places are parts of a stage's width, so that stages of any size are in step.
function viewer(stages) {
  const view = { scale: 1, x: 0, y: 0 };
  const draw = () => {
    for (const stage of stages) {
      const width = stage.clientWidth;
      const transform = `translate(${view.x * width}px, ${view.y * width}px) scale(${view.scale})`;
      for (const layer of stage.querySelectorAll("img, .boxes")) layer.style.setProperty("transform", transform);
    }
  };
  const zoom = (factor, stage = stages[0], at = null) => {
    const width = stage.clientWidth || 1;
    const place = at ? { x: at.x / width, y: at.y / width } : { x: 0.5, y: stage.clientHeight / width / 2 };
    const scale = Math.min(SCALE_MAX, Math.max(1, view.scale * factor));
    const ratio = scale / view.scale;
    view.x = scale === 1 ? 0 : place.x - (place.x - view.x) * ratio;
    view.y = scale === 1 ? 0 : place.y - (place.y - view.y) * ratio;
    view.scale = scale;
    draw();
  };
  const pan = (x, y, stage) => {
    view.x += x / (stage.clientWidth || 1);
    view.y += y / (stage.clientWidth || 1);
    draw();
  };
  for (const stage of stages) {
    stage.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && view.scale === 1 && event.deltaY > 0) return;
      event.preventDefault();
      const frame = stage.getBoundingClientRect();
      zoom(event.deltaY < 0 ? STEP : 1 / STEP, stage, { x: event.clientX - frame.left, y: event.clientY - frame.top });
    }, { passive: false });
    stage.addEventListener("pointerdown", (event) => {
      if (view.scale === 1) return;
      stage.setPointerCapture(event.pointerId);
      let from = { x: event.clientX, y: event.clientY };
      const move = (moved) => {
        pan(moved.clientX - from.x, moved.clientY - from.y, stage);
        from = { x: moved.clientX, y: moved.clientY };
      };
      stage.addEventListener("pointermove", move);
      for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, () => stage.removeEventListener("pointermove", move), { once: true });
    });
    stage.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] }[event.key];
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "+" || event.key === "=") zoom(STEP, stage);
      else if (event.key === "-") zoom(1 / STEP, stage);
      else if (event.key === "0") zoom(0, stage);
      else if (by && view.scale > 1) pan(...by, stage);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }
  // It ends with the stages: a page that is put in place leaves nothing behind.
  const resized = new ResizeObserver(draw);
  stages.forEach((stage) => resized.observe(stage));
  return { in: () => zoom(STEP), out: () => zoom(1 / STEP), fit: () => zoom(0), draw };
}

function buttons(root, view) {
  for (const button of root.querySelectorAll("[data-zoom]")) {
    button.hidden = false;
    button.addEventListener("click", view[button.dataset.zoom]);
  }
}

// Window and level, as radiologists say: the shades from level - window / 2 to level + window / 2 take up all that the screen has.
let filters = 0;
function levels(root, pictures) {
  const tools = root.querySelector("[data-levels]");
  if (!tools) return;
  const [level, width] = ["level", "window"].map((name) => tools.querySelector(`[data-level="${name}"]`));
  const invert = tools.querySelector("[data-invert]");
  const told = tools.querySelector("output");
  tools.hidden = false;
  const name = `levels-${filters += 1}`;
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "unseen");
  svg.setAttribute("aria-hidden", "true");
  const filter = document.createElementNS(SVG, "filter");
  filter.id = name;
  filter.setAttribute("color-interpolation-filters", "sRGB");
  const transfer = document.createElementNS(SVG, "feComponentTransfer");
  const parts = ["feFuncR", "feFuncG", "feFuncB"].map((part) => {
    const node = document.createElementNS(SVG, part);
    node.setAttribute("type", "linear");
    transfer.append(node);
    return node;
  });
  filter.append(transfer);
  svg.append(filter);
  root.append(svg);
  const draw = () => {
    const sign = invert.getAttribute("aria-pressed") === "true" ? -1 : 1;
    const slope = sign / (Number(width.value) / 100);
    const middle = Number(level.value) / 100;
    for (const part of parts) {
      part.setAttribute("slope", slope);
      part.setAttribute("intercept", 0.5 - middle * slope);
    }
    const plain = slope === 1 && middle === 0.5;
    for (const picture of pictures()) {
      if (plain) picture.style.removeProperty("filter");
      else picture.style.setProperty("filter", `url("#${name}")`);
    }
    told.textContent = plain ? tools.dataset.plain : tools.dataset.changed;
    tools.classList.toggle("changed", !plain);
  };
  for (const control of [level, width]) control.addEventListener("input", draw);
  invert.addEventListener("click", () => { invert.setAttribute("aria-pressed", String(invert.getAttribute("aria-pressed") !== "true")); draw(); });
  tools.querySelector("[data-reset]").addEventListener("click", () => {
    level.value = 50;
    width.value = 100;
    invert.setAttribute("aria-pressed", "false");
    draw();
  });
  draw();
}

function image(figure) {
  const stage = figure.querySelector(".stage");
  const picture = stage.querySelector("img");
  const boxes = stage.querySelector(".boxes:not(.heat)");
  const measured = () => boxes.setAttribute("viewBox", `0 0 ${picture.naturalWidth} ${picture.naturalHeight}`);
  const broken = () => {
    figure.querySelector(".broken").hidden = false;
    for (const part of figure.querySelectorAll(".tools, [data-levels]")) part.hidden = true;
    stage.hidden = true;
  };
  buttons(figure, viewer([stage]));
  levels(figure, () => [picture]);
  for (const button of figure.querySelectorAll("[data-boxes]")) {
    button.hidden = false;
    button.addEventListener("click", () => boxes.toggleAttribute("hidden"));
  }
  if (picture.complete) (picture.naturalWidth ? measured : broken)();
  picture.addEventListener("load", measured);
  picture.addEventListener("error", broken);
}

// Two pictures of a case, side by side or one over the other, in step.
function compare(section) {
  const stages = [...section.querySelectorAll(".stage")];
  const choices = [...section.querySelectorAll("select")];
  const swipe = section.querySelector("[data-swipe]");
  section.hidden = false;
  const view = viewer(stages);
  const choose = () => choices.forEach((choice, at) => {
    const picture = stages[at].querySelector("img");
    const name = choice.selectedOptions[0].textContent;
    if (picture.getAttribute("src") !== choice.value) picture.src = choice.value;
    picture.alt = name;
    stages[at].setAttribute("aria-label", name);
    stages[at].nextElementSibling.textContent = name;
  });
  const arrange = () => {
    const over = section.querySelector("[name=compare-how]:checked").value === "swipe";
    section.querySelector(".stages").dataset.how = over ? "swipe" : "beside";
    swipe.parentElement.hidden = !over;
    stages[1].style.setProperty("clip-path", over ? `inset(0 0 0 ${swipe.value}%)` : "none");
    section.querySelector(".seam").style.setProperty("inset-inline-start", `${swipe.value}%`);
    view.draw();
  };
  for (const choice of choices) choice.addEventListener("change", choose);
  for (const how of section.querySelectorAll("[name=compare-how]")) how.addEventListener("change", arrange);
  swipe.addEventListener("input", arrange);
  section.addEventListener("toggle", () => { choose(); arrange(); });
  buttons(section, view);
  levels(section, () => stages.map((stage) => stage.querySelector("img")));
}

/** Makes pictures below `root` handy. */
export function images(root) {
  root.querySelectorAll("[data-image]").forEach(image);
  root.querySelectorAll("[data-compare]").forEach(compare);
}
