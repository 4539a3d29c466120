package main

import "sync"

// Writes under locks that are taken in many ways.  Nobody calls them here: they are for "hmapscope
// writers", which reads their code.  tests/cores/t_writers.c has the list of them, by line.

type guarded struct {
	name   string
	mu     sync.Mutex
	rw     sync.RWMutex
	shared *sync.Mutex
	uses   int
	m      map[string]int
}

var (
	doAll   bool
	things  = &guarded{shared: &sync.Mutex{}, m: map[string]int{}}
	global  sync.Mutex
	limits  = map[string]int{}
	writers = []func(){
		func() { things.plain("k") }, func() { things.deferred("k") },
		func() { things.deferredClosure("k") }, func() { things.readLocked("k") },
		func() { things.readLockedDeferred("k") }, func() { things.upgraded("k") },
		func() { things.tooLate("k") }, func() { things.onSomePath("k", doAll) },
		func() { things.onBothPaths("k", doAll) }, func() { things.inLoop([]string{"k"}) },
		func() { things.byHelper("k") }, func() { things.byHelperDeferred("k") },
		func() { things.helperLetGo("k") }, func() { things.byInlinedHelper("k") },
		func() { things.bySharedHelper("k") }, func() { byGlobalHelper("k") },
		func() { things.byUnknownLock("k", nil) }, func() { things.byPointer("k") },
		func() { things.otherLockReleased("k") }, func() { things.waits("k") },
		func() { things.helperLocksOnSomePath("k", doAll) }, func() { things.byHelpersHelper("k") },
		func() { things.givesUnlock("k") }, func() { things.callsLocked("k") },
	}
)

//go:noinline
func (g *guarded) plain(k string) {
	g.mu.Lock()
	g.m[k] = 1
	g.mu.Unlock()
	delete(g.m, k)
}

//go:noinline
func (g *guarded) deferred(k string) {
	g.rw.Lock()
	defer g.rw.Unlock()
	g.m[k] = 2
}

//go:noinline
func (g *guarded) deferredClosure(k string) {
	g.mu.Lock()
	defer func() {
		g.uses++
		g.mu.Unlock()
	}()
	g.m[k] = 3
}

// The bug that looks right: others may read, and write, at the same time.
//
//go:noinline
func (g *guarded) readLocked(k string) {
	g.rw.RLock()
	g.m[k] = 4
	g.rw.RUnlock()
	g.m[k] = 5
}

//go:noinline
func (g *guarded) readLockedDeferred(k string) {
	g.rw.RLock()
	defer g.rw.RUnlock()
	g.m[k] = 6
}

//go:noinline
func (g *guarded) upgraded(k string) {
	g.rw.RLock()
	n := g.m[k]
	g.rw.RUnlock()
	g.rw.Lock()
	g.m[k] = n + 1
	g.rw.Unlock()
}

//go:noinline
func (g *guarded) tooLate(k string) {
	g.m[k] = 7
	g.mu.Lock()
	g.uses++
	g.mu.Unlock()
}

//go:noinline
func (g *guarded) onSomePath(k string, lock bool) {
	if lock {
		g.mu.Lock()
		defer g.mu.Unlock()
	}
	g.m[k] = 8
}

//go:noinline
func (g *guarded) onBothPaths(k string, first bool) {
	if first {
		g.mu.Lock()
		g.uses++
	} else {
		g.mu.Lock()
	}
	g.m[k] = 9
	g.mu.Unlock()
}

//go:noinline
func (g *guarded) inLoop(keys []string) {
	for _, k := range keys {
		g.mu.Lock()
		g.m[k] = 10
		g.mu.Unlock()
	}
}

// Functions that take the lock for others, and give it back.

//go:noinline
func (g *guarded) enter() {
	g.mu.Lock()
	g.uses++
}

//go:noinline
func (g *guarded) leave() { g.mu.Unlock() }

func (g *guarded) enterInlined() { g.mu.Lock() }

//go:noinline
func (g *guarded) enterShared() {
	g.uses++
	g.shared.Lock()
}

//go:noinline
func enterGlobal() { global.Lock() }

//go:noinline
func (g *guarded) enterIf(lock bool) {
	if lock {
		g.mu.Lock()
	}
}

//go:noinline
func (g *guarded) enterTwice() {
	g.enter()
	g.uses++
}

//go:noinline
func (g *guarded) begin() func() {
	g.mu.Lock()
	return g.mu.Unlock
}

//go:noinline
func (g *guarded) letOthersIn() {
	g.mu.Unlock()
	pause(1)
	g.mu.Lock()
}

//go:noinline
func (g *guarded) byHelper(k string) {
	g.enter()
	g.m[k] = 11
	g.leave()
	g.m[k] = 12
}

//go:noinline
func (g *guarded) byHelperDeferred(k string) {
	g.enter()
	defer g.leave()
	g.m[k] = 13
}

//go:noinline
func (g *guarded) helperLetGo(k string) {
	g.mu.Lock()
	g.leave()
	g.m[k] = 14
}

//go:noinline
func (g *guarded) byInlinedHelper(k string) {
	g.enterInlined()
	g.m[k] = 15
	g.mu.Unlock()
}

//go:noinline
func (g *guarded) bySharedHelper(k string) {
	g.enterShared()
	g.m[k] = 16
	g.shared.Unlock()
}

//go:noinline
func byGlobalHelper(k string) {
	enterGlobal()
	limits[k] = 17
	global.Unlock()
}

// Whatever it is that is locked.
//
//go:noinline
func (g *guarded) byUnknownLock(k string, l sync.Locker) {
	l.Lock()
	g.m[k] = 18
	l.Unlock()
}

//go:noinline
func (g *guarded) byPointer(k string) {
	g.shared.Lock()
	g.m[k] = 19
	g.shared.Unlock()
}

//go:noinline
func (g *guarded) otherLockReleased(k string) {
	g.mu.Lock()
	g.shared.Lock()
	g.shared.Unlock()
	g.m[k] = 20
	g.mu.Unlock()
}

//go:noinline
func (g *guarded) waits(k string) {
	g.mu.Lock()
	g.letOthersIn()
	g.m[k] = 21
	g.mu.Unlock()
}

//go:noinline
func (g *guarded) helperLocksOnSomePath(k string, lock bool) {
	g.enterIf(lock)
	g.m[k] = 22
}

//go:noinline
func (g *guarded) byHelpersHelper(k string) {
	g.enterTwice()
	g.m[k] = 23
	g.leave()
}

//go:noinline
func (g *guarded) givesUnlock(k string) {
	defer g.begin()()
	g.m[k] = 24
}

// For callers that have the lock.
//
//go:noinline
func (g *guarded) setLocked(k string) { g.m[k] = 25 }

//go:noinline
func (g *guarded) callsLocked(k string) {
	g.mu.Lock()
	g.setLocked(k)
	g.mu.Unlock()
}
