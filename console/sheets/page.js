"use strict";
const words = JSON.parse(document.getElementById("words").textContent);
const key = document.body.dataset.key;
const rows = [...document.querySelectorAll("li")];
const pins = [...document.querySelectorAll(".pin")];
const next = document.querySelector(".next");

// A phone may refuse its store to a page opened from a file: the ticks then last as long as the page.
function load(name) { try { return localStorage.getItem(name); } catch { return null; } }
function keep(name, value) { try { localStorage.setItem(name, value); } catch { /* see above */ } }

let ticked = new Set(JSON.parse(load(key) || "[]"));
let language = load("binwatt-language") || document.documentElement.lang;

function say(word) { return words[language][word] || word.split(".").pop(); }

function speak(chosen) {
  language = words[chosen] ? chosen : document.documentElement.lang;
  keep("binwatt-language", language);
  document.documentElement.lang = language;
  document.documentElement.dir = language === "ar" ? "rtl" : "ltr";
  for (const one of document.querySelectorAll("[data-w]")) one.textContent = say(one.dataset.w);
  for (const one of document.querySelectorAll(".speak button")) one.setAttribute("aria-pressed", one.value === language);
  show();
}

function show() {
  const here = rows.find(row => !ticked.has(row.dataset.seq));
  let left = 0;
  for (const row of rows) {
    const done = ticked.has(row.dataset.seq);
    row.classList.toggle("done", done);
    row.classList.toggle("here", row === here);
    row.querySelector("input").checked = done;
    if (!done && row.dataset.number) left += 1;
  }
  const open = new Set(rows.filter(row => !ticked.has(row.dataset.seq)).map(row => row.dataset.number));
  for (const pin of pins) {
    const numbers = pin.dataset.numbers.split(" ");
    pin.classList.toggle("done", numbers.every(number => !open.has(number)));
    pin.classList.toggle("here", Boolean(here) && numbers.includes(here.dataset.number));
  }
  next.querySelector(".head").textContent = here ? say("next") : say("done");
  next.querySelector(".what").textContent = here ? here.querySelector(".title").textContent : "";
  next.querySelector(".meta").textContent =
    here ? [here.querySelector("time").textContent, here.querySelector(".small").textContent].filter(Boolean).join(" · ") : "";
  next.querySelector(".left").textContent = `${left} ${say("left")}`;
  next.querySelector(".acts").hidden = !here;
  if (here) next.querySelector("a").href = `geo:${here.dataset.at}?q=${here.dataset.at}`;
}

function tick(seq, done) {
  if (done) ticked.add(seq); else ticked.delete(seq);
  keep(key, JSON.stringify([...ticked]));
  show();
}

for (const row of rows) row.querySelector("input").addEventListener("change", event => tick(row.dataset.seq, event.target.checked));
for (const one of document.querySelectorAll(".speak button")) one.addEventListener("click", () => speak(one.value));
next.querySelector("button").addEventListener("click", () => {
  const here = rows.find(row => !ticked.has(row.dataset.seq));
  if (here) tick(here.dataset.seq, true);
});
speak(language);
