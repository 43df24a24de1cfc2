// What whoever rehearses can turn: what goes wrong, what time it is, and a look at what the database sees.

import { make } from "./draw.js";

const post = (path, body) => fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

export function rehearseTrouble(panel, form) {
  let faults = {};

  function draw() {
    form.replaceChildren();
    for (const [name, fault] of Object.entries(faults)) {
      const label = make("label", "", fault.struck ? `${fault.about} (${fault.struck} so far)` : fault.about);
      const input = make("input");
      Object.assign(input, { type: "number", min: 0, max: 100, step: 5, name, value: Math.round(fault.probability * 100) });
      label.append(input);
      form.append(label);
    }
  }

  async function load() {
    faults = (await (await fetch("/faults")).json()).faults;
    draw();
  }

  async function save() {
    const switches = {};
    for (const input of form.elements) {
      const percent = Math.min(100, Math.max(0, Number(input.value) || 0));
      if (percent) switches[input.name] = { probability: percent / 100, seconds: faults[input.name].seconds };
    }
    await post("/faults", switches);
  }

  panel.addEventListener("toggle", () => panel.open && load());
  form.addEventListener("change", save);
  form.addEventListener("submit", (event) => event.preventDefault());
}

// Time: as on the wall, until it is put forward.

export function rehearseTime(buttons, said) {
  for (const button of buttons) button.addEventListener("click", () => post("/clock", { hours: Number(button.dataset.hours) }));
  return (ahead) => {
    const now = new Date(Date.now() + (ahead ?? 0) * 1000);
    const words = now.toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric" });
    said.textContent = `In this rehearsal it is ${words}, ${now.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })}.`;
  };
}

// What the database sees: the rows about this person, sealed as they lie there.

const TABLES = {
  asked: "Which questions were asked, and what became of each",
  consent: "What was agreed to",
  conversation: "Where the conversation is (sealed with the bot's key)",
  outbox: "Messages on their way (sealed with the bot's key)",
  part: "Answers (sealed to the researcher's key; the bot cannot open them)",
  participant: "Taking part",
  reminder: "Reminders that were asked for (sealed with the bot's key)",
  trace: "Messages that can still be deleted from the chat (sealed with the bot's key)",
};

export function lookBehind(person, $) {
  let waiting;

  function drawRow(row) {
    const list = make("dl");
    for (const [name, value] of Object.entries(row.columns)) {
      if (name === "pseudonym") continue;
      list.append(make("dt", "", name), make("dd", /bytes\)$/.test(value) ? "sealed" : "", value || "nothing"));
    }
    return list;
  }

  async function load() {
    const { rows } = await (await fetch(`/people/${person}/rows`)).json();
    if (!rows) return;
    const parts = [...group(rows)].map(([table, found]) => {
      const part = make("details");
      part.open = $("behind-rows").querySelector(`[data-table="${table}"]`)?.open ?? table === "part";
      part.dataset.table = table;
      const summary = make("summary", "", TABLES[table] ?? table);
      summary.append(make("span", "count", ` ${found.length}`));
      part.append(summary, ...found.map(drawRow));
      return part;
    });
    $("behind-none").hidden = parts.length > 0;
    $("behind-who").textContent = rows[0]?.columns.pseudonym ?? "";
    $("behind-rows").replaceChildren(...parts);
  }

  function show(open) {
    $("behind").hidden = !open;
    $("look").setAttribute("aria-expanded", String(open));
    document.body.classList.toggle("looking", open);
    if (open) load();
  }

  $("look").addEventListener("click", () => {
    show($("behind").hidden);
    if (!$("behind").hidden) $("behind-close").focus();
  });
  $("behind-close").addEventListener("click", () => {
    show(false);
    $("look").focus();
  });
  return () => {
    if ($("behind").hidden) return;
    clearTimeout(waiting);
    waiting = setTimeout(load, 250);
  };
}

function group(rows) {
  const tables = new Map();
  for (const row of rows) tables.set(row.table, [...(tables.get(row.table) ?? []), row]);
  return tables;
}
