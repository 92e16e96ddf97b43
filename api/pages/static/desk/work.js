// New terms for a work, and its withdrawal, signed where the artist has a key.

import { envelope, keyFields } from "./key.js";
import { onSubmit, send } from "./send.js";

async function state(form, path, kind, body, say) {
  const key = await form.unlock();
  say("Recording…");
  if (!key) return send(path, body);
  const { payload } = await send(`${path}?prepare=true`, body);
  const signed = await envelope(payload, [key], { kind, members: { work_id: form.dataset.work }, uses: body.allowed_uses });
  return send(path, { envelope: signed });
}

for (const form of document.querySelectorAll("form[data-work]")) {
  form.unlock = keyFields(form.querySelector("fieldset.key"));
  const isWithdrawal = form.id === "withdraw";
  const kind = isWithdrawal ? "withdrawal" : "consent";
  const path = `/v1/works/${form.dataset.work}/${kind}s`;
  onSubmit(form, async (say) => {
    const said = new FormData(form);
    if (isWithdrawal) {
      await state(form, path, kind, { reason: "artist" }, say);
    } else {
      const licence = said.get("licence").trim();
      const changed = licence && licence !== form.dataset.licence ? { licence } : {};
      await state(form, path, kind, { allowed_uses: said.getAll("allowed_uses"), ...changed }, say);
    }
    location.assign(`${location.pathname}?recorded=1`);
  });
}
