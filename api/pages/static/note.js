// C2SP signed-note, tlog-checkpoint and tlog-proof, parsed strictly.

import { equal, fromBase64, hex, require, sha256, utf8 } from "./encoding.js";
import { requireSignature, requireSoundKey } from "./ed25519.js";

const ED25519 = 1;

function decimal(text, what) {
  require(/^(0|[1-9][0-9]{0,18})$/.test(text) && BigInt(text) < 2n ** 63n, `${what} is not a plain decimal number`);
  return BigInt(text);
}

function hash(text, what) {
  const bytes = fromBase64(text, what);
  require(bytes.length === 32, `${what} has not 32 bytes`);
  return bytes;
}

// A log's printed key: name+hex8(key id)+base64(type || public key).
export async function parseVkey(text) {
  const match = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/u.exec(text);
  require(match, "the key of the log is not a vkey: name+id+base64");
  const [, name, id, encoded] = match;
  const typed = fromBase64(encoded, "the key of the log");
  require(typed[0] === ED25519, "the key of the log is not of type Ed25519");
  const keyId = (await sha256(utf8(`${name}\n`), typed)).slice(0, 4);
  require(hex(keyId) === id, "the key of the log does not fit its id");
  requireSoundKey(typed.slice(1));
  return { name, keyId, raw: typed.slice(1) };
}

// Text and signatures part at the last empty line.
function parseNote(text) {
  const end = text.lastIndexOf("\n\n");
  require(end >= 0 && text.endsWith("\n"), "the checkpoint has no signatures");
  require(!/[\u0000-\u0009\u000b-\u001f]/.test(text), "the checkpoint has a control character");
  const lines = text.slice(end + 2, -1).split("\n");
  require(lines.length <= 100, "the checkpoint has too many signatures");
  const signatures = lines.map((line) => {
    const match = /^\u2014 ([^+\s]+) (\S+)$/u.exec(line);
    require(match, "a signature line of the checkpoint is malformed");
    const bytes = fromBase64(match[2], "a signature of the checkpoint");
    require(bytes.length > 4, "a signature of the checkpoint is too short");
    return { name: match[1], keyId: bytes.slice(0, 4), signature: bytes.slice(4) };
  });
  return { text: text.slice(0, end + 1), signatures };
}

// What the log commits to, when exactly one signature is by `key`, and it fits.
export async function openCheckpoint(data, key) {
  const note = parseNote(data);
  const ours = note.signatures.filter((line) => line.name === key.name && equal(line.keyId, key.keyId));
  require(ours.length === 1, `the checkpoint is not signed, or signed twice, by ${key.name}`);
  require(ours[0].signature.length === 64, "the signature of the checkpoint has not 64 bytes");
  await requireSignature(key.raw, ours[0].signature, utf8(note.text), "the signature of the checkpoint");
  const [origin, size, root, ...rest] = note.text.split("\n");
  require(rest.pop() === "" && rest.every((line) => line), "the checkpoint has not three lines");
  require(origin === key.name, "the checkpoint is of another log than the key");
  return {
    origin,
    size: decimal(size, "the tree size"),
    root: hash(root, "the root hash"),
    others: note.signatures.length - 1,
  };
}

export function parseProof(text) {
  const end = text.indexOf("\n\n");
  require(end >= 0, "the proof has no checkpoint");
  const [header, extra, index, ...path] = text.slice(0, end).split("\n");
  require(header === "c2sp.org/tlog-proof@v1", "the proof is not a C2SP tlog-proof, version 1");
  require(extra?.startsWith("extra "), "the proof has no line with the signers’ keys");
  require(index?.startsWith("index "), "the proof does not say which log entry it is of");
  require(path.length <= 63, "the inclusion path is too long");
  return {
    extra: fromBase64(extra.slice(6), "the line with the signers’ keys"),
    index: decimal(index.slice(6), "the index of the log entry"),
    path: path.map((line) => hash(line, "a hash of the inclusion path")),
    checkpoint: text.slice(end + 2),
  };
}
