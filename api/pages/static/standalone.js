// The verifier as a file of its own: a bundle, a claim or a checkpoint, and keys, all from the visitor's disk.

import { verifyBundle } from "./bundle.js";
import { CLAIM_TYPE, verifyClaim } from "./claim.js";
import { Refused, hex, utf8Text } from "./encoding.js";
import { unavailable } from "./ed25519.js";
import { openCheckpoint, parseVkey } from "./note.js";

const MOST_BYTES = 67_108_864;
const STATES = { passed: "Passed", failed: "FAILED", "not-checked": "Not checked" };
const SAYS = {
  passed: "Verified: it is signed by these keys, and the log holds it.",
  failed: "Refused: it does not verify.",
  "not-checked": "This browser cannot check it. The command artledger audit can.",
};

function add(check) {
  const item = document.createElement("li");
  item.dataset.check = check.name;
  item.dataset.status = check.state;
  const state = document.createElement("strong");
  state.textContent = STATES[check.state];
  item.append(state, check.detail ? `${check.name}: ${check.detail}` : check.name);
  document.getElementById("checks").append(item);
}

async function verifyCheckpoint(text, logKey, report) {
  const name = "The checkpoint is signed by the log";
  const obstacle = await unavailable();
  if (obstacle) {
    report({ name, state: "not-checked", detail: obstacle });
    return "not-checked";
  }
  try {
    const found = await openCheckpoint(text, await parseVkey(logKey));
    report({ name, state: "passed", detail: `${found.origin}, ${found.size} entries, root hash ${hex(found.root)}` });
    return "passed";
  } catch (error) {
    report({ name, state: "failed", detail: error instanceof Refused ? error.message : "it is malformed" });
    return "failed";
  }
}

async function bytesOf(file) {
  if (file.size > MOST_BYTES) throw new Error(`the file has ${file.size} bytes; at most ${MOST_BYTES} are read`);
  return new Uint8Array(await file.arrayBuffer());
}

async function verifyFile(form) {
  const bytes = await bytesOf(form.elements.file.files[0]);
  const logKey = form.elements["log-key"].value.trim();
  const recordKeys = form.elements["record-keys"].value.split(/\s+/).filter(Boolean);
  if (bytes[0] === 0x7b) { // "{"
    const isClaim = utf8Text(bytes).includes(`"mediaType":"${CLAIM_TYPE}"`);
    return isClaim ? verifyClaim(bytes, logKey, recordKeys, add) : verifyBundle(bytes, null, logKey, recordKeys, add);
  }
  return verifyCheckpoint(utf8Text(bytes), logKey, add);
}

async function readKeys(file) {
  const said = JSON.parse(utf8Text(await bytesOf(file)));
  document.getElementById("log-key").value = String(said.log_vkey ?? "");
  document.getElementById("record-keys").value = [].concat(said.record_keys ?? []).join(" ");
}

async function submit(event) {
  event.preventDefault();
  const verdict = document.getElementById("verdict");
  document.getElementById("checks").replaceChildren();
  verdict.dataset.status = "";
  verdict.textContent = "Checking…";
  let result = "failed";
  try {
    result = await verifyFile(event.target);
    verdict.textContent = SAYS[result];
  } catch (error) {
    verdict.textContent = `Refused: ${error.message}.`;
  }
  verdict.dataset.status = result;
}

const alone = document.getElementById("standalone");
alone.addEventListener("submit", submit);
alone.elements["keys-file"].addEventListener("change", (event) => {
  readKeys(event.target.files[0]).catch(() => {
    document.getElementById("verdict").textContent = "That file has no keys: it is no artledger.json.";
  });
});
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dropping");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  alone.elements.file.files = event.dataTransfer.files;
});
