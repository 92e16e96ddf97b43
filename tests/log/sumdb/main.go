// Verifies a log in a folder with the Go checksum database's own packages: note for the checkpoint, tlog for the tree.
//
// Usage: main <folder> <vkey>. Prints the tree size; exits 1 at the first thing that is wrong.
package main

import (
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

// folder serves tiles to tlog, which authenticates them against the tree's hash.
type folder string

func (f folder) Height() int                          { return height }
func (f folder) SaveTiles(_ []tlog.Tile, _ [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		// tlog's path names the height ("tile/8/0/000"), tlog-tiles' does not.
		data, err := os.ReadFile(filepath.Join(string(f), strings.Replace(tile.Path(), "tile/8/", "tile/", 1)))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (f folder) entries(tree tlog.Tree) ([][]byte, error) {
	var entries [][]byte
	for start := int64(0); start < tree.N; start += 1 << height {
		width := tree.N - start
		if width > 1<<height {
			width = 1 << height
		}
		tile := tlog.Tile{H: height, L: 0, N: start >> height, W: int(width)}
		data, err := os.ReadFile(filepath.Join(string(f), strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)))
		if err != nil {
			return nil, err
		}
		for ; width > 0; width-- {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return nil, fmt.Errorf("%s is cut short", tile.Path())
			}
			size := int(binary.BigEndian.Uint16(data))
			entries, data = append(entries, data[2:2+size]), data[2+size:]
		}
		if len(data) != 0 {
			return nil, fmt.Errorf("%s is too long", tile.Path())
		}
	}
	return entries, nil
}

func openCheckpoint(f folder, vkey string) (tree tlog.Tree, err error) {
	data, err := os.ReadFile(filepath.Join(string(f), "checkpoint"))
	if err != nil {
		return tree, err
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tree, err
	}
	opened, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return tree, fmt.Errorf("not a checkpoint: %q", opened.Text)
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, err
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, err
}

func verify(f folder, vkey string) (int64, error) {
	tree, err := openCheckpoint(f, vkey)
	if err != nil {
		return 0, err
	}
	entries, err := f.entries(tree)
	if err != nil {
		return 0, err
	}
	reader := tlog.TileHashReader(tree, f)
	for index, entry := range entries {
		proof, err := tlog.ProveRecord(tree.N, int64(index), reader)
		if err != nil {
			return 0, err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, int64(index), tlog.RecordHash(entry)); err != nil {
			return 0, fmt.Errorf("entry %d: %v", index, err)
		}
	}
	return tree.N, nil
}

func main() {
	size, err := verify(folder(os.Args[1]), os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(size)
}
