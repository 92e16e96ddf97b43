// The form "Check it in this browser" of a record's page.

import { verifyBundle } from "./bundle.js";

const MAX_BUNDLE_BYTES = 2_000_000;
const WORDS = { passed: "passed", failed: "failed", "not-checked": "not checked" };
const OUTCOMES = {
  passed: "Verified: this record is signed by the keys above and is on the log.",
  failed: "Refused: this record does not verify.",
  "not-checked": "Could not be checked in this browser. The command above does it anywhere.",
};

function line(check) {
  const item = document.createElement("li");
  item.className = check.state;
  item.dataset.check = check.name;
  item.dataset.status = check.state;
  const state = document.createElement("span");
  state.className = "state";
  state.textContent = WORDS[check.state];
  const text = document.createElement("span");
  text.className = "wrap";
  text.textContent = check.detail ? `${check.name}: ${check.detail}` : check.name;
  item.append(state, text);
  return item;
}

async function fetchBundle(url) {
  const response = await fetch(url, { cache: "no-store" });
  if (!response.ok) throw new Error(`the bundle could not be fetched: status ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (bytes.length > MAX_BUNDLE_BYTES) throw new Error("the bundle is too large");
  return bytes;
}

let latest = 0;

// Says at the top what came of it.
function sum(result) {
  const counted = (state) => document.querySelectorAll(`#verify-steps [data-status=${state}]`).length;
  const [passed, failed, open] = ["passed", "failed", "not-checked"].map(counted);
  const words = { passed: "Verified in your browser", failed: "REFUSED by your browser", "not-checked": "Not verified in your browser" };
  const summary = document.getElementById("verify-summary");
  summary.textContent = `${words[result]}: ${passed} of ${passed + failed}, ${open} not checked`;
  summary.className = `outcome ${result}`;
}

async function run(form) {
  latest += 1;
  const mine = latest;
  const steps = form.querySelector("#verify-steps");
  const outcome = form.querySelector("#verify-verdict");
  steps.replaceChildren();
  outcome.textContent = "Checking…";
  outcome.className = "outcome";
  const { recordId, leafIndex, subject, verdict, bundle } = form.dataset;
  const recordKeys = form.querySelector("#record-keys").value.split(/\s+/).filter(Boolean);
  let result = "not-checked";
  try {
    result = await verifyBundle(
      await fetchBundle(bundle),
      { recordId, leafIndex, subject, verdict },
      form.querySelector("#log-key").value.trim(),
      recordKeys,
      (check) => { if (mine === latest) steps.append(line(check)); },
    );
  } catch (error) {
    if (mine === latest) steps.append(line({ name: "Fetch the bundle", state: "not-checked", detail: error.message }));
  }
  if (mine !== latest) return;
  outcome.textContent = OUTCOMES[result];
  outcome.className = `outcome ${result}`;
  sum(result);
}

const form = document.getElementById("verify");
if (form) {
  form.querySelector("button").disabled = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run(form);
  });
  run(form);
}
