// Registers many pictures, one after the other, with the state of each. What was registered before is found again, so
// an interrupted upload is simply begun anew.

import { digestOf, envelope, keyFields } from "./key.js";
import { formWith, link, onSubmit, send } from "./send.js";

const form = document.getElementById("register");
const rows = document.getElementById("files");
const template = document.getElementById("file-row");
const { account } = form.dataset;
const most = Number(form.dataset.most);
const unlock = keyFields(form.querySelector("fieldset.key"));
const waiting = new Map();

const titleOf = (name) => name.replace(/\.[^.]+$/, "").replace(/[_-]+/g, " ").trim();

function add(file) {
  const row = template.content.firstElementChild.cloneNode(true);
  row.querySelector("[data-name]").textContent = file.name;
  const title = row.querySelector("input");
  title.value = titleOf(file.name);
  title.setAttribute("aria-label", `Title of ${file.name}`);
  const picture = row.querySelector("img");
  picture.src = URL.createObjectURL(file);
  picture.onerror = () => { picture.hidden = true; };
  rows.append(row);
  waiting.set(row, file);
  state(row, "waiting", "Waiting");
  if (file.size > most) {
    waiting.delete(row);
    state(row, "failed", `Too large: at most ${Math.floor(most / 1048576)} MB`);
  }
}

function state(row, name, ...words) {
  row.dataset.state = name;
  row.querySelector("[data-said]").replaceChildren(...words);
}

function details(row) {
  const said = new FormData(form);
  return {
    title: row.querySelector("input").value,
    licence: said.get("licence"),
    terms: said.get("terms"),
    allowed_uses: said.getAll("allowed_uses"),
    credit_line: said.get("credit_line"),
    link: said.get("link"),
  };
}

async function register(row, file, key) {
  const work = details(row);
  const patiently = (seconds) => state(row, "working", `The service asks to wait ${seconds} seconds…`);
  state(row, "working", "Reading the picture…");
  if (!key) return send("/v1/works", formWith(file, "work", work), patiently);
  const prepared = await send("/v1/works?prepare=true", formWith(file, "work", work), patiently);
  state(row, "working", "Signing and registering…");
  const members = { artist_id: account, work_id: prepared.work_id };
  const signed = {
    envelope: await envelope(prepared.payload, [key], {
      kind: "registration", members, subject: await digestOf(file), uses: work.allowed_uses,
    }),
    metadata_key: prepared.metadata_key,
  };
  return send("/v1/works", formWith(file, "work", { ...work, signed }), patiently);
}

function done(row, { record, work }) {
  const words = record.repeated ? "Registered before: " : "Registered: ";
  const page = link(work.links.page, `log entry ${record.leaf_index.toLocaleString("en")}`);
  const contested = work.contested.length ? " · contested: another artist registered this picture, too" : "";
  state(row, "done", words, page, contested);
  row.querySelector("input").disabled = true;
}

onSubmit(form, async (say) => {
  if (!waiting.size) throw new Error("choose pictures first");
  const key = await unlock();
  const all = waiting.size;
  let failed = 0;
  for (const [row, file] of [...waiting]) {
    say(`${all - waiting.size + failed} of ${all} done`);
    try {
      done(row, await register(row, file, key));
      waiting.delete(row);
    } catch (error) {
      if (error.code === "already-registered") {
        state(row, "done", "You registered this picture before.");
        waiting.delete(row);
        continue;
      }
      failed += 1;
      state(row, "failed", error.message);
      if (error.status === 401) throw error;
    }
  }
  say(failed ? `${all - failed} of ${all} registered. Press the button again to try the others.` : `All ${all} registered.`);
});

form.elements.files.addEventListener("change", (event) => [...event.target.files].forEach(add));
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  [...event.dataTransfer.files].forEach(add);
});
