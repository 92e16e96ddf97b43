// Private keys as files: PKCS #8 in PEM, encrypted as PBES2 has it (RFC 8018), so that openssl and `artledger` read them.

import { concat, fromBase64, fromHex, hex, require, toBase64, utf8 } from "../encoding.js";

const ROUNDS = 600_000;
const [SEQUENCE, INTEGER, OCTETS, NULL, OID] = [0x30, 0x02, 0x04, 0x05, 0x06];
const PBES2 = "2a864886f70d01050d";
const PBKDF2 = "2a864886f70d01050c";
const HMAC_SHA256 = "2a864886f70d0209";
const AES_256_CBC = "60864801650304012a";
const LABELS = { encrypted: "ENCRYPTED PRIVATE KEY", plain: "PRIVATE KEY" };

function der(tag, ...parts) {
  const body = concat(...parts);
  let length = Uint8Array.of(body.length);
  if (body.length > 127) {
    const bytes = [];
    for (let rest = body.length; rest > 0; rest >>= 8) bytes.unshift(rest & 0xff);
    length = Uint8Array.of(0x80 | bytes.length, ...bytes);
  }
  return concat(Uint8Array.of(tag), length, body);
}

const oid = (text) => der(OID, fromHex(text, text.length / 2));

// One element, and what follows it.
function read(bytes) {
  require(bytes.length >= 2, "the key file ends too early");
  let length = bytes[1];
  let start = 2;
  if (length & 0x80) {
    const count = length & 0x7f;
    require(count >= 1 && count <= 3 && bytes.length >= 2 + count, "the key file cannot be read");
    length = bytes.slice(2, 2 + count).reduce((value, byte) => value * 256 + byte, 0);
    start += count;
  }
  require(bytes.length >= start + length, "the key file ends too early");
  return [{ tag: bytes[0], body: bytes.slice(start, start + length) }, bytes.slice(start + length)];
}

function elements(bytes) {
  const found = [];
  for (let rest = bytes; rest.length; ) {
    const [element, after] = read(rest);
    found.push(element);
    rest = after;
  }
  return found;
}

const inside = (element, tag) => {
  require(element?.tag === tag, "the key file is encrypted in a way that is not read here");
  return tag === SEQUENCE ? elements(element.body) : element.body;
};

async function cipherKey(passphrase, salt, iterations) {
  const base = await crypto.subtle.importKey("raw", utf8(passphrase), "PBKDF2", false, ["deriveKey"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  return crypto.subtle.deriveKey(how, base, { name: "AES-CBC", length: 256 }, false, ["encrypt", "decrypt"]);
}

function pem(label, bytes) {
  const lines = toBase64(bytes).match(/.{1,64}/g).join("\n");
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

// PEM text of a private key (PKCS #8 bytes) under a passphrase.
export async function encrypted(pkcs8, passphrase) {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const iv = crypto.getRandomValues(new Uint8Array(16));
  const key = await cipherKey(passphrase, salt, ROUNDS);
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-CBC", iv }, key, pkcs8));
  const rounds = Uint8Array.of((ROUNDS >> 16) & 0xff, (ROUNDS >> 8) & 0xff, ROUNDS & 0xff);
  const derivation = der(
    SEQUENCE,
    oid(PBKDF2),
    der(SEQUENCE, der(OCTETS, salt), der(INTEGER, rounds), der(SEQUENCE, oid(HMAC_SHA256), der(NULL))),
  );
  const cipher = der(SEQUENCE, oid(AES_256_CBC), der(OCTETS, iv));
  const algorithm = der(SEQUENCE, oid(PBES2), der(SEQUENCE, derivation, cipher));
  return pem(LABELS.encrypted, der(SEQUENCE, algorithm, der(OCTETS, sealed)));
}

export const isEncrypted = (text) => text.includes(`-----BEGIN ${LABELS.encrypted}-----`);

// The private key (PKCS #8 bytes) in PEM text. Throws Refused for a wrong passphrase or another file.
export async function opened(text, passphrase) {
  const label = isEncrypted(text) ? LABELS.encrypted : LABELS.plain;
  const found = text.match(new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`));
  require(found, "this is not a key file (PKCS #8 PEM)");
  const bytes = fromBase64(found[1].replace(/\s/g, ""), "the key file");
  return isEncrypted(text) ? decrypted(bytes, passphrase) : bytes;
}

async function decrypted(bytes, passphrase) {
  const [algorithm, sealed] = inside(elements(bytes)[0], SEQUENCE);
  const [scheme, parameters] = inside(algorithm, SEQUENCE);
  require(hex(inside(scheme, OID)) === PBES2, "the key file is encrypted in a way that is not read here");
  const [derivation, cipher] = inside(parameters, SEQUENCE);
  const [function_, how] = inside(derivation, SEQUENCE);
  const [salt, rounds, ...further] = inside(how, SEQUENCE);
  const [name, iv] = inside(cipher, SEQUENCE);
  const hash = further.at(-1);
  require(
    hex(inside(function_, OID)) === PBKDF2 && hex(inside(name, OID)) === AES_256_CBC &&
      hash?.tag === SEQUENCE && hex(inside(inside(hash, SEQUENCE)[0], OID)) === HMAC_SHA256,
    "the key file is encrypted in a way that is not read here",
  );
  const iterations = inside(rounds, INTEGER).reduce((value, byte) => value * 256 + byte, 0);
  require(iterations > 0 && iterations <= 10_000_000, "the key file asks for too many rounds");
  const key = await cipherKey(passphrase, inside(salt, OCTETS), iterations);
  try {
    const how_ = { name: "AES-CBC", iv: inside(iv, OCTETS) };
    return new Uint8Array(await crypto.subtle.decrypt(how_, key, inside(sealed, OCTETS)));
  } catch {
    require(false, "the passphrase is wrong, or the file is damaged");
  }
}
