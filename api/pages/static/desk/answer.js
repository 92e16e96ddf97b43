// Answers a claim, or decides it as an auditor; signed.

import { envelope, keyFields } from "./key.js";
import { onSubmit, send } from "./send.js";

const form = document.getElementById("answer");
const { account, claim, kind } = form.dataset;
const unlock = keyFields(form.querySelector("fieldset.key"));

onSubmit(form, async (say) => {
  const key = await unlock();
  if (!key) throw new Error("this is signed with your key: make one first, on the page of your key");
  const said = new FormData(form);
  const asked = { text: said.get("text"), ...(kind === "resolution" ? { outcome: said.get("outcome") } : {}) };
  say("Signing…");
  const draft = await send(`/v1/claims/${claim}/${kind}s?prepare=true`, asked);
  const members = kind === "resolution" ? { auditor_id: account, outcome: asked.outcome } : { party_id: account };
  const signed = await envelope(draft.payload, [key], { kind, members });
  await send(`/v1/claims/${claim}/${kind}s`, { envelope: signed, text: draft.text, text_key: draft.text_key });
  location.assign(`/claims/${claim}`);
});
