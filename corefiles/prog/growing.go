package main

import (
	"reflect"
	"strconv"
)

// Case "growing": maps whose writes stopped in the middle of a growth.  In a program with Swiss
// tables the same code leaves maps shortly before and after they grow.

var (
	growInt        map[int]int       // growth just begun
	growIntQuarter map[int64]uint64  // a quarter moved
	growIntHalf    map[uint64]uint64 // half
	growIntLast    map[int]int       // all but the last few
	growSmall      map[int]int       // from four buckets to eight
	growInt32      map[uint32]uint32
	growSet        map[uint64]struct{}
	growString     map[string]int
	growStrHalf    map[string]string
	growPointer    map[string]*record
	growIntPtr     map[uint64]*record
	growStruct     map[mixedKey]point
	growIface      map[interface{}]int
	growBig        map[bigKey]bigElem
	growRanged     map[string]int // ranged over before: old buckets keep their entries
	growRangedInt  map[int]int
	growNaN        map[float64]int
	growDeleted    map[int]int // deleted from during the growth
	growSame       map[int]int // same size: too many overflow buckets
	growSameStr    map[string]int
	growSameLate   map[uint64]*record
	growLarge      map[uint64]uint32
)

// growUntil inserts key(0), key(1)... until a growth from at least minimum entries is done to
// target thousandths; then no more.  Updates move the growth on without adding entries.
func growUntil(m interface{}, minimum, target int, key func(int) interface{}) interface{} {
	return growAfter(func() {}, m, minimum, target, key)
}

// growAfter calls before() once minimum entries are in.
func growAfter(before func(), m interface{}, minimum, target int, key func(int) interface{}) interface{} {
	v := reflect.ValueOf(m)
	t := v.Type()
	keys := reflect.MakeSlice(reflect.SliceOf(t.Key()), 0, minimum)
	elem := reflect.New(t.Elem()).Elem()
	insert := func(i int) {
		k := reflect.New(t.Key()).Elem()
		k.Set(reflect.ValueOf(key(i)))
		keys = reflect.Append(keys, k)
		v.SetMapIndex(k, elem)
	}
	i := 0
	for ; i < minimum; i++ {
		insert(i)
	}
	before()
	for limit := 4*minimum + 64; mapKind == "classic" && i < limit && !early(m, target); i++ {
		insert(i)
	}
	for j := 0; isGrowing(m) && growthDone(m) < target; j++ {
		v.SetMapIndex(keys.Index(j%keys.Len()), elem)
	}
	return keys.Interface()
}

// early: m is growing, and has not come further than it should.
func early(m interface{}, target int) bool {
	return isGrowing(m) && (growthDone(m) <= 100 || growthDone(m) <= target)
}

func intKey(i int) interface{}    { return i * 7 }
func int64Key(i int) interface{}  { return int64(i) << 33 }
func uint64Key(i int) interface{} { return uint64(i) * 0x9e3779b97f4a7c15 }
func uint32Key(i int) interface{} { return uint32(i) }
func stringKey(i int) interface{} { return "key_" + strconv.Itoa(i) }

func structKey(i int) interface{} {
	return mixedKey{"host-" + strconv.Itoa(i%9), uint16(i), [2]byte{1, byte(i)}}
}

func bigKeyOf(i int) interface{} {
	k := bigKey{}
	k.Words[i%20] = uint64(i)
	k.Words[(i+1)%20] = 1
	return k
}

func ifaceKeyOf(i int) interface{} {
	switch i % 4 {
	case 0:
		return i
	case 1:
		return strconv.Itoa(i)
	case 2:
		return float64(i) / 2
	}
	return point{int16(i), int16(i)}
}

func runGrowing() {
	growIntegers()
	growOthers()
	growAfterRange()
	growSameSize()
}

func growIntegers() {
	growInt, growIntQuarter = map[int]int{}, map[int64]uint64{}
	growIntHalf, growIntLast = map[uint64]uint64{}, map[int]int{}
	growSmall, growInt32 = map[int]int{}, map[uint32]uint32{}
	growSet, growLarge = map[uint64]struct{}{}, map[uint64]uint32{}
	noteKeyed("main.growInt", byGlobal, growInt, growUntil(growInt, 100, 0, intKey))
	noteKeyed("main.growIntQuarter", byGlobal, growIntQuarter,
		growUntil(growIntQuarter, 100, 250, int64Key))
	noteKeyed("main.growIntHalf", byGlobal, growIntHalf,
		growUntil(growIntHalf, 160, 500, uint64Key))
	noteKeyed("main.growIntLast", byGlobal, growIntLast, growUntil(growIntLast, 160, 850, intKey))
	noteKeyed("main.growSmall", byGlobal, growSmall, growUntil(growSmall, 20, 500, intKey))
	noteKeyed("main.growInt32", byGlobal, growInt32, growUntil(growInt32, 100, 300, uint32Key))
	noteKeyed("main.growSet", byGlobal, growSet, growUntil(growSet, 60, 600, uint64Key))
	noteKeyed("main.growLarge", byGlobal, growLarge, growUntil(growLarge, 1200, 400, uint64Key))
}

func growOthers() {
	growString, growStrHalf = map[string]int{}, map[string]string{}
	growPointer, growIntPtr = map[string]*record{}, map[uint64]*record{}
	growStruct, growIface = map[mixedKey]point{}, map[interface{}]int{}
	growBig, growDeleted = map[bigKey]bigElem{}, map[int]int{}
	noteKeyed("main.growString", byGlobal, growString, growUntil(growString, 100, 0, stringKey))
	noteKeyed("main.growStrHalf", byGlobal, growStrHalf,
		growUntil(growStrHalf, 100, 500, stringKey))
	noteKeyed("main.growPointer", byGlobal, growPointer,
		growUntil(growPointer, 60, 300, stringKey))
	noteKeyed("main.growIntPtr", byGlobal, growIntPtr, growUntil(growIntPtr, 100, 700, uint64Key))
	noteKeyed("main.growStruct", byGlobal, growStruct, growUntil(growStruct, 60, 400, structKey))
	noteKeyed("main.growIface", byGlobal, growIface, growUntil(growIface, 60, 400, ifaceKeyOf))
	noteKeyed("main.growBig", byGlobal, growBig, growUntil(growBig, 26, 200, bigKeyOf))

	keys := growUntil(growDeleted, 100, 100, intKey).([]int)
	for _, k := range keys[50:60] {
		delete(growDeleted, k)
	}
	noteKeyed("main.growDeleted", byGlobal, growDeleted, keys)
}

// growAfterRange: a map that has been ranged over keeps flags that make the growth leave the
// entries in the old buckets.
func growAfterRange() {
	growRanged, growRangedInt = map[string]int{"first": 1}, map[int]int{-1: 1}
	growNaN = map[float64]int{}
	for i := 0; i < 40; i++ {
		growNaN[zero/zero] = i
	}
	keys := growAfter(rangeAll, growRanged, 100, 500, stringKey).([]string)
	noteKeyed("main.growRanged", byGlobal, growRanged, append(keys, "first"))
	ints := growAfter(rangeAll, growRangedInt, 100, 500, intKey).([]int)
	noteKeyed("main.growRangedInt", byGlobal, growRangedInt, append(ints, -1))
	growAfter(rangeAll, growNaN, 60, 500, func(i int) interface{} {
		if i%3 == 0 {
			return zero / zero
		}
		return float64(i)
	})
	noteMap("main.growNaN", byGlobal, growNaN)
}

func rangeAll() {
	for range growRanged {
	}
	for range growRangedInt {
	}
	for range growNaN {
	}
}

var zero float64 // not a constant: zero/zero is a NaN

// crowd fills and partly empties m again and again: overflow buckets gather until a growth of the
// same size begins.  It is moved on to target thousandths.
func crowd(m interface{}, n, target int, key func(int) interface{}) interface{} {
	v := reflect.ValueOf(m)
	t := v.Type()
	elem := reflect.New(t.Elem()).Elem()
	present := reflect.MakeSlice(reflect.SliceOf(t.Key()), 0, n)
	next := 0
	rounds := 2000
	if mapKind == "swiss" {
		rounds = 20
	}
	for ; rounds > 0 && !isSameSize(m); rounds-- {
		for present.Len() < n && !isSameSize(m) {
			k := reflect.ValueOf(key(next))
			next++
			present = reflect.Append(present, k)
			v.SetMapIndex(k, elem)
		}
		if isSameSize(m) {
			break
		}
		for i := 0; i < n-8; i++ {
			v.SetMapIndex(present.Index(i), reflect.Value{})
		}
		present = reflect.AppendSlice(present.Slice(0, 0), present.Slice(n-8, n))
	}
	for i := 0; isGrowing(m) && growthDone(m) < target; i++ {
		v.SetMapIndex(present.Index(i%present.Len()), elem)
	}
	return present.Interface()
}

func growSameSize() {
	growSame, growSameStr = make(map[int]int, 170), make(map[string]int, 80)
	growSameLate = make(map[uint64]*record, 170)
	noteKeyed("main.growSame", byGlobal, growSame, crowd(growSame, 170, 200, intKey))
	noteKeyed("main.growSameStr", byGlobal, growSameStr, crowd(growSameStr, 80, 0, stringKey))
	noteKeyed("main.growSameLate", byGlobal, growSameLate,
		crowd(growSameLate, 170, 800, uint64Key))
}
