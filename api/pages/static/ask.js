// Asking about a picture: drop it, paste it, see it, and learn at once whether the very file is known.
// Without this module the same forms work, and the picture is chosen again for a record.

import { addSlider } from "./compare.js";

const form = document.getElementById("ask-form");
const status = document.getElementById("ask-status");
const megabytes = (bytes) => (bytes / 1048576).toFixed(1);
let asked = null;

function say(...parts) {
  status.replaceChildren(...parts);
  status.hidden = false;
}

function link(href, text) {
  const made = document.createElement("a");
  made.href = href;
  made.textContent = text;
  return made;
}

function put(input, file) {
  const files = new DataTransfer();
  files.items.add(file);
  input.files = files.files;
}

async function digest(file) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// What is on record about exactly these bytes; nothing is uploaded for it.
async function known(file) {
  if (!crypto.subtle) return;
  const sha256 = await digest(file);
  const response = await fetch("/v1/lookups", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ sha256 }),
  });
  if (!response.ok || file !== asked) return;
  const found = await response.json();
  if (found.headline.answer === "unknown") {
    say("Nothing is recorded about exactly this file. Look it up to find works that it is a copy of.");
  } else {
    say("Known by its digest, before anything was uploaded: ", link(`/p/${sha256}`, found.headline.title), ".");
  }
}

function choose(file) {
  if (!file || !form) return;
  if (file.size > Number(form.dataset.most)) {
    say(`This file has ${megabytes(file.size)} MB. At most ${megabytes(form.dataset.most)} MB can be read.`);
    return;
  }
  asked = file;
  put(form.elements.image, file);
  const shown = document.getElementById("asked");
  if (shown.src) URL.revokeObjectURL(shown.src);
  shown.hidden = false;
  shown.onerror = () => { shown.hidden = true; };
  shown.src = URL.createObjectURL(file);
  say("Computing the digest of the file…");
  known(file).catch(() => { status.hidden = true; });
}

function send(action, file) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const body = new FormData();
    body.append("image", file);
    request.open("POST", action);
    request.setRequestHeader("Accept", "text/html");
    request.responseType = "document";
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) say(`Uploading: ${Math.floor((100 * event.loaded) / event.total)}%`);
    };
    request.upload.onload = () => say("Reading the picture and comparing it with the registered works…");
    request.onload = () => resolve(request);
    request.onerror = () => reject(new Error("the connection was lost"));
    request.send(body);
  });
}

// Puts the visitor's own picture beside the work, and into the form for a record.
function showAsked() {
  const record = document.getElementById("record-form");
  if (record) put(record.elements.image, asked);
  const slot = document.querySelector("[data-asked]");
  if (!slot) return;
  const picture = document.createElement("img");
  picture.alt = "The picture that you asked about";
  picture.src = URL.createObjectURL(asked);
  slot.querySelector(".no-picture").replaceWith(picture);
  slot.querySelector("svg")?.removeAttribute("hidden");
  addSlider(slot.closest(".pair")).catch(() => {});
}

function show(request) {
  const made = request.response;
  if (!made?.querySelector("main")) throw new Error(`the service answered with status ${request.status}`);
  if (new URL(request.responseURL).pathname.startsWith("/records/")) {
    location.assign(request.responseURL);
    return;
  }
  document.title = made.title;
  document.querySelector("main").replaceWith(document.adoptNode(made.querySelector("main")));
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
  const answer = document.getElementById("answer");
  if (answer) {
    history.pushState(null, "", `/p/${answer.dataset.sha256}`);
    showAsked();
  }
  window.scrollTo(0, 0);
  document.querySelector("h1")?.setAttribute("tabindex", "-1");
  document.querySelector("h1")?.focus();
}

async function ask(event) {
  event.preventDefault();
  const buttons = form.querySelectorAll("button");
  const action = event.submitter?.getAttribute("formaction") ?? form.getAttribute("action");
  buttons.forEach((button) => { button.disabled = true; });
  try {
    show(await send(action, form.elements.image.files[0]));
  } catch (error) {
    say(`That did not work: ${error.message}. Try again.`);
  } finally {
    buttons.forEach((button) => { button.disabled = false; });
  }
}

// Only the browser asks that site, without cookies and without saying where from; the service never does.
async function fetchFrom(address) {
  say("Fetching the picture…");
  try {
    const response = await fetch(address, { credentials: "omit", referrerPolicy: "no-referrer", mode: "cors" });
    if (!response.ok) throw new Error(`that site answered with status ${response.status}`);
    choose(new File([await response.blob()], "fetched"));
  } catch (error) {
    const why = error instanceof TypeError ? "That site does not let other pages read it, or is not there" : `Not fetched: ${error.message}`;
    say(`${why}. Save the picture, and choose the file.`);
  }
}

async function sample(button) {
  const response = await fetch(button.dataset.sample);
  if (response.ok) choose(new File([await response.blob()], "sample.webp", { type: "image/webp" }));
}

if (form) {
  document.getElementById("drop-hint").hidden = false;
  document.getElementById("from-address").hidden = false;
  const address = document.getElementById("address");
  document.getElementById("fetch-address").addEventListener("click", () => {
    if (address.value && address.reportValidity()) fetchFrom(address.value);
  });
  address.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    document.getElementById("fetch-address").click();
  });
  form.elements.image.addEventListener("change", () => choose(form.elements.image.files[0]));
  form.addEventListener("submit", ask);
  document.addEventListener("paste", (event) => choose(event.clipboardData.files[0]));
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    choose(event.dataTransfer.files[0]);
  });
  const samples = document.getElementById("samples");
  if (samples) {
    samples.hidden = false;
    samples.addEventListener("click", (event) => {
      const button = event.target.closest("[data-sample]");
      if (button) sample(button);
    });
  }
  window.addEventListener("popstate", () => location.reload());
}
