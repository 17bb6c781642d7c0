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
});

// A page that comes back from the browser's history may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.forms) {
    delete form.dataset.sent;
  }
});

// Back to the shop.
const auto = document.querySelector("form[data-auto]");
if (auto) {
  auto.requestSubmit();
}

// A waiting page goes on when the payment has moved.
const { status, state, next } = document.body.dataset;
if (status) {
  const look = async () => {
    try {
      const answer = await fetch(status, { cache: "no-store" });
      if (answer.ok && (await answer.json()).state !== state) {
        location.replace(next);
        return;
      }
    } catch {
      // No network for a moment: look again.
    }
    setTimeout(look, 1500);
  };
  setTimeout(look, 1500);
}

// The number suggests the operator until the customer chooses one.
for (const form of document.querySelectorAll("form.method")) {
  const phone = form.querySelector("input[name=phone]");
  const country = form.querySelector("select[name=country]");
  const operator = form.querySelector("select[name=operator]");
  if (!phone || !operator) {
    continue;
  }
  let chosen = operator.value !== "";
  operator.addEventListener("change", () => { chosen = operator.value !== ""; });
  const suggest = () => {
    if (chosen) {
      return;
    }
    const typed = phone.value.replace(/[\s.-]/g, "");
    const code = country ? (country.selectedOptions[0].textContent.match(/\+(\d+)/) || [])[1] : "";
    const forms = [typed.replace(/^(\+|00)/, "")];
    if (code && !/^(\+|00)/.test(typed)) {
      forms.push(code + typed, code + typed.replace(/^0/, ""));
    }
    let best = "";
    for (const option of operator.options) {
      const prefixes = (option.dataset.prefixes || "").split(" ").filter(Boolean);
      if (prefixes.some((p) => forms.some((f) => f.startsWith(option.dataset.country + p)))) {
        best = best || option.value;
      }
    }
    operator.value = best;
  };
  phone.addEventListener("input", suggest);
  if (country) {
    country.addEventListener("change", suggest);
  }
}
