package main

import (
	"runtime"
	"strconv"
	"time"
)

// Cases "deep", "spin", "panicdefer" and "nilmap": stacks that are hard to walk.

var entered = make(chan string, 64)

// Case "deep": recursion to several depths, and frames of many sizes.

//go:noinline
func descend(n int, path string) int {
	if n == 0 {
		entered <- goid()
		<-forever
		return 0
	}
	return descend(n-1, path) + len(path)
}

//go:noinline
func even(n int) bool {
	if n == 0 {
		return descend(0, "") == 0
	}
	return !odd(n - 1)
}

//go:noinline
func odd(n int) bool {
	if n == 0 {
		return descend(0, "") != 0
	}
	return !even(n - 1)
}

//go:noinline
func bigFrame(n int) (sum byte) {
	var room [20000]byte
	for i := range room {
		room[i] = byte(i * n)
	}
	if n > 0 {
		sum = bigFrame(n - 1)
	} else {
		descend(3, "below big frames")
	}
	return sum + room[n]
}

// through goes by way of an interface, a closure, a method value and a deferred call.
func through(n int) {
	defer func() {
		var s stringer = deepStringer(n)
		f := s.String
		sink = f()
	}()
}

type deepStringer int

func (d deepStringer) String() string {
	call := func(n int) string { return strconv.Itoa(descend(n, "through")) }
	return call(int(d))
}

func runDeep() {
	for i, f := range []func(){
		func() { descend(40, "forty") },
		func() { descend(3000, "three thousand") },
		func() { even(30) },
		func() { bigFrame(12) },
		func() { through(5) },
	} {
		go f()
		noteGoroutine(<-entered, []string{"40", "3000", "even and odd, 30", "big frames, 12",
			"through, 5"}[i])
	}
}

// Case "spin": goroutines on the processor.  Two can run; the others were preempted, most of them
// by a signal in the middle of a loop that calls nothing.

var spinMap = map[int]int{1: 1, 2: 2, 3: 3}

//go:noinline
func spinInteger() {
	for x := uint64(1); x != 0; {
		x = x*6364136223846793005 | 1
	}
}

//go:noinline
func spinFloat() {
	x, y := 1.0, 1.5
	for x > 0 {
		x = x*0.5 + y
		y = 3 - x
	}
	sink = y
}

//go:noinline
func spinMemory(words []uint64) {
	for i := 0; ; i++ {
		words[i&1023] += words[(i*7)&1023] + 1
	}
}

//go:noinline
func spinLookup() {
	for i, n := 0, 0; ; i++ {
		if n += spinMap[i&7]; n < 0 {
			sink = n
		}
	}
}

func spinInlined() {
	for i := 0; ; i++ {
		if mix(i) == 1<<62 {
			sink = i
		}
	}
}

func mix(i int) int { return (i*31 ^ i>>3) | 1 }

func runSpin() {
	runtime.GOMAXPROCS(2)
	words := make([]uint64, 1024)
	for _, f := range []func(){spinInteger, spinFloat, func() { spinMemory(words) }, spinLookup, spinInlined} {
		go startSpin(f)
		noteGoroutine(<-entered, "spin")
	}
	noteMap("main.spinMap", byGlobal, spinMap)
	time.Sleep(200 * time.Millisecond)
	finish()
	time.Sleep(100 * time.Millisecond)
	abort()
}

func startSpin(f func()) {
	entered <- goid()
	f()
}

// Case "panicdefer": a deferred call panics while a panic unwinds; another was recovered before.

type account struct {
	name   string
	limits map[string]int
}

func (a *account) limit(name string, n int) { a.limits[name] = n }

//go:noinline
func cleanUp(a *account) {
	defer func() {
		func() {
			defer func() { sink = recover() }()
			panic("recovered in between")
		}()
		a.limit("after", 1)
	}()
	var missing *record
	sink = missing.Name
}

func runPanicDefer() {
	a := &account{name: "closed"}
	finish()
	cleanUp(a)
}

// Case "nilmap": assignment to an entry in a nil map.
func runNilMap() {
	accounts := map[string]*account{
		"open":   {"open", map[string]int{"day": 1}},
		"closed": {"closed", nil},
	}
	noteMap("goroutine:1:main.runNilMap.accounts", byGoroutine, accounts)
	noteMap(`goroutine:1:main.runNilMap.accounts["open"].limits`, byElem, accounts["open"].limits)
	finish()
	setLimits(accounts, "month")
	sink = accounts
}

//go:noinline
func setLimits(accounts map[string]*account, name string) {
	for _, who := range []string{"open", "closed"} {
		if who == "closed" {
			accounts[who].limit(name, 10)
		}
	}
}
