// Command vectors prints hashes of map keys, computed by the map types' own hasher functions, and
// all that is needed to compute them anew: see ../README.md for the format.
//
//	vectors cases	the types, keys and memory: the same for every release
//	vectors hashes	this process's random keys, the names of the hashers, and the hashes
package main

import (
	"bufio"
	"fmt"
	"os"
)

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: vectors cases|hashes")
		os.Exit(64)
	}
	cases := makeCases()
	d := newDumper(out)
	if os.Args[1] == "cases" {
		d.printCases(cases)
	} else {
		d.printHashes(cases)
	}
}
