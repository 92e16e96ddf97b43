// Erases the account: the works are withdrawn and the keys revoked first, both signed, as only the key's holder can.

import { envelope, forget, keyFields } from "./key.js";
import { get, onSubmit, send } from "./send.js";

const form = document.getElementById("erase");
const { account } = form.dataset;
const unlock = keyFields(form.querySelector("fieldset.key"));

async function* standingWorks() {
  for (let after = -1; after !== null; ) {
    const page = await get(`/v1/artists/${account}/works?after=${after}&limit=200`);
    yield* page.works.filter((work) => !work.withdrawn);
    after = page.next_after;
  }
}

async function withdraw(key, say) {
  let done = 0;
  for await (const work of standingWorks()) {
    const path = `/v1/works/${work.work_id}/withdrawals`;
    const asked = { reason: "artist" };
    const { payload } = await send(`${path}?prepare=true`, asked);
    const signed = await envelope(payload, [key], { kind: "withdrawal", members: { work_id: work.work_id } });
    await send(path, { envelope: signed }, (seconds) => say(`${done} withdrawn; the service asks to wait ${seconds} s…`));
    done += 1;
    say(`Withdrawing your works: ${done} done`);
  }
}

async function revoke(key, say) {
  say("Revoking your keys…");
  const { keys } = await get(`/v1/keys?holder_id=${account}`);
  const good = keys.filter((each) => each.state === "good");
  // The key that signs goes last: after that, nothing more can be signed.
  good.sort((a, b) => Number(a.keyid === key.keyid) - Number(b.keyid === key.keyid));
  for (const each of good) {
    const asked = { public_key: each.public_key, event: "revoked" };
    const { payload } = await send("/v1/keys?prepare=true", asked);
    await send("/v1/keys", await envelope(payload, [key], { kind: "key", members: { ...asked, holder_id: account } }));
  }
}

onSubmit(form, async (say) => {
  const name = form.elements.name.value;
  if (name !== form.dataset.name) throw new Error("write the name of your account exactly as it is shown");
  const key = await unlock();
  if (key) {
    await withdraw(key, say);
    await revoke(key, say);
  }
  say("Erasing…");
  await send(`/v1/artists/${account}/erasures`, { name });
  forget(account);
  location.assign("/me?erased=1");
});
