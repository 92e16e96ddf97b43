// Verifies a bundle: the record's signatures, and that the log which signed the checkpoint holds it.

import { canonical, concat, equal, fromBase64, fromHex, hex, parseCanonical, require, requireKeys, Refused, sha256, utf8 } from "./encoding.js";
import { requireSignature, requireSoundKey, unavailable } from "./ed25519.js";
import { leafHash, requireInclusion } from "./merkle.js";
import { openCheckpoint, parseProof, parseVkey } from "./note.js";

const MEDIA_TYPE = "application/vnd.artledger.bundle+json;version=1";
const PAYLOAD_TYPE = "application/vnd.in-toto+json";

export function parseBundle(bytes) {
  const bundle = parseCanonical(bytes, "the bundle");
  requireKeys(bundle, "envelope,mediaType,proof", "the bundle");
  require(bundle.mediaType === MEDIA_TYPE, "the bundle is of another version");
  requireKeys(bundle.envelope, "payload,payloadType,signatures", "the envelope");
  require(bundle.envelope.payloadType === PAYLOAD_TYPE, "the payload is of another type");
  require(Array.isArray(bundle.envelope.signatures) && bundle.envelope.signatures.length, "the envelope is not signed");
  require(typeof bundle.envelope.payload === "string" && typeof bundle.proof === "string", "the bundle is malformed");
  return bundle;
}

// `expected`: what a page shows; null where nothing but the bundle itself says what it is about.
export function requireStatement(payload, expected) {
  const statement = parseCanonical(payload, "the statement");
  requireKeys(statement, "_type,predicate,predicateType,subject", "the statement");
  require(statement._type === "https://in-toto.io/Statement/v1", "the statement is not an in-toto Statement v1");
  require(/^urn:artledger:[a-z-]+:v1$/.test(statement.predicateType), "the statement is of an unknown kind");
  const { predicate, subject } = statement;
  require(!expected || predicate?.record_id === expected.recordId, "the statement is of another record than this page");
  require(Array.isArray(subject) && subject.length === 1, "the statement has not one subject");
  requireKeys(subject[0], "digest,name", "the subject");
  requireKeys(subject[0].digest, "sha256", "the subject’s digest");
  if (!expected) return statement;
  require(subject[0].digest.sha256 === expected.subject, "the statement is about another file than this page");
  require((predicate.verdict ?? "") === expected.verdict, "the signed verdict is another than this page shows");
  return statement;
}

// What DSSE v1 signs: its pre-authentication encoding.
export const signedMessage = (payload) =>
  concat(utf8(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `), payload);

// DSSE v1: every signature is by a known key, over the payload as received.
async function requireEnvelope(envelope, payload, recordKeys) {
  const message = signedMessage(payload);
  const seen = new Set();
  for (const signature of envelope.signatures) {
    requireKeys(signature, "keyid,sig", "a signature");
    const key = recordKeys.get(signature.keyid);
    require(key, `signed by a key that is not named here: ${String(signature.keyid).slice(0, 64)}`);
    require(!seen.has(signature.keyid), "two signatures are by one key");
    seen.add(signature.keyid);
    const bytes = fromBase64(signature.sig, "a signature of the record");
    require(bytes.length === 64, "a signature of the record has not 64 bytes");
    await requireSignature(key, bytes, message, "the signature of the record");
  }
}

// The proof's extra line repeats the signers' keys, in order: it may hold nothing else.
function requireSigners(envelope, extra, recordKeys) {
  const signers = envelope.signatures.map((signature) => recordKeys.get(signature.keyid));
  require(equal(extra, concat(...signers)), "the keys beside the proof are not those of the record’s signatures");
}

export async function parseRecordKeys(texts) {
  const keys = new Map();
  for (const text of texts) {
    const raw = fromHex(text, 32);
    requireSoundKey(raw);
    keys.set(hex(await sha256(raw)), raw);
  }
  return keys;
}

/** Runs checks, each a name and a function, in order; after one that failed, no other. Returns as `verifyBundle` does. */
export async function runChecks(checks, report) {
  const obstacle = await unavailable();
  let verdict = obstacle ? "not-checked" : "passed";
  for (const [name, check] of checks) {
    if (verdict !== "passed") {
      report({ name, state: "not-checked", detail: obstacle ?? "an earlier check failed" });
      continue;
    }
    try {
      report({ name, state: "passed", detail: (await check()) ?? "" });
    } catch (error) {
      verdict = "failed";
      report({ name, state: "failed", detail: error instanceof Refused ? error.message : "it is malformed" });
    }
  }
  return verdict;
}

/**
 * Runs every check in order and reports each as {name, state: "passed" | "failed" | "not-checked", detail}.
 * `expected`: what the page shows: recordId, subject, verdict, leafIndex (text); null where there is no page.
 * `logKey`: vkey; `recordKeys`: hex.
 * Returns "passed", "failed" or "not-checked".
 */
export async function verifyBundle(bytes, expected, logKey, recordKeys, report) {
  const state = {};
  const checks = [
    ["The bundle has its one valid encoding", () => {
      state.bundle = parseBundle(bytes);
      state.payload = fromBase64(state.bundle.envelope.payload, "the payload");
    }],
    [expected ? "The statement is the one on this page" : "The statement is one of this format", () => {
      const { predicate, predicateType, subject } = (state.statement = requireStatement(state.payload, expected));
      const kind = predicateType.split(":")[2];
      return expected ? "" : `${kind} ${predicate.record_id}, about the SHA-256 ${subject[0].digest.sha256}`;
    }],
    ["The record is signed by a key named here", async () => {
      const keys = await parseRecordKeys(recordKeys);
      await requireEnvelope(state.bundle.envelope, state.payload, keys);
      state.proof = parseProof(state.bundle.proof);
      requireSigners(state.bundle.envelope, state.proof.extra, keys);
    }],
    ["The checkpoint is signed by the log", async () => {
      state.checkpoint = await openCheckpoint(state.proof.checkpoint, await parseVkey(logKey));
      require(state.statement.predicate.origin === state.checkpoint.origin, "the statement was made for another log");
      return `tree of ${state.checkpoint.size} entries`;
    }],
    ["The log holds the record as this entry", async () => {
      const { proof, checkpoint } = state;
      require(!expected || proof.index.toString() === expected.leafIndex, "the proof is of another log entry than this page shows");
      const leaf = await leafHash(utf8(canonical(state.bundle.envelope)));
      await requireInclusion(leaf, proof.index, checkpoint.size, proof.path, checkpoint.root);
      return `${expected ? "" : `entry ${proof.index}, `}leaf hash ${hex(leaf)}`;
    }],
  ];
  const verdict = await runChecks(checks, report);
  const { others = 0 } = state.checkpoint ?? {};
  report({ name: "Witnesses saw the same log", state: "not-checked", detail: `${others} other signatures; use artledger audit` });
  report({ name: "The fingerprint and the scores are right", state: "not-checked", detail: "needs the picture; use artledger audit record" });
  return verdict;
}
