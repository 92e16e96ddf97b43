// Requests of the desk: with the browser's session, patient where the service asks to wait, and with errors in words.

const MOST_WAITS = 6;
const LONGEST_WAIT = 60;

export class Problem extends Error {
  constructor(document, status) {
    const words = [document.detail ?? `the service answered with status ${status}`, document.hint];
    super(words.filter(Boolean).join(". "));
    this.code = document.code ?? "";
    this.status = status;
  }
}

const pause = (seconds) => new Promise((resolve) => { setTimeout(resolve, 1000 * seconds); });

// Sends JSON or a form, and returns the answer. `waiting` is told of seconds that it has to wait. Throws Problem.
export async function send(path, body, waiting = () => {}) {
  const isForm = body instanceof FormData;
  const headers = { Accept: "application/json", ...(isForm ? {} : { "Content-Type": "application/json" }) };
  for (let waits = 0; ; waits += 1) {
    const response = await fetch(path, { method: "POST", headers, body: isForm ? body : JSON.stringify(body) });
    if (response.status === 204) return null;
    const document = await response.json().catch(() => ({}));
    if (response.ok) return document;
    const seconds = Number(response.headers.get("Retry-After"));
    if (![429, 503].includes(response.status) || !seconds || seconds > LONGEST_WAIT || waits === MOST_WAITS) {
      throw new Problem(document, response.status);
    }
    waiting(seconds);
    await pause(seconds);
  }
}

export const get = async (path) => {
  const response = await fetch(path, { headers: { Accept: "application/json" } });
  const document = await response.json().catch(() => ({}));
  if (!response.ok) throw new Problem(document, response.status);
  return document;
};

// A form with a picture and JSON beside it.
export function formWith(image, name, document) {
  const form = new FormData();
  form.append("image", image);
  form.append(name, new Blob([JSON.stringify(document)], { type: "application/json" }));
  return form;
}

// Runs what a form does: its buttons rest meanwhile, and its status says what happened.
export function onSubmit(form, job) {
  const status = form.querySelector("[role=status]");
  const say = (...parts) => {
    status.replaceChildren(...parts);
    status.hidden = false;
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const buttons = form.querySelectorAll("button");
    buttons.forEach((button) => { button.disabled = true; });
    status.classList.remove("bad");
    try {
      await job(say, event.submitter);
    } catch (error) {
      status.classList.add("bad");
      say(error.message);
    } finally {
      buttons.forEach((button) => { button.disabled = false; });
    }
  });
}

export function link(href, text) {
  const made = document.createElement("a");
  made.href = href;
  made.textContent = text;
  return made;
}
