//go:build go1.21
// +build go1.21

package main

import (
	"maps"
	"strconv"
)

// maps.Clone and the clear built-in.
var (
	cloneInts    map[int]int
	cloneStrings map[string]string
	cloneBig     map[bigKey]bigElem // classic clones share the keys' objects
	cloneSmall   map[string]int
	cloneEmpty   map[string]int
	cloneLarge   map[string]*record
	cloneGrown   map[string]string
	clearInts    = map[int]int{}
	clearNaN     = map[float64]int{}
	clearAgain   = map[string]*record{}
)

func runTypes121() {
	cloneInts, cloneStrings = maps.Clone(typInt), maps.Clone(typStrings)
	cloneBig, cloneSmall = maps.Clone(typBigBoth), maps.Clone(typOne)
	cloneEmpty, cloneLarge = maps.Clone(typEmpty), maps.Clone(typLargeStr)
	cloneGrown = maps.Clone(typStrings)
	for i := 0; i < 150; i++ {
		cloneGrown["more "+strconv.Itoa(i)] = "x"
		clearInts[i], clearNaN[typFloat64[0]], clearAgain[strconv.Itoa(i)] = i, i, &record{}
	}
	clear(clearInts)
	clear(clearNaN)
	clear(clearAgain)
	clearAgain["after"] = &record{Name: "after"}

	noteMap("main.cloneInts", byGlobal, cloneInts)
	noteMap("main.cloneStrings", byGlobal, cloneStrings)
	noteMap("main.cloneBig", byGlobal, cloneBig)
	noteMap("main.cloneSmall", byGlobal, cloneSmall)
	noteMap("main.cloneEmpty", byGlobal, cloneEmpty)
	noteMap("main.cloneLarge", byGlobal, cloneLarge)
	noteMap("main.cloneGrown", byGlobal, cloneGrown)
	noteMap("main.clearInts", byGlobal, clearInts)
	noteMap("main.clearNaN", byGlobal, clearNaN)
	noteMap("main.clearAgain", byGlobal, clearAgain)
}
