//go:build go1.19
// +build go1.19

package main

import "sync/atomic"

type config struct {
	version int
	values  map[string]string
}

var (
	current    atomic.Pointer[config]
	currentMap atomic.Pointer[map[string]int]
)

func runNested119() {
	c := &config{3, map[string]string{"colour": "green"}}
	current.Store(c)
	noteHeld("main.current", byAtomic, c.values)
	m := one("atomic.Pointer", 1)
	currentMap.Store(&m)
	noteHeld("main.currentMap", byAtomic, m)
}
