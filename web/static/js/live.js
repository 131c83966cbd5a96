// What moved since this page was made: said, and shown only when the reader asks, so that nothing jumps under their hand.

const LIVE = "gwylio-live";
const page = document.querySelector("[data-stream]");
const bar = document.getElementById("news");
const off = document.body.dataset.live === "off";

let source = null;
let fresh = new Set();
let moved = new Set();

const paused = () => off || localStorage.getItem(LIVE) === "paused";

function say(forms, n) {
  const rule = new Intl.PluralRules(document.documentElement.lang).select(n);
  return (forms[rule] || forms.other).replace("{n}", n);
}

const lines = () => [...document.querySelectorAll("[data-row]")];

function follow() {
  source?.close();
  source = null;
  if (!page || paused()) return;
  const asked = new URLSearchParams(location.search);
  for (const own of ["after", "before", "done"]) asked.delete(own);
  asked.set("since", page.dataset.since);
  if (lines().length) asked.set("cases", lines().map((line) => line.dataset.row).join("."));
  source = new EventSource(`${page.dataset.stream}?${asked}`);
  source.addEventListener("moved", ({ data }) => (page.dataset.kind === "case" ? caseMoved() : queueMoved(JSON.parse(data))));
  source.addEventListener("who", ({ data }) => workedOn(JSON.parse(data).name));
  source.addEventListener("ended", () => {
    source.close();
    document.dispatchEvent(new CustomEvent("gwylio:signed-out"));
  });
}

function queueMoved({ here, left }) {
  const shown = new Set(lines().map((line) => line.dataset.row));
  for (const id of here.map(String)) (shown.has(id) ? moved : fresh).add(id);
  for (const id of left.map(String)) if (shown.has(id)) moved.add(id);
  for (const line of lines()) {
    const mark = line.querySelector("[data-moved]");
    if (mark) mark.hidden = !moved.has(line.dataset.row);
  }
  tell();
}

function tell() {
  const parts = [];
  if (fresh.size) parts.push(say(JSON.parse(bar.dataset.fresh), fresh.size));
  if (moved.size) parts.push(say(JSON.parse(bar.dataset.changed), moved.size));
  const words = bar.querySelector("[data-words]");
  if (words.textContent !== parts.join(" ")) words.textContent = parts.join(" ");
  bar.querySelector("[data-act=show]").hidden = !parts.length;
  bar.classList.toggle("news--some", parts.length > 0);
  document.title = document.title.replace(/^\(\d+\) /, "");
  if (fresh.size) document.title = `(${fresh.size}) ${document.title}`;
}

async function show() {
  const first = lines().find((line) => line.getBoundingClientRect().bottom > 0);
  const at = first && { id: first.dataset.row, top: first.getBoundingClientRect().top };
  const focused = document.activeElement?.closest("[data-row]")?.dataset.row;
  const ticked = new Set([...document.querySelectorAll("[data-row] input:checked")].map((box) => box.id));
  let answer;
  try {
    answer = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "manual" });
    if (!answer.ok) throw new Error(String(answer.status));
  } catch {
    location.reload();
    return;
  }
  const next = new DOMParser().parseFromString(await answer.text(), "text/html");
  const list = next.querySelector("[data-stream]");
  if (!list) {
    location.reload();
    return;
  }
  for (const name of ["queue-count", "queue-urgent"]) {
    const [old, young] = [document.getElementById(name), next.getElementById(name)];
    if (old && young) old.replaceWith(young);
  }
  page.replaceChildren(...list.childNodes);
  page.dataset.since = list.dataset.since;
  fresh = new Set();
  moved = new Set();
  tell();
  for (const id of ticked) {
    const box = document.getElementById(id);
    if (box) box.checked = true;
  }
  const again = focused && lines().find((line) => line.dataset.row === focused);
  if (again) again.querySelector("a").focus({ preventScroll: true });
  const anchor = at && lines().find((line) => line.dataset.row === at.id);
  if (anchor && scrollY > 0) scrollBy(0, anchor.getBoundingClientRect().top - at.top);
  follow();
}

function caseMoved() {
  bar.querySelector("[data-words]").textContent = bar.dataset.changed;
  bar.querySelector("[data-act=show]").hidden = false;
  bar.classList.add("news--some");
}

function workedOn(name) {
  const who = document.getElementById("who");
  if (!who || !name && !who.dataset.now) return;
  who.dataset.now = name;
  who.textContent = name ? who.dataset.says.replace("{who}", name) : "";
}

if (page && bar) {
  bar.hidden = false;
  bar.querySelector("[data-act=show]").addEventListener("click", () => (page.dataset.kind === "case" ? location.assign(page.dataset.again) : show()));
  const pause = bar.querySelector("[data-pause]");
  if (pause) {
    const draw = () => {
      pause.textContent = paused() ? pause.dataset.go : pause.dataset.stop;
      pause.hidden = off;
    };
    pause.addEventListener("click", () => {
      if (paused()) localStorage.removeItem(LIVE);
      else localStorage.setItem(LIVE, "paused");
      draw();
      follow();
    });
    draw();
  }
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", (event) => event.persisted && follow());
  follow();
}
