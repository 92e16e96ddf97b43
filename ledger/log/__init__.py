"""The transparency log: Merkle tree, checkpoints, tiles, proofs, append and publish."""
