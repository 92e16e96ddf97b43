// A claim in steps: which picture, what you say, what the rules would say of it; then sign and file it.

import { digestOf, envelope, keyFields } from "./key.js";
import { formWith, link, onSubmit, send } from "./send.js";

const form = document.getElementById("claim");
const { account } = form.dataset;
const unlock = keyFields(form.querySelector("fieldset.key"));
const forecast = document.getElementById("forecast");
const filing = document.getElementById("file-it");
let prepared = null;

const chosen = () => form.elements.claim_type.value;

function sync() {
  const option = form.querySelector(`[name=claim_type][value=${chosen()}]`);
  document.getElementById("claim-works").hidden = option.dataset.works === "no";
  document.getElementById("claim-model").hidden = option.dataset.model === "refused";
  prepared = null;
  forecast.hidden = true;
  filing.hidden = true;
}

function asked() {
  const said = new FormData(form);
  const model = said.get("model_id").trim();
  const document_ = { claim_type: chosen(), works: said.getAll("works") };
  if (model && !document.getElementById("claim-model").hidden) document_.model_id = model;
  if (said.get("text").trim()) document_.text = said.get("text");
  const image = form.elements.image.files[0] ?? null;
  return { document: document_, image };
}

const body = ({ document, image }) => (image ? formWith(image, "claim", document) : document);

function show({ expected }) {
  document.getElementById("expected").textContent = expected.verdict;
  document.getElementById("because").textContent = expected.because;
  const items = (lines) => lines.map((text) => Object.assign(document.createElement("li"), { textContent: text }));
  document.getElementById("reasons").replaceChildren(...items(expected.reasons.map((each) => each.text)));
  document.getElementById("limits").replaceChildren(...items(expected.limits));
  forecast.hidden = false;
  filing.hidden = false;
  forecast.querySelector("h2").focus();
}

onSubmit(form, async (say, submitter) => {
  if (submitter === filing.querySelector("button")) return file(say);
  say("Comparing the picture, and reading the log…");
  const what = asked();
  prepared = { what, draft: await send("/v1/claims?prepare=true&forecast=true", body(what)) };
  say("This is what the published rules would say. Nothing is recorded yet.");
  return show(prepared.draft);
});

async function file(say) {
  const key = await unlock();
  if (!key) throw new Error("a claim is signed with your key: make one first, on the page of your key");
  say("Signing and filing…");
  const { what, draft } = prepared;
  const members = { claimant_id: account, claim_type: what.document.claim_type };
  const signed = {
    envelope: await envelope(draft.payload, [key], {
      kind: "claim", members, subject: what.image ? await digestOf(what.image) : undefined,
    }),
    text: draft.text,
    text_key: draft.text_key,
  };
  const claim = await send("/v1/claims", body({ ...what, document: signed }));
  say("Filed: ", link(claim.links.page, claim.state.says));
  location.assign(claim.links.page);
}

form.addEventListener("change", (event) => { if (!event.target.closest("fieldset.key")) sync(); });
sync();

const filter = document.getElementById("filter-works");
filter?.addEventListener("input", () => {
  const words = filter.value.toLowerCase();
  for (const item of document.querySelectorAll("#claim-works [data-title]")) {
    item.hidden = !item.dataset.title.toLowerCase().includes(words) && !item.querySelector("input").checked;
  }
});
