// The switches for what can go wrong between the bot and Telegram.

import { make } from "./draw.js";

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
    await fetch("/faults", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(switches) });
  }

  panel.addEventListener("toggle", () => panel.open && load());
  form.addEventListener("change", save);
  form.addEventListener("submit", (event) => event.preventDefault());
}
