package main

import (
	"strconv"
	"sync"
)

// More races: other pairs of operations, other kinds of keys.  Each goes on until the runtime
// notices, or gives up.

const raceRounds = 200000

type sessions struct {
	mu   sync.RWMutex
	byID map[int64]string
}

type inventory struct {
	sync.Mutex
	stock map[string]*record
}

var (
	live       = &sessions{byID: map[int64]string{}}
	goods      = &inventory{stock: map[string]*record{}}
	refs       = map[*record]int{}
	grid       = map[point]int{}
	raceResult int
)

// race runs all functions at once, each with the number of its goroutine.
func race(functions ...func(int)) {
	var wg sync.WaitGroup
	for i, f := range functions {
		wg.Add(1)
		go func(i int, f func(int)) {
			defer wg.Done()
			f(i)
		}(i, f)
	}
	wg.Wait()
	fail("no race this time")
}

// Put takes the right lock.
//
//go:noinline
func (s *sessions) Put(id int64, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byID[id] = name
}

// Get takes none: the bug.
//
//go:noinline
func (s *sessions) Get(id int64) string { return s.byID[id] }

// Case "race-read": concurrent map read and map write.
func runRaceRead() {
	noteRaced("main.live.byID", live.byID)
	race(func(n int) {
		for i := 0; i < raceRounds; i++ {
			live.Put(int64(i%64), "session")
		}
	}, func(n int) {
		for i := 0; i < 10*raceRounds; i++ {
			raceResult += len(live.Get(int64(i % 64)))
		}
	})
}

//go:noinline
func (v *inventory) Add(name string, r *record) {
	v.Lock()
	v.stock[name] = r
	v.Unlock()
}

// Total ranges without the lock: the bug.
//
//go:noinline
func (v *inventory) Total() (n int) {
	for _, r := range v.stock {
		n += int(r.ID)
	}
	return n
}

// Case "race-iterate": concurrent map iteration and map write.
func runRaceIterate() {
	for i := 0; i < 200; i++ {
		goods.Add("article "+strconv.Itoa(i), &record{ID: uint32(i)})
	}
	noteRaced("main.goods.stock", goods.stock)
	r := &record{ID: 7}
	race(func(n int) {
		for i := 0; i < raceRounds; i++ {
			goods.Add("article "+strconv.Itoa(i%250), r)
		}
	}, func(n int) {
		for i := 0; i < raceRounds; i++ {
			raceResult += goods.Total()
		}
	})
}

// Case "race-delete": one goroutine deletes what others insert; pointers as keys.
func runRaceDelete() {
	var keys [64]*record
	for i := range keys {
		keys[i] = &record{ID: uint32(i)}
	}
	noteRaced("main.refs", refs)
	insert := func(n int) {
		for i := 0; i < raceRounds; i++ {
			refs[keys[i%64]] = n
		}
	}
	race(insert, func(n int) {
		for i := 0; i < raceRounds; i++ {
			delete(refs, keys[i%64])
		}
	}, insert)
}

// Case "race-grow": struct keys, and a map that keeps growing.
func runRaceGrow() {
	noteRaced("main.grid", grid)
	fill := func(n int) {
		for i := 0; i < raceRounds; i++ {
			setCell(point{int16(i >> 4), int16(n)}, i)
		}
	}
	race(fill, fill, fill)
}

//go:noinline
func setCell(p point, v int) { grid[p] += v }
