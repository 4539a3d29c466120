//go:build go1.18
// +build go1.18

package main

import "strconv"

// Generic types and functions: the runtime names them main.pair[int,string], and code that is
// shared between instances gets the map type from a dictionary.

type pair[A comparable, B any] struct {
	first  A
	second B
}

type table[K comparable, V any] struct {
	rows map[K]V
	back map[pair[K, int]]*table[K, V]
}

type index[K comparable] map[K][]K

func newTable[K comparable, V any](n int, key func(int) K, elem func(int) V) *table[K, V] {
	t := &table[K, V]{rows: map[K]V{}, back: map[pair[K, int]]*table[K, V]{}}
	for i := 0; i < n; i++ {
		t.rows[key(i)] = elem(i)
		t.back[pair[K, int]{key(i), i}] = t
	}
	return t
}

var (
	genStrings *table[string, pair[int, bool]]
	genInts    *table[int64, *record]
	genStructs *table[pair[string, uint8], []byte]
	genIndex   index[userID]
	genSet     map[pair[colour, celsius]]struct{}
)

func runTypes118() {
	genStrings = newTable(12, strconv.Itoa, func(i int) pair[int, bool] {
		return pair[int, bool]{i, i > 3}
	})
	genInts = newTable(20, func(i int) int64 { return int64(i) << 40 }, func(i int) *record {
		return &record{ID: uint32(i)}
	})
	genStructs = newTable(7, func(i int) pair[string, uint8] {
		return pair[string, uint8]{strconv.Itoa(i), uint8(i)}
	}, func(i int) []byte { return make([]byte, i) })
	genIndex = index[userID]{"a": {"b", "c"}, "d": nil}
	genSet = map[pair[colour, celsius]]struct{}{{1, 20.5}: {}, {2, -3}: {}}

	noteMap("main.genStrings.rows", byField, genStrings.rows)
	noteMap("main.genStrings.back", byField, genStrings.back)
	noteMap("main.genInts.rows", byField, genInts.rows)
	noteMap("main.genInts.back", byField, genInts.back)
	noteMap("main.genStructs.rows", byField, genStructs.rows)
	noteMap("main.genStructs.back", byField, genStructs.back)
	noteMap("main.genIndex", byGlobal, genIndex)
	noteMap("main.genSet", byGlobal, genSet)
}
