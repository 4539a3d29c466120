package main

import (
	"strconv"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Case "nested": maps that are held in other ways than by a package variable.

type (
	node struct {
		value map[string]int
		next  *node
	}
	base    struct{ items map[string]int }
	derived struct {
		base
		*extras
		more map[int]base
	}
	extras struct{ tags map[string]struct{} }
	holder interface{ held() map[int]string }
	byPtr  struct{ m map[int]string }
	byVal  struct {
		pad int
		m   map[int]string
	}
	mapKey  struct{ p *map[string]int }
	message struct {
		id      int
		headers map[string]string
	}
	tree struct {
		name     string
		children map[string]*tree
	}
)

func (b *byPtr) held() map[int]string { return b.m }
func (b byVal) held() map[int]string  { return b.m }

var (
	nested    = map[string]map[string]int{}
	deepNest  = map[int]map[string]map[uint8]bool{}
	arr       [3]*map[string]int
	slice     []map[int]int
	sliceCut  []map[int]int // len 2 of cap 4: what lies beyond len is held too
	slice2D   [][]map[string]int
	structs   []base
	embedded  derived
	list      *node
	ring      *node
	root      *tree
	anyMap    interface{}
	anyPtr    interface{}
	holders   []holder
	keyed     = map[mapKey]string{}
	keyedIf   = map[interface{}]int{}
	ptrPtr    **map[string]int
	queue     chan map[string]int
	messages  chan message
	pointers  chan *base
	closure   func(string) int
	counters  func() (func(int), func() int)
	bump      func(int)
	total     func() int
	method    func() map[int]string
	typeless  unsafe.Pointer
	atomicVal atomic.Value
	syncMap   sync.Map
	pool      = sync.Pool{}
	anonymous struct {
		inner struct{ m map[string]int }
		list  [2]struct{ m map[int]int }
	}
	shadowed = map[string]int{"same map": 1} // two owners
	alias    = shadowed
	bigDepth *node
)

func one(s string, n int) map[string]int { return map[string]int{s: n, "n": n} }
func ints(n int) map[int]int {
	m := map[int]int{}
	for i := 0; i < n; i++ {
		m[i] = n
	}
	return m
}

func runNested() {
	nestInMaps()
	nestInLists()
	nestInStructs()
	nestInInterfaces()
	nestInChannels()
	nestInClosures()
	nestInSync()
	runNested119()
	startHolders()
}

func nestInMaps() {
	for i := 0; i < 20; i++ {
		k := "k" + strconv.Itoa(i)
		nested[k] = one(k, i)
		noteMap(`main.nested["`+k+`"]`, byElem, nested[k])
	}
	noteMap("main.nested", byGlobal, nested)
	for i := 0; i < 3; i++ {
		inner := map[string]map[uint8]bool{"x": {uint8(i): true}, "y": nil}
		deepNest[i] = inner
		owner := "main.deepNest[" + strconv.Itoa(i) + "]"
		noteMap(owner, byElem, inner)
		noteMap(owner+`["x"]`, byElem, inner["x"])
	}
	noteMap("main.deepNest", byGlobal, deepNest)

	m := one("held by a key", 1)
	keyed[mapKey{&m}] = "value"
	noteMap("main.keyed", byGlobal, keyed)
	noteHeld("main.keyed", byKey, m)
	keyedIf[&byPtr{map[int]string{1: "in an interface key"}}] = 1
	noteMap("main.keyedIf", byGlobal, keyedIf)
	for k := range keyedIf {
		noteHeld("main.keyedIf", byKey, k.(*byPtr).m)
	}
	noteMap("main.shadowed", byGlobal, shadowed)
	alias = shadowed
}

func nestInLists() {
	for i := range arr {
		m := one("arr", i)
		arr[i] = &m
		noteMap("(*main.arr["+strconv.Itoa(i)+"])", byPointer, m)
	}
	slice = []map[int]int{ints(1), nil, ints(10)}
	noteMap("main.slice[0]", bySlice, slice[0])
	noteMap("main.slice[2]", bySlice, slice[2])
	full := []map[int]int{ints(2), ints(3), ints(4), ints(5)}
	sliceCut = full[:2]
	noteMap("main.sliceCut[0]", bySlice, full[0])
	noteMap("main.sliceCut[1]", bySlice, full[1])
	noteHeld("main.sliceCut", bySlice, full[2])
	noteHeld("main.sliceCut", bySlice, full[3])
	slice2D = [][]map[string]int{nil, {one("2D", 0), one("2D", 1)}}
	noteMap("main.slice2D[1][0]", bySlice, slice2D[1][0])
	noteMap("main.slice2D[1][1]", bySlice, slice2D[1][1])
	m := one("pointer to pointer", 1)
	p := &m
	ptrPtr = &p
	noteMap("(**main.ptrPtr)", byPointer, m)

	for owner, i := "main.list", 0; i < 5; i++ {
		list = &node{one("list", i), list}
		defer func(owner string, i int) {
			n := list
			for j := 0; j < i; j++ {
				n = n.next
			}
			noteMap(owner+".value", byField, n.value)
		}(owner, i)
		owner += ".next"
	}
	ring = &node{value: one("ring", 0)}
	ring.next = &node{one("ring", 1), ring}
	noteMap("main.ring.value", byField, ring.value)
	noteMap("main.ring.next.value", byField, ring.next.value)
	// Long enough that a search by recursion would show.
	for i := 0; i < 20000; i++ {
		bigDepth = &node{next: bigDepth}
		if i == 0 {
			bigDepth.value = one("at the end of a long list", 1)
			noteHeld("main.bigDepth", byField, bigDepth.value)
		}
	}
}

func nestInStructs() {
	structs = []base{{one("structs", 0)}, {}, {one("structs", 2)}}
	noteMap("main.structs[0].items", byField, structs[0].items)
	noteMap("main.structs[2].items", byField, structs[2].items)
	embedded = derived{base{one("embedded", 1)}, &extras{map[string]struct{}{"t": {}}},
		map[int]base{4: {one("in a struct in a map", 4)}}}
	noteMap("main.embedded.base.items", byField, embedded.items)
	noteMap("main.embedded.extras.tags", byField, embedded.tags)
	noteMap("main.embedded.more", byField, embedded.more)
	noteMap("main.embedded.more[4].items", byField, embedded.more[4].items)
	anonymous.inner.m, anonymous.list[1].m = one("anonymous", 1), ints(3)
	noteMap("main.anonymous.inner.m", byField, anonymous.inner.m)
	noteMap("main.anonymous.list[1].m", byField, anonymous.list[1].m)
	leaf := &tree{"leaf", map[string]*tree{}}
	root = &tree{"root", map[string]*tree{"a": {"a", map[string]*tree{"leaf": leaf}}}}
	noteMap("main.root.children", byField, root.children)
	noteMap(`main.root.children["a"].children`, byField, root.children["a"].children)
	noteMap(`main.root.children["a"].children["leaf"].children`, byField, leaf.children)
}

func nestInInterfaces() {
	anyMap, anyPtr = one("interface", 1), &base{one("pointer in an interface", 2)}
	noteMap("main.anyMap.(map[string]int)", byInterface, anyMap)
	noteMap("main.anyPtr.(*main.base).items", byField, anyPtr.(*base).items)
	holders = []holder{&byPtr{map[int]string{1: "ptr"}}, byVal{1, map[int]string{2: "val"}}, nil}
	noteMap("main.holders[0].(*main.byPtr).m", byField, holders[0].held())
	noteMap("main.holders[1].(main.byVal).m", byField, holders[1].held())
	typeless = unsafe.Pointer(&base{one("behind unsafe.Pointer", 1)})
	noteHeld("main.typeless", byPointer, (*base)(typeless).items)
}

func nestInChannels() {
	queue, messages, pointers = make(chan map[string]int, 4), make(chan message, 3), make(chan *base, 2)
	// Go round, so that the oldest message is not at the start of the buffer.
	queue <- nil
	queue <- nil
	<-queue
	<-queue
	for i := 0; i < 3; i++ {
		m := one("queue", i)
		queue <- m
		noteHeld("main.queue", byChan, m)
	}
	m := message{1, map[string]string{"from": "nested"}}
	messages <- m
	noteHeld("main.messages", byChan, m.headers)
	b := &base{one("pointer in a channel", 1)}
	pointers <- b
	noteHeld("main.pointers", byChan, b.items)
}

func newCounters() (func(int), func() int) {
	counts := map[int]int{}
	sum := map[string]int{}
	return func(n int) { counts[n]++; sum["n"] += n },
		func() int {
			noteHeld("main.bump", byClosure, counts)
			noteHeld("main.total", byClosure, sum)
			return sum["n"] + len(counts)
		}
}

func nestInClosures() {
	captured := one("closure", 1)
	byRef := one("captured by reference", 1)
	closure = func(s string) int {
		if s == "" {
			byRef = nil
		}
		return captured[s] + byRef[s]
	}
	noteHeld("main.closure", byClosure, captured)
	noteHeld("main.closure", byClosure, byRef)
	counters = newCounters
	bump, total = counters()
	bump(3)
	bump(4)
	total()
	bound := &byPtr{map[int]string{7: "method value"}}
	method = bound.held
	noteHeld("main.method", byClosure, bound.m)
}

func nestInSync() {
	v := one("atomic.Value", 1)
	atomicVal.Store(v)
	noteHeld("main.atomicVal", byAtomic, v)
	for i := 0; i < 3; i++ {
		m := one("sync.Map", i)
		syncMap.Store(i, m)
		noteHeld("main.syncMap", byAtomic, m)
	}
	syncMap.Load(0)
}
