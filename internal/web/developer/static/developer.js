"use strict";

// The log follows what happens; the page works without it.

const log = document.getElementById("log");

const look = async () => {
  if (!document.hidden) {
    try {
      const answer = await fetch(log.dataset.log, { cache: "no-store" });
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById("log");
        if (fresh && fresh.innerHTML !== log.innerHTML) {
          log.replaceChildren(...fresh.childNodes);
        }
      }
    } catch (e) {
      // The server is being restarted: look again.
    }
  }
  setTimeout(look, 1000);
};

setTimeout(look, 1000);

// A trial may take as long as its customer: once is enough.
document.addEventListener("submit", (event) => {
  for (const button of event.target.querySelectorAll("button")) {
    button.disabled = true;
  }
});
// Back from a result, the page may come from the browser's memory as it was left.
window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll(".trials button")) {
    button.disabled = false;
  }
});
