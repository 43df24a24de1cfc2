// Draws messages as DOM nodes. Words are only ever set as text: no markup is parsed anywhere on this page.

const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "code" };
const PLAIN_LINKS = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)]|(?<=^|\s)\/[a-z][a-z0-9_]*/g;
const WEB = /^https?:\/\//;

export function make(tag, classes = "", text = "") {
  const node = document.createElement(tag);
  if (classes) node.className = classes;
  if (text) node.textContent = text;
  return node;
}

const clock = (ms) => new Date(ms).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

let ahead = 0; // seconds by which the rehearsal's time was put forward
export const setAhead = (seconds) => (ahead = seconds ?? 0);

export function dayName(ms) {
  const day = new Date(ms);
  if (day.toDateString() === new Date(Date.now() + ahead * 1000).toDateString()) return "Today";
  return day.toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long" });
}

function link(url, text) {
  const anchor = make("a", "", text);
  anchor.href = url;
  anchor.target = "_blank";
  anchor.rel = "noopener noreferrer";
  return anchor;
}

function leaf(text, act) {
  if (WEB.test(text)) return link(text, text);
  if (!act.say) return document.createTextNode(text);
  const button = make("button", "command", text);
  button.type = "button";
  button.addEventListener("click", () => act.say(text));
  return button;
}

// Addresses and commands become links by themselves, as in Telegram.
function* leaves(text, act) {
  let at = 0;
  for (const found of text.matchAll(PLAIN_LINKS)) {
    if (found.index > at) yield document.createTextNode(text.slice(at, found.index));
    yield leaf(found[0], act);
    at = found.index + found[0].length;
  }
  if (at < text.length) yield document.createTextNode(text.slice(at));
}

function wrapped(entity, nodes) {
  let shell;
  if (entity.type === "text_link" && WEB.test(entity.url)) shell = link(entity.url, "");
  else if (entity.type.endsWith("blockquote")) shell = make("span", "quote");
  else shell = make(TAGS[entity.type] ?? "span");
  shell.append(...nodes);
  return shell;
}

// Entities count in UTF-16 units, which is what JavaScript's strings are made of. They nest or stand apart.
function formatted(text, entities, act, from = 0, to = text.length) {
  const nodes = [];
  let at = from;
  const inside = entities
    .filter((e) => e.offset >= from && e.offset + e.length <= to)
    .sort((a, b) => a.offset - b.offset || b.length - a.length);
  while (inside.length) {
    const entity = inside.shift();
    const end = entity.offset + entity.length;
    if (entity.offset < at) continue;
    nodes.push(...leaves(text.slice(at, entity.offset), act));
    const nested = inside.filter((e) => e.offset >= entity.offset && e.offset + e.length <= end);
    const linked = entity.type === "text_link" || entity.type === "code" || entity.type === "pre";
    nodes.push(wrapped(entity, linked ? [document.createTextNode(text.slice(entity.offset, end))] : formatted(text, nested, act, entity.offset, end)));
    at = end;
  }
  nodes.push(...leaves(text.slice(at, to), act));
  return nodes;
}

function mediaOf(message) {
  const { kind, media } = message;
  if (!media) return null;
  if (kind === "photo") {
    const image = make("img", "photo");
    image.src = media.url;
    image.alt = "A photo";
    return image;
  }
  if (kind === "voice" || kind === "audio") {
    const sound = make("audio");
    sound.controls = true;
    sound.preload = "none";
    sound.src = media.url;
    sound.setAttribute("aria-label", `Voice note, length in seconds: ${media.seconds ?? "unknown"}`);
    return sound;
  }
  if (kind === "document") {
    const anchor = link(media.url, `${media.name ?? "File"} (${Math.max(1, Math.round((media.size ?? 0) / 1024))} KB)`);
    anchor.download = media.name ?? "file";
    return anchor;
  }
  if (kind === "sticker") return make("div", "", "A sticker");
  if (kind === "location") return make("div", "", `A place: ${media.place.join(", ")}`);
  if (kind === "contact") return make("div", "", `A contact: ${media.contact.join(", ")}`);
  const poll = make("div");
  poll.append(make("strong", "", media.question ?? "A poll"));
  const list = make("ul", "poll");
  for (const option of media.options ?? []) list.append(make("li", "", option));
  poll.append(list);
  return poll;
}

function choicesOf(message, act) {
  const group = make("div", "choices");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", "Choices");
  for (const row of message.rows) {
    const line = make("div", "line");
    for (const button of row) {
      if (button.url) {
        line.append(link(button.url, button.label));
        continue;
      }
      const node = make("button", "", button.label);
      node.type = "button";
      node.addEventListener("click", () => act.press(message, button.data, node));
      line.append(node);
    }
    group.append(line);
  }
  return group;
}

export function drawMessage(message, botName, act) {
  if (message.deleted) {
    const gone = make("li", "gone", message.deleted === "bot" ? `Removed by ${botName}` : "Removed by you");
    gone.id = `m${message.id}`;
    return gone;
  }
  const item = make("li", `message ${message.bot ? "bot" : "mine"}`);
  item.id = `m${message.id}`;
  const bubble = make("div", "bubble");
  bubble.append(make("span", "hidden", message.bot ? `${botName}: ` : "You: "));
  if (message.forwarded) bubble.append(make("div", "forwarded", `Forwarded from ${message.forwarded}`));
  const media = mediaOf(message);
  if (media) bubble.append(media);
  if (message.text) {
    const text = make("div", "text");
    text.append(...formatted(message.text, message.entities, message.bot ? act : {}));
    bubble.append(text);
  }
  const meta = make("div", "meta");
  const lasts = message.kind === "voice" && message.media?.seconds ? `${message.media.seconds} s, ` : "";
  const time = make("time", "", lasts + (message.edited ? "changed, " : "") + clock(message.date));
  time.dateTime = new Date(message.date).toISOString();
  meta.append(time);
  if (!message.bot && message.kind === "text") {
    const edit = make("button", "", "Change");
    edit.type = "button";
    edit.setAttribute("aria-label", "Change this message");
    edit.addEventListener("click", () => act.edit(message));
    meta.append(edit);
  }
  bubble.append(meta);
  item.append(bubble);
  if (message.rows.length) item.append(choicesOf(message, act));
  return item;
}
