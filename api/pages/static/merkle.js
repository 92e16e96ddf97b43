// The RFC 9162 tree: leaf hashes and inclusion proofs.

import { equal, require, sha256 } from "./encoding.js";

export const leafHash = (entry) => sha256(Uint8Array.of(0), entry);
const nodeHash = (left, right) => sha256(Uint8Array.of(1), left, right);

// RFC 9162 section 2.1.3.2. `index` and `size` are BigInt; `path` runs from the leaf's sibling upward.
export async function requireInclusion(leaf, index, size, path, root) {
  require(index < size, `entry ${index} is not in a tree of ${size}`);
  let node = leaf;
  let position = index;
  let last = size - 1n;
  for (const sibling of path) {
    require(last > 0n, "the inclusion path is too long");
    if (position & 1n || position === last) {
      node = await nodeHash(sibling, node);
      while (!(position & 1n) && position > 0n) {
        position >>= 1n;
        last >>= 1n;
      }
    } else {
      node = await nodeHash(node, sibling);
    }
    position >>= 1n;
    last >>= 1n;
  }
  require(last === 0n, "the inclusion path is too short");
  require(equal(node, root), "the inclusion path leads to another root hash");
}
