package main

import (
	"reflect"
	"unsafe"
)

// Case "overflow": keys picked, by the map's own hash function, to crowd into few buckets, so that
// these get long overflow chains; in Swiss tables, long probe sequences.

var (
	chainInt     map[int64]int64      // no pointers: overflow buckets are listed in extra
	chainString  map[string]int       // with pointers
	chainPointer map[uint64]*record   //
	chainTwo     map[int]struct{}     // two chains
	chainHoles   map[int64]int64      // a chain with deleted entries all along
	chainWide    map[uint32]struct{}  // 2^16 buckets: the count of overflow buckets is an estimate
	chainBig     map[bigKey]int       // indirect keys
	chainIface   map[interface{}]int8 //
	chainPlain   map[uint64]uint64    // no picking: what a full map has anyway
	chainSkewed  map[uint64]uint64    // one table much fuller than the others
	chainNaN     map[float64]float64  //
)

// pick inserts n keys whose search starts in one of the homes first..first+homes-1.
func pick(m interface{}, n int, first, homes uint64, key func(int) interface{}) interface{} {
	v := reflect.ValueOf(m)
	t := v.Type()
	elem := reflect.New(t.Elem()).Elem()
	keys := reflect.MakeSlice(reflect.SliceOf(t.Key()), 0, n)
	k := reflect.New(t.Key())
	for i := 0; keys.Len() < n; i++ {
		k.Elem().Set(reflect.ValueOf(key(i)))
		if h := homeOf(m, unsafe.Pointer(k.Pointer())); h >= first && h < first+homes {
			keys = reflect.Append(keys, k.Elem())
			v.SetMapIndex(k.Elem(), elem)
		}
	}
	return keys.Interface()
}

func runOverflow() {
	chainInt, chainString = make(map[int64]int64, 400), make(map[string]int, 400)
	chainPointer, chainTwo = make(map[uint64]*record, 400), make(map[int]struct{}, 400)
	chainHoles, chainWide = make(map[int64]int64, 400), make(map[uint32]struct{}, 390000)
	chainBig, chainIface = make(map[bigKey]int, 100), make(map[interface{}]int8, 100)
	chainPlain, chainNaN = make(map[uint64]uint64, 206), map[float64]float64{}

	noteKeyed("main.chainInt", byGlobal, chainInt, pick(chainInt, 300, 5, 1, int64Key))
	noteKeyed("main.chainString", byGlobal, chainString, pick(chainString, 100, 63, 1, stringKey))
	noteKeyed("main.chainPointer", byGlobal, chainPointer,
		pick(chainPointer, 100, 0, 1, uint64Key))
	noteKeyed("main.chainTwo", byGlobal, chainTwo, pick(chainTwo, 150, 10, 2, intKey))
	noteKeyed("main.chainBig", byGlobal, chainBig, pick(chainBig, 40, 3, 1, manyBigKeys))
	noteKeyed("main.chainIface", byGlobal, chainIface, pick(chainIface, 50, 1, 1, ifaceKeyOf))

	holes := pick(chainHoles, 150, 7, 1, int64Key).([]int64)
	for i := 0; i < len(holes); i += 3 {
		delete(chainHoles, holes[i])
	}
	noteKeyed("main.chainHoles", byGlobal, chainHoles, holes)

	noteKeyed("main.chainWide", byGlobal, chainWide, pickWide(800, 40, 20))

	var plain []uint64
	for i := uint64(0); i < 206; i++ {
		chainPlain[i<<20], plain = i, append(plain, i<<20)
	}
	noteKeyed("main.chainPlain", byGlobal, chainPlain, plain)
	for i := 0; i < 120; i++ {
		chainNaN[zero/zero] = float64(i)
	}
	noteMap("main.chainNaN", byGlobal, chainNaN)
	skew()
}

// pickWide is pick for chainWide: millions of keys are tried, and as interface values they would
// leave as much garbage.
func pickWide(n int, first, homes uint64) (keys []uint32) {
	var key uint32
	for ; len(keys) < n; key++ {
		if h := homeOf(chainWide, unsafe.Pointer(&key)); h >= first && h < first+homes {
			keys = append(keys, key)
			chainWide[key] = struct{}{}
		}
	}
	return keys
}

// skew fills a map with keys of which most begin with the same three bits of hash: in Swiss maps
// one table splits again and again, and the others are named by several directory entries.
func skew() {
	chainSkewed = map[uint64]uint64{}
	even, all := 1000, 1800
	if mapKind == "classic" {
		even, all = 100, 180
	}
	for i := uint64(0); len(chainSkewed) < all; i++ {
		if len(chainSkewed) < even || hashOf(chainSkewed, unsafe.Pointer(&i))>>61 == 5 {
			chainSkewed[i] = ^i
		}
	}
	noteMap("main.chainSkewed", byGlobal, chainSkewed)
}

func manyBigKeys(i int) interface{} {
	k := bigKey{}
	k.Words[7] = uint64(i)
	return k
}
