// Webhooks of an account, and the domain that shows who it is.

import { onSubmit, send } from "./send.js";

const own = `/v1/accounts/${document.getElementById("connections").dataset.account}`;

const domain = document.getElementById("domain");
if (domain) {
  const challenge = document.getElementById("challenge");
  const button = domain.querySelector("button");
  domain.elements.domain.addEventListener("input", () => {
    challenge.hidden = true;
    button.textContent = "What do I publish?";
  });
  onSubmit(domain, async (say) => {
    const asked = { domain: domain.elements.domain.value, method: domain.elements.method.value };
    if (challenge.hidden) {
      const made = await send(`${own}/domains?prepare=true`, asked);
      document.getElementById("challenge-text").textContent = made.text;
      document.getElementById("challenge-url").textContent = made.url;
      document.getElementById("challenge-dns").textContent = made.dns_name;
      challenge.hidden = false;
      button.textContent = "Look now";
      say("Once it is published, let this service look.");
      return;
    }
    say("Looking…");
    await send(`${own}/domains`, asked);
    location.reload();
  });
}

onSubmit(document.getElementById("add-webhook"), async (say) => {
  const made = await send(`${own}/webhooks`, { url: document.getElementById("webhook-url").value });
  const secret = document.createElement("code");
  secret.textContent = made.secret;
  say("Added. Its secret is shown here and never again: ", secret, " Load this page again to send a test.");
});

for (const form of document.querySelectorAll("form.hook")) {
  onSubmit(form, async (say, submitter) => {
    const answer = await send(`${own}/webhooks/${form.dataset.webhook}/${submitter.dataset.do}`, {});
    if (!answer) location.reload();
    else say(answer.ok ? `It answered ${answer.status}.` : answer.problem ?? `It answered ${answer.status}: that is no success.`);
  });
}
