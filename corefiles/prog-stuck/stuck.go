package main

import (
	"sync"
	"unsafe"
)

type point struct{ x, y int32 }

// index: a mutex behind another member; unlocked when the function returns.
type index struct {
	name string
	mu   sync.Mutex
	m    map[int]int
}

//go:noinline
func (c *index) Lookup(k int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.m[k]
}

//go:noinline
func (c *index) Store(k int) {
	c.mu.Lock()
	c.m[k] = k
	c.mu.Unlock()
}

// table: a lock in a variable of its own, held for writing.
var (
	tableLock sync.RWMutex
	table     = map[int]int{}
)

//go:noinline
func put(k int) {
	tableLock.Lock()
	table[k] = k
	tableLock.Unlock()
}

//go:noinline
func get(k int) int {
	tableLock.RLock()
	defer tableLock.RUnlock()
	return table[k]
}

// shelf: a lock that several readers hold at once.
type shelf struct {
	mu sync.RWMutex
	m  map[uint32]string
}

//go:noinline
func (s *shelf) Peek(k uint32) string {
	s.mu.RLock()
	v := s.m[k]
	s.mu.RUnlock()
	return v
}

//go:noinline
func (s *shelf) Add(k uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.m[k] = "added"
}

// tally: an embedded mutex.
type tally struct {
	hits uint64
	sync.Mutex
	m map[string]int
}

//go:noinline
func (t *tally) Count(k string) {
	t.Lock()
	t.hits++
	t.m[k]++
	t.Unlock()
}

// ledger: functions of its own that take the lock and give it back.
type ledger struct {
	mu   sync.Mutex
	uses int
	m    map[point]int
}

//go:noinline
func (l *ledger) enter() {
	l.mu.Lock()
	l.uses++
}

//go:noinline
func (l *ledger) leave() { l.mu.Unlock() }

//go:noinline
func (l *ledger) Balance(p point) int {
	l.enter()
	n := l.m[p]
	l.leave()
	return n
}

// A lock and a map that are handed over, and a function that relies on its caller's lock.
//
//go:noinline
func drop(mu *sync.Mutex, m map[string]bool, k string) {
	mu.Lock()
	remove(m, k)
	mu.Unlock()
}

//go:noinline
func remove(m map[string]bool, k string) { delete(m, k) }

// Without a lock.
//
//go:noinline
func lonely(k int) int { return alone[k] }

// A lock of a map that is sound: its holder waits for something else.
var forever chan int

//go:noinline
func (c *index) Keep() {
	c.mu.Lock()
	<-forever
	c.mu.Unlock()
}

var (
	cache    = &index{name: "cache", m: map[int]int{}}
	books    = &shelf{m: map[uint32]string{}}
	votes    = &tally{m: map[string]int{}}
	accounts = &ledger{m: map[point]int{}}
	dropLock = &sync.Mutex{}
	dropped  = map[string]bool{}
	alone    = map[int]int{}
	sound    = &index{name: "sound", m: map[int]int{}}
)

// damageAll: no key of 1000 and more is in a map, and a search for one has no end.
func damageAll() {
	names := [...]string{"a", "b", "c", "d", "e", "f", "g", "h", "i"}
	for i, name := range names {
		cache.m[i], table[i], alone[i], sound.m[i] = i, i, i, i
		books.m[uint32(i)] = name
		votes.m[name] = i
		accounts.m[point{int32(i), 0}] = i
		dropped[name] = true
	}
	overfill(cache.m, func(i int) { cache.m[i] = i })
	for _, m := range [...]interface{}{table, books.m, votes.m, accounts.m, dropped, alone} {
		takeEnds(m)
	}
}

var places = []*place{
	{owner: "main.cache.m", m: cache.m, lock: uintptr(unsafe.Pointer(&cache.mu)),
		spin: []*actor{{function: "main.(*index).Lookup", run: func() { cache.Lookup(1000) }}},
		wait: []*actor{
			{function: "main.(*index).Lookup", run: func() { cache.Lookup(1) }},
			{function: "main.(*index).Lookup", run: func() { cache.Lookup(2) }},
			{function: "main.(*index).Store", run: func() { cache.Store(3) }},
		}},
	{owner: "main.table", m: table, lock: uintptr(unsafe.Pointer(&tableLock)),
		spin: []*actor{{function: "main.put", run: func() { put(1000) }}},
		wait: []*actor{
			{function: "main.put", run: func() { put(1) }},
			{function: "main.get", run: func() { get(1) }},
			{function: "main.get", run: func() { get(2) }},
		}},
	{owner: "main.books.m", m: books.m, lock: uintptr(unsafe.Pointer(&books.mu)),
		spin: []*actor{
			{function: "main.(*shelf).Peek", run: func() { books.Peek(1000) }},
			{function: "main.(*shelf).Peek", run: func() { books.Peek(1001) }},
		},
		wait: []*actor{
			{function: "main.(*shelf).Add", run: func() { books.Add(1) }},
			{function: "main.(*shelf).Peek", run: func() { books.Peek(1) }},
		}},
	{owner: "main.votes.m", m: votes.m, lock: uintptr(unsafe.Pointer(&votes.Mutex)),
		spin: []*actor{{function: "main.(*tally).Count", run: func() { votes.Count("missing") }}},
		wait: []*actor{
			{function: "main.(*tally).Count", run: func() { votes.Count("a") }},
			{function: "main.(*tally).Count", run: func() { votes.Count("b") }},
		}},
	{owner: "main.accounts.m", m: accounts.m, lock: uintptr(unsafe.Pointer(&accounts.mu)),
		spin: []*actor{{function: "main.(*ledger).Balance", run: func() { accounts.Balance(point{1000, 0}) }}},
		wait: []*actor{
			{function: "main.(*ledger).Balance", run: func() { accounts.Balance(point{1, 0}) }},
			{function: "main.(*ledger).Balance", run: func() { accounts.Balance(point{2, 0}) }},
		}},
	{owner: "main.dropped", m: dropped, lock: uintptr(unsafe.Pointer(dropLock)),
		spin: []*actor{{function: "main.remove", run: func() { drop(dropLock, dropped, "missing") }}},
		wait: []*actor{{function: "main.drop", run: func() { drop(dropLock, dropped, "a") }}}},
	{owner: "main.alone", m: alone,
		spin: []*actor{{function: "main.lonely", run: func() { lonely(1000) }}}},
	{owner: "main.sound.m", m: sound.m, lock: uintptr(unsafe.Pointer(&sound.mu)), healthy: true,
		spin: []*actor{{function: "main.(*index).Keep", run: func() { sound.Keep() }}},
		wait: []*actor{{function: "main.(*index).Lookup", run: func() { sound.Lookup(1) }}}},
}
