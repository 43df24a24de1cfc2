// Keys for the pages of the desk. Everything here can also be done without it, by mouse, by Tab, or with a screen reader.
// A key is written on what it works: data-key for the whole page, data-here for the item that one is at (j and k).
// Single keys can be switched off at the foot of the page, for whoever speaks or whose keyboard they would get in the way of.
"use strict";
(() => {
  const keys = document.getElementById("keys");
  const items = [...document.querySelectorAll("[data-item]")];
  const code = document.getElementById("code");
  const words = document.getElementById("words");
  let here = items.findIndex((each) => each.hasAttribute("data-current"));

  if (keys) {
    keys.checked = sessionStorage.getItem("keys") !== "off";
    keys.addEventListener("change", () => sessionStorage.setItem("keys", keys.checked ? "on" : "off"));
  }

  const typing = (at) => at.matches("textarea, select, input:not([type=radio]):not([type=checkbox])");

  const go = (to) => {
    if (!items.length) return;
    items.forEach((each) => each.removeAttribute("data-current"));
    here = Math.max(0, Math.min(items.length - 1, to));
    const at = items[here];
    at.setAttribute("data-current", "");
    const radio = at.querySelector("input[type=radio]");
    if (radio) radio.checked = true;
    (at.querySelector("input") || at).focus({ preventScroll: true });
    at.scrollIntoView({ block: "nearest" });
  };

  const play = (it) => { if (it.paused) it.play(); else it.pause(); };

  const work = (it) => {
    if (it instanceof HTMLMediaElement) { play(it); return; }
    if (typing(it)) { it.focus(); if (it.select) it.select(); return; }
    it.click();
    if (it.hasAttribute("data-send") && it.form.elements.subtheme.value) it.form.requestSubmit(it.form.querySelector("button[name=do]"));
  };

  document.addEventListener("keydown", (event) => {
    // Stop and go on without leaving the words that one is typing.
    if (event.ctrlKey && event.key === " " && typing(event.target)) {
      const sound = event.target.closest("[data-item]")?.querySelector("audio");
      if (sound) { play(sound); event.preventDefault(); }
      return;
    }
    if (event.key === "Escape" && typing(event.target)) { event.target.blur(); return; }
    if (!keys || !keys.checked || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key === "j" || event.key === "k") { go(here + (event.key === "j" ? 1 : -1)); event.preventDefault(); return; }
    if (event.key === " ") return;
    const name = CSS.escape(event.key);
    const found = (items[here] && items[here].querySelector(`[data-here="${name}"]`)) || document.querySelector(`[data-key="${name}"]`);
    if (!found || found.disabled) return;
    event.preventDefault();
    work(found);
  });

  // Where something is chosen with the mouse, that is where one is.
  items.forEach((each, number) => each.addEventListener("focusin", () => {
    items.forEach((other) => other.removeAttribute("data-current"));
    each.setAttribute("data-current", "");
    here = number;
  }));

  // What is selected in the words, in code points of the text. Numbers between the words do not count.
  const place = (node, offset) => {
    const piece = (node.nodeType === Node.TEXT_NODE ? node.parentElement : node).closest("[data-at]");
    if (!piece || node.nodeType !== Node.TEXT_NODE) return null;
    return Number(piece.dataset.at) + [...node.data.slice(0, offset)].length;
  };
  const span = document.getElementById("span");
  const selected = document.getElementById("selected");
  const marked = document.getElementById("marked");
  if (selected) selected.addEventListener("input", () => { span.value = ""; });
  if (words) document.addEventListener("selectionchange", () => {
    const range = getSelection().rangeCount ? getSelection().getRangeAt(0) : null;
    if (!range || range.collapsed || !words.contains(range.commonAncestorContainer)) return;
    const start = place(range.startContainer, range.startOffset);
    const end = place(range.endContainer, range.endOffset);
    if (start === null || end === null || end <= start) return;
    const text = [...words.querySelectorAll("[data-at]")].length && range.toString().trim();
    if (span) { span.value = `${start}-${end}`; selected.value = text; }
    if (marked) {
      marked.hidden = false;
      marked.querySelector("bdi").textContent = text;
      const radio = marked.querySelector("input");
      radio.value = `${start}-${end}`;
      radio.checked = true;
    }
  });

  if (!code) return;
  const changing = document.getElementById("changing");
  document.querySelectorAll("[data-change]").forEach((each) => each.addEventListener("click", () => {
    code.elements.changes.value = each.dataset.change;
    code.elements.subtheme.value = each.dataset.subtheme;
    code.elements.stance.value = each.dataset.stance;
    changing.hidden = false;
    code.querySelector("input[name=subtheme]:checked").focus();
  }));
  document.getElementById("unchange").addEventListener("click", () => { code.elements.changes.value = ""; changing.hidden = true; });

  const find = document.getElementById("find");
  const labels = [...code.querySelectorAll(".codes label")].filter((each) => each.querySelector("[name=subtheme]"));
  find.addEventListener("input", () => {
    const wanted = find.value.trim().toLowerCase();
    labels.forEach((each) => { each.hidden = !`${each.textContent} ${each.title}`.toLowerCase().includes(wanted); });
  });
  find.addEventListener("keydown", (event) => {
    const first = labels.find((each) => !each.hidden);
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (!first) return;
    first.querySelector("input").checked = true;
    find.value = "";
    labels.forEach((each) => { each.hidden = false; });
    first.querySelector("input").focus();
  });
})();
