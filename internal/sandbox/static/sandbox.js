"use strict";

// Everything here saves a click; the page works without it.

const parts = ["phones", "inbox"].map((id) => document.getElementById(id));
// What the server said last, by element: a part is replaced only when that
// changes, so that half a PIN and an opened letter stay.
const said = new WeakMap();

// The PIN pad; without script the keyboard does.
const fitPads = (root) => {
  for (const pad of root.querySelectorAll(".pad[hidden]")) {
    const pin = pad.closest("form").elements.pin;
    for (const key of ["1", "2", "3", "4", "5", "6", "7", "8", "9", "", "0", "⌫"]) {
      if (key === "") {
        pad.append(document.createElement("span"));
        continue;
      }
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = key;
      button.setAttribute("aria-label", key === "⌫" ? pad.dataset.erase : `${pad.dataset.digit} ${key}`);
      button.addEventListener("click", () => {
        pin.value = key === "⌫" ? pin.value.slice(0, -1) : (pin.value + key).slice(0, 4);
      });
      pad.append(button);
    }
    pad.hidden = false;
  }
};

const remember = (part) => {
  for (const child of part.children) {
    said.set(child, child.outerHTML);
  }
};

// update puts the children that are new or differ into a part, by id.
const update = (part, fresh) => {
  const next = [...fresh.children].map((child) => {
    const text = child.outerHTML;
    const old = child.id ? document.getElementById(child.id) : null;
    if (old && said.get(old) === text) {
      return old;
    }
    if (old) {
      const open = old.querySelector("details");
      const again = child.querySelector("details");
      if (open && again) {
        again.open = open.open;
      }
    }
    said.set(child, text);
    return child;
  });
  const same = next.length === part.children.length && next.every((child, i) =>
    child === part.children[i] || !child.id && said.get(child) === said.get(part.children[i]));
  if (same) {
    return;
  }
  next.forEach((child, i) => {
    if (part.children[i] !== child) {
      part.insertBefore(child, part.children[i] || null);
    }
  });
  while (part.children.length > next.length) {
    part.lastElementChild.remove();
  }
  fitPads(part);
};

const take = async (answer) => {
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of parts) {
    update(part, page.getElementById(part.id));
  }
};

const look = async () => {
  if (!document.hidden) {
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      if (answer.ok) {
        await take(answer);
      }
    } catch (e) {
      // The server is being restarted: look again.
    }
  }
  setTimeout(look, 1000);
};

// A button of a phone, or of the inbox, changes that part and not the whole
// page. Any other form is sent as it is: its part is not taken from the answer.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method !== "post" || !form.closest("#phones, #inbox")) {
    return;
  }
  event.preventDefault();
  const button = event.submitter;
  // By attribute: a button called action would stand in its place.
  const action = button?.getAttribute("formaction") || form.getAttribute("action");
  try {
    const answer = await fetch(action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    if (answer.ok) {
      await take(answer);
    }
  } catch (e) {
    // The next look shows where things stand.
  }
});

parts.forEach(remember);
fitPads(document);
setTimeout(look, 1000);
