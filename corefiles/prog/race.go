package main

import (
	"strconv"
	"sync"
)

// Case "race": four goroutines write one map without a lock, until the runtime notices.

// Cache is what a service might have.
type Cache struct {
	name  string
	items map[string]int
	hits  uint64
}

var shared *Cache

// Update writes without a lock: the bug.
//
//go:noinline
func (c *Cache) Update(key string, value int) {
	c.items[key] = value
}

func writer(c *Cache, wg *sync.WaitGroup) {
	defer wg.Done()
	for i := 0; i < 100000; i++ {
		c.Update("key_"+strconv.Itoa(i%16), i)
	}
}

// noteRaced writes the truth before the race begins: what a race leaves of a map nobody knows.
func noteRaced(owner string, m interface{}) {
	notes = append(notes, note{owner: owner, root: rootOf(owner), reach: byField, m: m, raced: true})
	finish()
}

func runRace() {
	shared = &Cache{name: "shared", items: make(map[string]int, 8)}
	noteRaced("main.shared.items", shared.items)
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go writer(shared, &wg)
	}
	wg.Wait()
	fail("no race this time")
}
