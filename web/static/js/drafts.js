// Words that were typed and not sent: kept in this tab until they are sent, thrown away, or their writer signs out.

const OURS = "gwylio-draft:";
const who = document.body.dataset.who || "";
const forms = [...document.querySelectorAll("main form[method=post]")].filter((form) => form.querySelector("textarea"));
const own = (form) => `${OURS}${who}:${new URL(form.getAttribute("action"), location.href).pathname.replace(/^\/(cy|en)\//, "/")}`;
const boxes = (form) => [...form.querySelectorAll("textarea[name]")];
const done = document.querySelector("[data-done]");

function keep(form) {
  const words = Object.fromEntries(boxes(form).map((box) => [box.name, box.value]).filter(([, value]) => value.trim()));
  if (Object.keys(words).length) sessionStorage.setItem(own(form), JSON.stringify(words));
  else sessionStorage.removeItem(own(form));
}

function bring(form) {
  const words = JSON.parse(sessionStorage.getItem(own(form)) || "{}");
  const empty = boxes(form).filter((box) => words[box.name] && !box.value.trim());
  if (!empty.length) return;
  for (const box of empty) box.value = words[box.name];
  for (let around = form.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
  const note = document.getElementById("draft").content.firstElementChild.cloneNode(true);
  note.querySelector("button").addEventListener("click", () => {
    for (const box of empty) box.value = "";
    keep(form);
    note.remove();
    empty[0].focus();
  });
  (empty[0].closest(".govuk-form-group") || empty[0]).before(note);
}

if (who) for (const key of Object.keys(sessionStorage)) if (key.startsWith(OURS) && !key.startsWith(`${OURS}${who}:`) && key !== `${OURS}sent`) sessionStorage.removeItem(key);

const sent = sessionStorage.getItem(`${OURS}sent`);
if (sent && done) sessionStorage.removeItem(sent);
sessionStorage.removeItem(`${OURS}sent`);

for (const form of forms) {
  bring(form);
  form.addEventListener("input", () => keep(form));
  form.addEventListener("submit", () => {
    if (!navigator.onLine) return;
    keep(form);
    sessionStorage.setItem(`${OURS}sent`, own(form));
  });
}

document.querySelector("form[action$='/sign-out']")?.addEventListener("submit", () => {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(OURS)) sessionStorage.removeItem(key);
});

// Without a connection nothing is sent, and the browser's own error page does not take the words away.
const offline = document.getElementById("offline");
const draw = () => { if (offline) offline.hidden = navigator.onLine; };
addEventListener("offline", draw);
addEventListener("online", draw);
document.addEventListener("submit", (event) => {
  if (navigator.onLine) return;
  event.preventDefault();
  draw();
  offline?.focus();
}, true);
draw();
