// Encodings with exactly one text per value: whatever says the same in other bytes is refused.

export class Refused extends Error {}

export function require(condition, message) {
  if (!condition) throw new Refused(message);
}

export const utf8 = (text) => new TextEncoder().encode(text);

export function utf8Text(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Refused("not UTF-8");
  }
}

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export function fromHex(text, length) {
  require(/^([0-9a-f]{2})*$/.test(text) && text.length === 2 * length, `expected ${length} bytes in lowercase hex`);
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export const toBase64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

// Standard, padded base64 (RFC 4648 section 4) without stray bits.
export function fromBase64(text, what) {
  let bytes;
  try {
    bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    throw new Refused(`${what} is not base64`);
  }
  require(toBase64(bytes) === text, `${what} is not in its canonical base64`);
  return bytes;
}

export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}

export const equal = (a, b) => a.length === b.length && a.every((byte, index) => byte === b[index]);

const MAX_DEPTH = 64;

// RFC 8785 for what records hold: strings, small integers, booleans, null, arrays, objects with ASCII keys.
export function canonical(value, levels = MAX_DEPTH) {
  if (value !== null && typeof value === "object") {
    require(levels > 0, `more than ${MAX_DEPTH} arrays and objects inside each other`);
    if (Array.isArray(value)) return `[${value.map((each) => canonical(each, levels - 1)).join(",")}]`;
    const members = Object.keys(value).sort().map((key) => {
      require(/^[\x00-\x7f]*$/.test(key), "a key is not ASCII");
      return `${JSON.stringify(key)}:${canonical(value[key], levels - 1)}`;
    });
    return `{${members.join(",")}}`;
  }
  require(typeof value !== "number" || Number.isSafeInteger(value), "a number is not a small integer");
  require(typeof value !== "string" || !/\p{Surrogate}/u.test(value), "a string has half a character (a lone surrogate)");
  return JSON.stringify(value);
}

// The value in `bytes`, which must be exactly its canonical encoding.
export function parseCanonical(bytes, what) {
  let value;
  const text = utf8Text(bytes);
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refused(`${what} is not JSON`);
  }
  require(canonical(value) === text, `${what} is not in canonical JSON (RFC 8785)`);
  return value;
}

export function requireKeys(value, keys, what) {
  require(value !== null && typeof value === "object" && !Array.isArray(value), `${what} is not an object`);
  const names = Object.keys(value).sort();
  require(names.join() === keys && names.length === keys.split(",").length, `${what} has other members than ${keys}`);
}

export async function sha256(...parts) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", concat(...parts)));
}
