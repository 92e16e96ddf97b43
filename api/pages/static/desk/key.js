// A key of one's own: made here, kept here encrypted, and used to sign. It never leaves this browser unencrypted.

import { unavailable } from "../ed25519.js";
import { signedMessage } from "../bundle.js";
import { fromBase64, hex, parseCanonical, require, sha256, toBase64 } from "../encoding.js";
import { encrypted, isEncrypted, opened } from "./pem.js";

const PAYLOAD_TYPE = "application/vnd.in-toto+json";
export const digestOf = async (file) => hex(await sha256(new Uint8Array(await file.arrayBuffer())));

const shelf = (account) => `artledger-key-${account}`;

export const stored = (account) => localStorage.getItem(shelf(account));
export const store = (account, pem) => localStorage.setItem(shelf(account), pem);
export const forget = (account) => localStorage.removeItem(shelf(account));

// A new key under a passphrase. Throws Error where this browser cannot make one.
export async function make(passphrase) {
  const missing = await unavailable();
  if (missing) throw new Error(`${missing} Make the key with the command \`artledger keys new\` instead.`);
  const pair = await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"]);
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
  return { pem: await encrypted(pkcs8, passphrase), key: await keyOf(pkcs8) };
}

// The key in PEM text. Throws Refused for a wrong passphrase or another file.
export async function open(pem, passphrase) {
  const missing = await unavailable();
  if (missing) throw new Error(`${missing} Sign with the command \`artledger keys sign\` instead.`);
  return keyOf(await opened(pem, passphrase));
}

async function keyOf(pkcs8) {
  const how = { name: "Ed25519" };
  let jwk;
  try {
    jwk = await crypto.subtle.exportKey("jwk", await crypto.subtle.importKey("pkcs8", pkcs8, how, true, ["sign"]));
  } catch {
    require(false, "the file holds no Ed25519 key");
  }
  const padded = jwk.x.replace(/-/g, "+").replace(/_/g, "/").padEnd(44, "=");
  const publicKey = fromBase64(padded, "the public key");
  const privateKey = await crypto.subtle.importKey("pkcs8", pkcs8, how, false, ["sign"]);
  return { privateKey, publicKey: hex(publicKey), keyid: hex(await sha256(publicKey)) };
}

// The DSSE envelope of a payload that a service prepared, signed by these keys in this order.
// `expected`: kind of the record, members of its predicate, digest of its subject, and the uses that it may allow at most
// (a picture's own file may forbid some). Anything else is not signed.
export async function envelope(payloadText, keys, expected) {
  const payload = fromBase64(payloadText, "the prepared statement");
  const statement = parseCanonical(payload, "the prepared statement");
  require(statement.predicateType === `urn:artledger:${expected.kind}:v1`, "the service prepared another statement");
  for (const [name, value] of Object.entries(expected.members ?? {})) {
    require(statement.predicate[name] === value, `the service prepared another statement: ${name} differs`);
  }
  const subject = statement.subject[0].digest.sha256;
  require(!expected.subject || subject === expected.subject, "the service prepared a statement about another file");
  const allowed = expected.uses ? statement.predicate.allowed_uses : [];
  require(allowed.every((use) => expected.uses.includes(use)), "the service prepared a statement that allows more uses");
  const message = signedMessage(payload);
  const signatures = [];
  for (const { privateKey, keyid } of keys) {
    const sig = toBase64(new Uint8Array(await crypto.subtle.sign({ name: "Ed25519" }, privateKey, message)));
    signatures.push({ keyid, sig });
  }
  return { payload: payloadText, payloadType: PAYLOAD_TYPE, signatures };
}

// Prepares the fields in which a page asks for the key, and returns what opens it.
// The fieldset names the account (`data-account`) and its valid keys (`data-keyids`); without any key, null is given.
export function keyFields(fieldset) {
  const { account, keyids } = fieldset.dataset;
  if (!keyids) return async () => null;
  const good = keyids.split(" ");
  const file = fieldset.querySelector("input[type=file]");
  const passphrase = fieldset.querySelector("input[type=password]");
  fieldset.hidden = false;
  const kept = stored(account);
  fieldset.querySelector("[data-kept]").hidden = !kept;
  fieldset.querySelector("[data-choose]").open = !kept;
  let last = null;
  return async () => {
    if (last) return last;
    const pem = file.files.length ? await file.files[0].text() : stored(account);
    require(pem, "choose your key file");
    require(!isEncrypted(pem) || passphrase.value, "type the passphrase of your key");
    const key = await open(pem, passphrase.value);
    require(good.includes(key.keyid), "this is not a key of your account");
    passphrase.value = "";
    last = key;
    return key;
  };
}
