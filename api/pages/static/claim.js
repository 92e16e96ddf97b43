// Verifies a claim's bundle: its records stand on the log, signed by whom they should be, and the verdicts follow from
// their findings by the published rules. Whether the findings follow from the records, `artledger audit claim` shows.

import { parseBundle, parseRecordKeys, requireStatement, runChecks, signedMessage } from "./bundle.js";
import { canonical, equal, fromBase64, hex, parseCanonical, Refused, require, requireKeys, sha256, utf8 } from "./encoding.js";
import { requireSignature } from "./ed25519.js";
import { leafHash, requireInclusion } from "./merkle.js";
import { openCheckpoint, parseProof, parseVkey } from "./note.js";

export const CLAIM_TYPE = "application/vnd.artledger.claim+json;version=1";
const LISTS = { verdicts: "verdict", responses: "response", resolutions: "resolution" };
const MOST_RECORDS = 1000;
const CLAIMANTS = ["artist", "generator"];

const makerOf = ({ kind, predicate }) => ({
  claim: { roles: CLAIMANTS, holder: predicate.claimant_id, always: false },
  response: { roles: CLAIMANTS, holder: predicate.party_id, always: false },
  resolution: { roles: ["auditor"], holder: predicate.auditor_id, always: true },
})[kind];

function parseClaim(bytes) {
  const claim = parseCanonical(bytes, "the claim’s bundle");
  requireKeys(claim, "claim,evidence,mediaType,proofs,resolutions,responses,rules,verdicts", "the claim’s bundle");
  require(claim.mediaType === CLAIM_TYPE, "the claim’s bundle is of another version");
  const lists = ["evidence", ...Object.keys(LISTS)].map((name) => claim[name]);
  require([...lists, claim.proofs].every(Array.isArray), "the claim’s bundle is malformed");
  require(lists.reduce((sum, list) => sum + list.length, 0) <= MOST_RECORDS, "the claim’s bundle has too many records");
  return claim;
}

// A record as others build on it. The keys of further signers stand in its proof; whose they are is checked later.
async function openRecord(document, keys, checkpoints) {
  const bundle = parseBundle(utf8(canonical(document)));
  const payload = fromBase64(bundle.envelope.payload, "the payload");
  const statement = requireStatement(payload, null);
  const proof = parseProof(bundle.proof);
  const { signatures } = bundle.envelope;
  require(proof.extra.length === 32 * signatures.length, "the keys beside the proof are not those of the record’s signatures");
  const signers = [];
  for (const [place, signature] of signatures.entries()) {
    requireKeys(signature, "keyid,sig", "a signature");
    const raw = proof.extra.slice(32 * place, 32 * place + 32);
    require(hex(await sha256(raw)) === signature.keyid, "a signature names another key than the proof");
    require(place > 0 || keys.has(signature.keyid), "the record is not signed by a key named here");
    require(!signers.includes(signature.keyid), "two signatures are by one key");
    signers.push(signature.keyid);
    const value = fromBase64(signature.sig, "a signature of the record");
    require(value.length === 64, "a signature of the record has not 64 bytes");
    await requireSignature(raw, value, signedMessage(payload), "the signature of the record");
  }
  const checkpoint = await checkpoints(proof.checkpoint);
  require(statement.predicate.origin === checkpoint.origin, "the statement was made for another log");
  const leaf = await leafHash(utf8(canonical(bundle.envelope)));
  await requireInclusion(leaf, proof.index, checkpoint.size, proof.path, checkpoint.root);
  const { predicate, predicateType, subject } = statement;
  return {
    kind: predicateType.split(":")[2], predicate, subject: subject[0].digest.sha256, index: proof.index,
    leaf: hex(leaf), payload: hex(await sha256(payload)), signers: signers.slice(1),
  };
}

async function openRecords(claim, keys, logKey) {
  const known = new Map();
  const checkpoints = async (text) => {
    if (!known.has(text)) known.set(text, await openCheckpoint(text, logKey));
    return known.get(text);
  };
  const open = async (document, what, kind) => {
    let record;
    try {
      record = await openRecord(document, keys, checkpoints);
    } catch (error) {
      throw new Refused(`${what}: ${error instanceof Refused ? error.message : "it is malformed"}`);
    }
    require(!kind || record.kind === kind, `${what} is a ${record.kind} record`);
    return record;
  };
  const opened = { claim: await open(claim.claim, "the claim", "claim"), evidence: [] };
  for (const [name, kind] of [...Object.entries(LISTS), ["evidence", null]]) {
    opened[name] = [];
    for (const [place, document] of claim[name].entries()) {
      opened[name].push(await open(document, `${kind ?? "evidence"} ${place + 1}`, kind));
    }
  }
  const ordered = opened.verdicts.every((each, place) => place === 0 || opened.verdicts[place - 1].index < each.index);
  require(ordered, "the verdicts are not in the order of the log");
  opened.said = [opened.claim, ...opened.verdicts, ...opened.responses, ...opened.resolutions];
  return opened;
}

function announcedKeys(evidence) {
  const found = new Map();
  for (const { kind, predicate, subject, index } of evidence) {
    if (kind !== "key") continue;
    const key = found.get(subject) ?? { role: predicate.role, holder: predicate.holder_id, from: null, until: null };
    found.set(subject, predicate.event === "revoked" ? { ...key, until: index } : { ...key, from: index });
  }
  return found;
}

// Who made the claim and the answers, as far as the key records in the bundle tell. Returns those that only the service states.
function requireMakers(opened) {
  const announced = announcedKeys(opened.evidence);
  const alone = [];
  for (const record of opened.said) {
    const maker = makerOf(record);
    if (!maker) continue;
    const isTheirs = (key) => maker.roles.includes(key.role) && key.holder === maker.holder;
    for (const keyid of record.signers) {
      const key = announced.get(keyid);
      if (!key) continue;
      require(isTheirs(key), `the ${record.kind} is signed with a key of somebody else`);
      require(key.until === null || key.until > record.index, `the ${record.kind} is signed with a key that was revoked`);
      require(key.from === null || key.from < record.index, `the ${record.kind} is signed with a key that was announced later`);
    }
    require(!maker.always || record.signers.length, `the ${record.kind} lacks its maker’s signature`);
    const good = [...announced].filter(([, key]) => isTheirs(key) && key.from !== null && key.from < record.index
      && (key.until === null || key.until > record.index)).map(([keyid]) => keyid);
    require(!good.length || good.some((keyid) => record.signers.includes(keyid)), `the ${record.kind} lacks its maker’s signature`);
    if (!record.signers.length || record.signers.some((keyid) => !announced.has(keyid))) alone.push(record.kind);
  }
  return alone;
}

const refsOf = ({ predicate }) => [...(predicate.refs ?? []), ...(predicate.evidence ?? []).map((each) => each.ref)];

function requireReferences(opened) {
  const held = new Map([...opened.said, ...opened.evidence].map((each) => [each.predicate.record_id, each]));
  let count = 0;
  for (const record of opened.said) {
    for (const ref of refsOf(record)) {
      const found = held.get(ref.record_id);
      require(found && found.leaf === ref.leaf_hash && found.index < record.index,
        `the ${record.kind} names record ${ref.record_id}, which is missing here or has another leaf hash`);
      count += 1;
    }
  }
  return count;
}

function requireVerdicts(opened, rules) {
  const table = rules.rules?.[opened.claim.predicate.claim_type];
  require(Array.isArray(table) && table.length, "these rules do not judge such claims");
  for (const { predicate } of opened.verdicts) {
    const codes = new Set(predicate.evidence.map((each) => each.finding));
    const rule = table.find((each) => !each.any.length || each.any.some((code) => codes.has(code)));
    require(rule, "no rule applies");
    require(rule.verdict === predicate.verdict, `by the rules its findings make the claim ${rule.verdict}; the verdict says ${predicate.verdict}`);
  }
  return opened.verdicts.at(-1)?.predicate.verdict ?? "no verdict yet";
}

/** As `verifyBundle`, for the bundle of a claim. */
export async function verifyClaim(bytes, logKey, recordKeys, report) {
  const state = {};
  const checks = [
    ["The claim’s bundle has its one valid encoding", () => { state.claim = parseClaim(bytes); }],
    ["All its records are signed, and the log holds them", async () => {
      state.opened = await openRecords(state.claim, await parseRecordKeys(recordKeys), await parseVkey(logKey));
      return `${state.opened.said.length + state.opened.evidence.length} records`;
    }],
    ["Claim and answers are signed by those who made them", () => {
      state.alone = requireMakers(state.opened);
      return state.alone.length ? `only the service states who made these: ${state.alone.join(", ")}` : "";
    }],
    ["Verdicts and answers are about this claim", () => {
      const { claim, said } = state.opened;
      require(said.every((each) => each === claim || each.subject === claim.payload), "a record is about another claim");
    }],
    ["Every record that they name is in the bundle", () => `${requireReferences(state.opened)} references`],
    ["The rules are those that the verdicts name", async () => {
      const digest = hex(await sha256(utf8(canonical(state.claim.rules))));
      require(state.opened.verdicts.every((each) => each.predicate.rules === digest), "a verdict was made by other rules");
      return `digest ${digest}`;
    }],
    ["The verdicts follow from their findings by these rules", () => requireVerdicts(state.opened, state.claim.rules)],
  ];
  const verdict = await runChecks(checks, report);
  const further = "use artledger audit claim";
  if (state.claim?.proofs.length) report({ name: "Proofs about lists of training works", state: "not-checked", detail: further });
  report({ name: "The findings follow from the records", state: "not-checked", detail: further });
  report({ name: "Nothing else on the log bears on the claim", state: "not-checked", detail: "only the whole log shows that: artledger audit log" });
  return verdict;
}
