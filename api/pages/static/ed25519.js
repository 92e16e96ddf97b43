// Ed25519 (RFC 8032) through WebCrypto, which accepts keys that it should not: those are refused here first.

import { Refused, require } from "./encoding.js";

const P = 2n ** 255n - 19n;

function power(base, exponent) {
  let result = 1n;
  for (let square = base % P; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}

const D = (((-121665n * power(121666n, P - 2n)) % P) + P) % P;

// Under points of small order one signature holds for many messages; a y of p or more is a second encoding of a key.
export function requireSoundKey(raw) {
  require(raw.length === 32, "an Ed25519 public key has 32 bytes");
  const y = raw.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n) & (2n ** 255n - 1n);
  require(y < P, "the public key is not canonically encoded");
  const y2 = (y * y) % P;
  const small = (y * (y2 - 1n) * (D * y2 * y2 + 2n * y2 - 1n)) % P === 0n;
  require(!small, "the public key has small order");
  const square = (((y2 - 1n) * (D * y2 + 1n)) % P + P) % P;
  require(power(square, (P - 1n) / 2n) === 1n, "the public key is no point of the curve");
}

// Throws Refused for a signature that does not fit, Error where this browser has no Ed25519.
export async function requireSignature(raw, signature, message, what) {
  requireSoundKey(raw);
  const key = await crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, false, ["verify"]);
  if (!(await crypto.subtle.verify({ name: "Ed25519" }, key, signature, message))) {
    throw new Refused(`${what} does not fit`);
  }
}

// Why signatures cannot be checked here, or null.
export async function unavailable() {
  if (!globalThis.crypto?.subtle) {
    return "This browser offers WebCrypto only over https or on localhost.";
  }
  try {
    const base = Uint8Array.from([0x58, ...Array(31).fill(0x66)]);
    await crypto.subtle.importKey("raw", base, { name: "Ed25519" }, false, ["verify"]);
    return null;
  } catch {
    return "This browser’s WebCrypto does not know Ed25519.";
  }
}
