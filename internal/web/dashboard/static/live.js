"use strict";

// A page of something at work shows how far it is by itself. Without script,
// or when an answer does not come, it stays as it is.
const every = 2000;

const look = async () => {
  if (!document.hidden) {
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("live");
      if (!answer.ok || !fresh) {
        return; // signed out, say
      }
      document.getElementById("live").replaceWith(fresh);
      if (fresh.dataset.live === undefined) {
        return;
      }
    } catch (e) {
      // No network for a moment: look again.
    }
  }
  setTimeout(look, every);
};
setTimeout(look, every);
