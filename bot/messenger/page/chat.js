// The chat page: shows what the stream says and sends what the person does. The server's list of messages is the truth.

import { dayName, drawMessage, make, setAhead } from "./draw.js";
import { lookBehind, rehearseTime, rehearseTrouble } from "./rehearse.js";
import { lengthOf, offerRecording } from "./voice.js";

const query = new URLSearchParams(location.search);
const person = Math.max(1, Number.parseInt(query.get("person") ?? "1", 10) || 1);
const startCode = query.get("start");
const startWords = `/start ${startCode ?? ""}`.trim();
const $ = (id) => document.getElementById(id);
const words = $("words");
const scroll = $("scroll");
const messages = new Map();
const busy = new Map();
let botName = "Hearten";
let blocked = false;
let changing = null;
let typingTimer;
let toastTimer;
const showTime = rehearseTime(document.querySelectorAll("[data-hours]"), $("now"));
const lookAgain = lookBehind(person, $);
let following = true; // stays at the newest message until the person scrolls up

// What the person does

async function send(path, body, method = "POST") {
  const options = body instanceof FormData ? { body } : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
  try {
    const answer = await (await fetch(`/people/${person}/${path}`, { method, ...options })).json();
    if (!answer.ok) toast(answer.error);
    return answer;
  } catch {
    toast("The messenger on this computer did not answer. Is it still running?");
    return { ok: false };
  }
}

async function upload(file, kind, seconds = 0) {
  const form = new FormData();
  form.append("kind", kind);
  form.append("seconds", String(seconds));
  form.append("file", file, file.name ?? "voice");
  await send("uploads", form);
}

const act = {
  say: (text) => send("messages", { text }),
  edit: beginChange,
  async press(message, data, node) {
    if (node.getAttribute("aria-busy") === "true") return;
    node.setAttribute("aria-busy", "true");
    const answer = await send("presses", { message: message.id, data });
    if (!answer.ok) return node.removeAttribute("aria-busy");
    if (busy.get(answer.query) === "answered") {
      busy.delete(answer.query);
      return node.removeAttribute("aria-busy");
    }
    busy.set(answer.query, node);
    setTimeout(() => calm(answer.query), 15000);
  },
};

function calm(queryId) {
  const node = busy.get(queryId);
  if (node instanceof Element) node.removeAttribute("aria-busy");
  busy.delete(queryId);
}

async function submit() {
  const text = words.value.trim();
  if (!text) return;
  const answer = changing ? await send(`messages/${changing.id}`, { text }, "PATCH") : await send("messages", { text });
  if (!answer.ok) return;
  endChange();
  toBottom();
}

function beginChange(message) {
  changing = message;
  words.value = message.text;
  $("editing").hidden = false;
  showSend();
  words.focus();
}

function endChange() {
  changing = null;
  words.value = "";
  $("editing").hidden = true;
  showSend();
}

function showSend() {
  const empty = !words.value.trim();
  $("send").hidden = empty;
  $("record").hidden = !empty;
}

// What the page shows

function toast(text) {
  clearTimeout(toastTimer);
  $("toast").textContent = text;
  toastTimer = setTimeout(() => ($("toast").textContent = ""), 6000);
}

const atBottom = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 120;
function toBottom() {
  following = true;
  scroll.scrollTop = scroll.scrollHeight;
  $("newer").hidden = true;
}

function showTyping(seconds) {
  clearTimeout(typingTimer);
  $("typing").hidden = seconds <= 0;
  $("typing-words").textContent = seconds > 0 ? `${botName} is writing` : "";
  if (seconds > 0) typingTimer = setTimeout(() => showTyping(0), seconds * 1000);
}

function place(message, fresh) {
  const list = $("messages");
  const old = $(`m${message.id}`);
  const node = drawMessage(message, botName, act);
  const focused = old?.contains(document.activeElement);
  if (old) {
    if (old.classList.contains("turn")) node.classList.add("turn");
    old.replaceWith(node);
  } else {
    const before = messages.get([...messages.keys()].at(-1));
    if (!before || dayName(before.date) !== dayName(message.date)) list.append(make("li", "day", dayName(message.date)));
    if (!before || before.bot !== message.bot) node.classList.add("turn");
    if (fresh) node.classList.add("fresh");
    list.append(node);
  }
  messages.set(message.id, message);
  if (focused) (node.querySelector(".choices button") ?? words).focus();
}

function showMessage(message) {
  lookAgain();
  const stay = following || !message.bot;
  const known = messages.has(message.id);
  place(message, true);
  if (message.bot && !known) showTyping(0);
  if (changing?.id === message.id && message.deleted) endChange();
  if (stay) toBottom();
  else if (!known) $("newer").hidden = false;
  showFoot();
}

function showFoot() {
  const arrived = [...messages.values()].some((m) => !m.bot && m.text === startWords);
  const begin = !blocked && (messages.size === 0 || (startCode !== null && !arrived));
  const hadFocus = $("begin").contains(document.activeElement);
  $("begin").hidden = !begin;
  $("blocked").hidden = !blocked;
  $("composer").hidden = begin || blocked;
  $("welcome").hidden = messages.size > 0;
  if (hadFocus && !begin) words.focus();
}

function peopleLink(number, label, name) {
  const anchor = make("a", "", label);
  const target = new URLSearchParams({ person: number });
  if (startCode) target.set("start", startCode);
  anchor.href = `?${target}`;
  anchor.setAttribute("aria-label", name);
  if (number === person) anchor.setAttribute("aria-current", "page");
  return anchor;
}

function showAbout(about) {
  botName = about.name;
  blocked = about.blocked;
  document.title = `${botName}, person ${person}: local rehearsal messenger`;
  $("name").textContent = botName;
  $("who").textContent = `person ${person}`;
  $("description").textContent = about.description || "Press Start to begin.";
  $("people").replaceChildren(...about.people.map((n) => peopleLink(n, String(n), `Person ${n}`)), peopleLink(Math.max(...about.people) + 1, "+", "Another person"));
  for (const id of ["links", "links-inside"]) {
    const anchors = about.links.map(({ label, url }) => Object.assign(make("a", "", label), { href: url, target: "_blank", rel: "noopener" }));
    $(id).replaceChildren(...anchors);
    $(id).hidden = anchors.length === 0;
  }
  $("menu").hidden = about.commands.length === 0;
  $("command-list").replaceChildren(
    ...about.commands.map(({ command, description }) => {
      const button = make("button", "choice", `/${command}`);
      button.type = "button";
      button.append(make("small", "", description));
      button.addEventListener("click", () => {
        $("commands").hidePopover();
        act.say(`/${command}`);
        words.focus();
      });
      return button;
    }),
  );
  setAhead(about.ahead);
  showTime(about.ahead);
  for (const button of document.querySelectorAll("[data-hours]")) button.disabled = about.ahead === null;
  $("look").hidden = !about.rows;
  $("block").textContent = blocked ? "Unblock this bot" : "Block this bot";
  showTyping(about.typing);
  showFoot();
}

function showState(state) {
  scroll.setAttribute("aria-busy", "true"); // a screen reader need not read the whole history out
  messages.clear();
  $("messages").replaceChildren();
  showAbout(state);
  for (const message of state.messages) place(message, false);
  showFoot();
  toBottom();
  scroll.removeAttribute("aria-busy");
}

// The stream, and everything that can be touched

function listen() {
  const stream = new EventSource(`/people/${person}/events`);
  const on = (name, show) => stream.addEventListener(name, (event) => show(JSON.parse(event.data)));
  on("state", showState);
  on("message", showMessage);
  for (const name of ["about", "typing", "blocked"]) on(name, showAbout);
  on("answered", ({ query: id, text }) => {
    if (busy.has(id)) calm(id);
    else busy.set(id, "answered");
    if (text) toast(text);
  });
  stream.addEventListener("open", () => ($("lost").textContent = ""));
  stream.addEventListener("error", () => ($("lost").textContent = "Trying to reach the messenger again."));
}

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
words.addEventListener("input", showSend);
words.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    submit();
  } else if (event.key === "Escape" && changing) endChange();
  else if (event.key === "ArrowUp" && !words.value) {
    const last = [...messages.values()].filter((m) => !m.bot && m.kind === "text" && !m.deleted).at(-1);
    if (last) {
      event.preventDefault();
      beginChange(last);
    }
  }
});
$("start").addEventListener("click", () => act.say(startWords));
$("cancel-edit").addEventListener("click", () => {
  endChange();
  words.focus();
});
$("newer").addEventListener("click", toBottom);
scroll.addEventListener("scroll", () => {
  following = atBottom();
  if (following) $("newer").hidden = true;
});
new ResizeObserver(() => following && toBottom()).observe(scroll);
$("block").addEventListener("click", () => send("block", { blocked: !blocked }));
$("unblock").addEventListener("click", () => send("block", { blocked: false }));
for (const [id, kind] of [["photo", "photo"], ["file", "document"], ["audio", "voice"]]) {
  $(id).addEventListener("change", async ({ target }) => {
    const [file] = target.files;
    $("attach").hidePopover();
    if (file) await upload(file, kind, kind === "voice" ? await lengthOf(file) : 0);
    target.value = "";
    words.focus();
  });
}
for (const button of document.querySelectorAll("[data-thing]")) {
  button.addEventListener("click", () => {
    $("attach").hidePopover();
    send("things", { kind: button.dataset.thing });
    words.focus();
  });
}
offerRecording($, toast, (sound, seconds) => upload(sound, "voice", seconds));
rehearseTrouble($("trouble"), $("faults"));
listen();
