// Keys that do what the page's own links, buttons and fields do, the list of them, and a palette that finds them by name.
// The page says what is what: data-keys on the body, data-act on whatever an act means.

const body = document.body;
const keys = JSON.parse(body.dataset.keys || "{}");
const acts = Object.fromEntries(Object.entries(keys).map(([act, key]) => [key, act]));
const singleKeys = body.dataset.shortcuts !== "off";
const list = document.getElementById("keys");
const palette = document.getElementById("palette");

const typing = (element) => element instanceof HTMLElement
  && (element.isContentEditable || element.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=submit])"));
const visible = (element) => element.getClientRects().length > 0;
const rows = () => [...document.querySelectorAll("[data-row]")].filter(visible);

function reveal(element) {
  for (let around = element.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
}

function go(element) {
  if (element instanceof HTMLDetailsElement || element.matches("summary")) {
    const details = element.closest("details");
    reveal(details);
    const field = details.querySelector("select, textarea, input:not([type=hidden]), a, button");
    (field || details.querySelector("summary")).focus();
  } else if (typing(element)) {
    reveal(element);
    element.focus();
  } else {
    reveal(element);
    element.click();
  }
  const then = element.dataset.then && document.querySelector(element.dataset.then);
  if (then) go(then);
  element.scrollIntoView({ block: "nearest" });
}

function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((row) => row.contains(document.activeElement));
  const row = all[Math.min(all.length - 1, Math.max(0, at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step))];
  row.querySelector("a").focus();
  row.scrollIntoView({ block: "nearest" });
}

const OWN = {
  keys: () => list && list.showModal(),
  find: () => openPalette(),
  down: () => move(1),
  up: () => move(-1),
  open: () => rows().find((row) => row.contains(document.activeElement))?.querySelector("a").click(),
  tick: () => rows().find((row) => row.contains(document.activeElement))?.querySelector("input[type=checkbox]")?.click(),
};

function act(name) {
  if (OWN[name]) return OWN[name]();
  const found = [...document.querySelectorAll(`[data-act~="${name}"]`)];
  const element = found.find(visible) || found[0];
  if (element) go(element);
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openPalette();
    return;
  }
  if (!singleKeys || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat && !["down", "up"].includes(acts[event.key])) return;
  if (typing(event.target) || document.querySelector("dialog[open]") || !acts[event.key]) return;
  event.preventDefault();
  act(acts[event.key]);
});

for (const opener of document.querySelectorAll("[data-opens]")) {
  opener.hidden = false;
  opener.addEventListener("click", () => (opener.dataset.opens === "palette" ? openPalette() : list.showModal()));
}
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.querySelector("[data-close]")?.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
}

// The palette: everything that this page can do, and every page that its reader may go to.
const field = palette?.querySelector("input");
const options = palette?.querySelector("[role=listbox]");
let found = [];
let chosen = 0;

const plain = (text) => text.normalize("NFD").replace(/\p{Mn}/gu, "").toLowerCase().trim();
const name = (element) => (element.dataset.name || element.getAttribute("aria-label") || element.textContent).trim().replace(/\s+/g, " ");

function everything() {
  const offered = [...document.querySelectorAll("main [data-act], [data-goes]")].filter((element) => element.dataset.name || element.matches("a, button, summary"));
  const links = [...document.querySelectorAll("header nav a, header nav button, .gwylio-navigation a, .gwylio-pages a")];
  const seen = new Set();
  return [...offered, ...links].map((element) => ({ text: name(element), run: () => go(element) }))
    .filter(({ text }) => text && !seen.has(text) && seen.add(text));
}

function draw() {
  const asked = plain(field.value);
  const words = asked.split(/\s+/);
  found = everything().filter(({ text }) => words.every((word) => plain(text).includes(word)));
  const search = document.querySelector("form[role=search]");
  if (asked && search) {
    const text = `${palette.dataset.search}: ${field.value.trim()}`;
    found.push({ text, run: () => { search.querySelector("input[name=q]").value = field.value; search.requestSubmit(); } });
  }
  chosen = Math.min(chosen, Math.max(0, found.length - 1));
  options.replaceChildren(...found.slice(0, 30).map(({ text, run }, index) => {
    const option = document.createElement("li");
    option.id = `palette-${index}`;
    option.role = "option";
    option.textContent = text;
    option.ariaSelected = String(index === chosen);
    option.addEventListener("click", () => pick(run));
    return option;
  }));
  palette.querySelector("[data-none]").hidden = found.length > 0;
  field.setAttribute("aria-activedescendant", found.length ? `palette-${chosen}` : "");
  options.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
}

function pick(run) {
  palette.close();
  run();
}

function openPalette() {
  if (!palette || document.querySelector("dialog[open]")) return;
  field.value = "";
  chosen = 0;
  palette.showModal();
  draw();
  field.focus();
}

field?.addEventListener("input", () => { chosen = 0; draw(); });
field?.addEventListener("keydown", (event) => {
  const last = Math.min(found.length, 30) - 1;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    chosen = event.key === "ArrowDown" ? (chosen >= last ? 0 : chosen + 1) : (chosen <= 0 ? last : chosen - 1);
    draw();
  } else if (event.key === "Enter" && found[chosen]) {
    event.preventDefault();
    pick(found[chosen].run);
  }
});
