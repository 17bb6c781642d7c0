"use strict";

// Everything here saves a click; the pages work without it.

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  for (const button of form.querySelectorAll("button")) {
    button.setAttribute("aria-disabled", "true");
  }
});

// A page that comes back from the browser's history may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.forms) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button")) {
      button.removeAttribute("aria-disabled");
    }
  }
});

// Back to the shop.
const auto = document.querySelector("form[data-auto]");
if (auto) {
  auto.submit();
}

// A page goes on when the payment has moved: one that waits, and one whose
// code may have been opened on a phone.
const { status, state, next, live } = document.body.dataset;
const code = document.querySelector(".qr");
const look = async () => {
  if ((live !== undefined || code && code.open) && !document.hidden) {
    try {
      const answer = await fetch(status, { cache: "no-store" });
      if (answer.ok && (await answer.json()).state !== state) {
        location.replace(next);
        return;
      }
    } catch (e) {
      // No network for a moment: look again.
    }
  }
  setTimeout(look, 1500);
};
if (status && (live !== undefined || code)) {
  setTimeout(look, 1500);
}

// The time left, in the words that the page began with.
const timer = document.querySelector("[data-left]");
if (timer) {
  const end = Date.now() + timer.dataset.left * 1000;
  const two = (n) => String(n).padStart(2, "0");
  const tick = () => {
    const left = Math.max(0, Math.round((end - Date.now()) / 1000));
    const hours = Math.floor(left / 3600);
    const minutes = Math.floor(left / 60) % 60;
    timer.textContent = hours ? `${hours} h ${two(minutes)} min`
      : minutes ? `${minutes} min ${two(left % 60)} s` : `${left} s`;
    if (left > 0) {
      setTimeout(tick, 1000);
    } else {
      setTimeout(() => location.replace(next), 1000);
    }
  };
  tick();
}

// The number suggests the operator until the customer chooses one.
for (const group of document.querySelectorAll(".ops")) {
  const form = group.closest("form");
  const phone = form.elements.phone;
  const country = form.elements.country;
  const hint = group.querySelector("[data-suggested]");
  const tiles = [...group.querySelectorAll("input")];
  if (!phone) {
    continue;
  }
  const usual = hint.textContent;
  let chosen = false;
  group.addEventListener("change", () => { chosen = true; });
  const suggest = () => {
    const typed = phone.value.replace(/[\s.-]/g, "");
    const abroad = /^(\+|00)/.test(typed);
    const digits = typed.replace(/^(\+|00)/, "");
    const home = group.querySelector(`div.${country.value}`);
    const serves = (tile) => {
      const code = tile.parentNode.parentNode.dataset.code;
      const prefixes = (tile.dataset.prefixes || "").split(" ").filter(Boolean);
      const forms = digits.startsWith(code) ? [digits.slice(code.length)] : [];
      if (!abroad && home && home.contains(tile)) {
        forms.push(digits, digits.replace(/^0/, ""));
      }
      return prefixes.some((prefix) => forms.some((form) => form.startsWith(prefix)));
    };
    const best = tiles.find(serves);
    if (best && country.options) {
      country.value = best.parentNode.parentNode.className;
    }
    if (chosen) {
      return;
    }
    (best || tiles[0]).checked = true;
    const said = best ? hint.dataset.suggested.replace("%s", best.parentNode.textContent.trim()) : usual;
    if (hint.textContent !== said) {
      hint.textContent = said;
    }
  };
  phone.addEventListener("input", suggest);
  country.addEventListener("change", () => {
    chosen = false;
    tiles[0].checked = true;
    suggest();
  });
}
