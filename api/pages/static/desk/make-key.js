// The page of one's key: make one and announce it, take a key file into this browser, revoke a key.

import { envelope, forget, keyFields, make, open, store, stored } from "./key.js";
import { onSubmit, send } from "./send.js";

const { account, role } = document.getElementById("key-page").dataset;
const SHORTEST = 8;

function download(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

const recoverySheet = (pem, keyid) => `ARTLEDGER: RECOVERY SHEET OF A PRIVATE KEY

Account   ${account} (${role})
Key id    ${keyid}
Made      ${new Date().toISOString()}
Service   ${location.origin}

Print this sheet or keep the file where only you can reach it. Whoever has it AND the passphrase can sign in your name.
The passphrase is not on it. Nobody can recover a forgotten one.

To use the key again: save the lines between and with BEGIN and END as a file, and choose it at ${location.origin}/me/key,
or sign with the command line: artledger keys sign STATEMENT --key FILE
If the key is lost or stolen: revoke it at ${location.origin}/me/key; without the key, ask whoever runs the service.

${pem}`;

const announce = (keys, publicKey, event) =>
  send("/v1/keys?prepare=true", { public_key: publicKey, event }).then(({ payload }) =>
    envelope(payload, keys, { kind: "key", members: { holder_id: account, public_key: publicKey, event } }));

const making = document.getElementById("make-key");
const before = keyFields(making.querySelector("fieldset"));
onSubmit(making, async (say) => {
  const [first, second] = making.querySelectorAll("[data-new]");
  if (first.value.length < SHORTEST) throw new Error(`the passphrase needs at least ${SHORTEST} characters`);
  if (first.value !== second.value) throw new Error("the two passphrases differ");
  const old = await before();
  say("Making the key…");
  const { pem, key } = await make(first.value);
  download(`artledger-key-${key.keyid.slice(0, 8)}.pem`, pem);
  download(`artledger-recovery-${key.keyid.slice(0, 8)}.txt`, recoverySheet(pem, key.keyid));
  store(account, pem);
  say("Announcing it on the log…");
  await send("/v1/keys", await announce(old ? [old, key] : [key], key.publicKey, "added"));
  location.assign("/me/key?made=1");
});

const keeping = document.getElementById("keep-key");
onSubmit(keeping, async (say) => {
  const file = keeping.querySelector("input[type=file]").files[0];
  const pem = await file.text();
  const { keyid } = await open(pem, keeping.querySelector("input[type=password]").value);
  if (!keeping.dataset.keyids.split(" ").includes(keyid)) throw new Error("this is not a key of your account");
  if (!pem.includes("ENCRYPTED")) throw new Error("this key is not encrypted: it is not kept in a browser");
  store(account, pem);
  say("This browser has the key now, encrypted. You need the passphrase to sign.");
});

const forgetting = document.getElementById("forget-key");
forgetting.hidden = !stored(account);
forgetting.addEventListener("click", () => {
  forget(account);
  forgetting.hidden = true;
});

const revoking = document.getElementById("revoke-key");
if (revoking) {
  const unlock = keyFields(revoking.querySelector("fieldset"));
  onSubmit(revoking, async (say) => {
    const key = await unlock();
    const publicKey = revoking.elements.public_key.value;
    say("Revoking the key…");
    await send("/v1/keys", await announce([key], publicKey, "revoked"));
    location.assign("/me/key");
  });
}
