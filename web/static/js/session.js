// Says in time that the session will end, lets its reader stay, and says so when it has ended. Asking keeps nobody signed in.

const EARLY = 300;
const OFTEN = 600;
const dialog = document.getElementById("session");
const address = dialog?.dataset.address;
const csrf = document.querySelector("input[name=csrf]")?.value;
let waiting = 0;

async function ask(method = "GET") {
  const body = method === "POST" ? new URLSearchParams({ csrf }) : undefined;
  let answer;
  try {
    answer = await fetch(address, { method, body, redirect: "manual" });
  } catch {
    return later(60);
  }
  if (!answer.ok) return ended();
  const { ends_in: ends, idle_in: idle } = await answer.json();
  const left = Math.min(ends, idle);
  if (left > EARLY) {
    if (dialog.open) dialog.close();
    return later(Math.min(left - EARLY, OFTEN));
  }
  if (left <= 0) return ended();
  say(left, ends <= EARLY ? "last" : "soon");
  return later(Math.min(left, 60));
}

function later(seconds) {
  clearTimeout(waiting);
  waiting = setTimeout(ask, seconds * 1000 + 500);
}

function say(left, how) {
  const minutes = Math.max(1, Math.round(left / 60));
  const forms = JSON.parse(dialog.dataset.minutes);
  const rule = new Intl.PluralRules(document.documentElement.lang).select(minutes);
  for (const part of dialog.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== how;
  dialog.querySelector("[data-left]").textContent = how === "ended" ? "" : (forms[rule] || forms.other).replace("{n}", minutes);
  const other = document.querySelector("dialog[open]");
  if (other && other !== dialog && how === "ended") other.close();
  if (!document.querySelector("dialog[open]")) dialog.showModal();
}

function ended() {
  clearTimeout(waiting);
  say(0, "ended");
}

if (dialog) {
  const again = dialog.querySelector("a[data-when=ended]");
  again.href += `?${new URLSearchParams({ to: location.pathname + location.search })}`;
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  dialog.querySelector("[data-stay]").addEventListener("click", () => ask("POST"));
  document.addEventListener("gwylio:signed-out", ended);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
  ask();
}
