// A program whose goroutines are stuck: some go round for ever in maps that are damaged so that a
// search in them has no end, most of them with a lock held, and others wait for these locks.
// It writes who does what to its standard output and dies, leaving a core.  It does without package
// os, which would be bundled too.
//
// Code of the runtime is not preempted: once the first goroutine spins nothing may stop the world.
package main

import (
	"runtime"
	"strconv"
	"sync"
	"syscall"
)

func main() {
	runtime.GOMAXPROCS(16)
	damageAll()
	if doAll {
		for _, f := range writers {
			f()
		}
	}
	runtime.GC()
	startAll()
	writeTruth()
	abort()
}

func fail(why string) {
	syscall.Write(2, []byte("app: "+why+"\n"))
	syscall.Exit(1)
}

// abort raises SIGABRT in this thread.
//
//go:noinline
func abort() {
	runtime.LockOSThread()
	if err := syscall.Tgkill(syscall.Getpid(), syscall.Gettid(), syscall.SIGABRT); err != nil {
		fail(err.Error())
	}
	select {}
}

// pause stops the thread: time.Sleep would be one more package.
func pause(milliseconds int64) {
	t := syscall.Timespec{Sec: milliseconds / 1000, Nsec: milliseconds % 1000 * 1000000}
	syscall.Nanosleep(&t, nil)
}

// ---- who does what --------------------------------------------------------

// A map in which somebody spins.
type place struct {
	owner   string
	m       interface{}
	lock    uintptr // 0: none is held
	spin    []*actor
	wait    []*actor
	healthy bool // nobody spins: the lock's holder is parked
}

type actor struct {
	id       string
	function string // which has the lock, or waits for it
	run      func()
}

var (
	entered sync.Mutex
	nready  int
)

// start runs the actor's function in a goroutine of its own, which says its number before.
func (a *actor) start() {
	go func() {
		id := goid()
		entered.Lock()
		a.id = id
		nready++
		entered.Unlock()
		a.run()
	}()
}

func ready() int {
	entered.Lock()
	defer entered.Unlock()
	return nready
}

// startAll: those that spin first, so that they have the locks.
func startAll() {
	n := 0
	for _, list := range [2]func(*place) []*actor{
		func(p *place) []*actor { return p.spin },
		func(p *place) []*actor { return p.wait },
	} {
		for _, p := range places {
			for _, a := range list(p) {
				a.start()
				n++
				for ready() < n {
					pause(1)
				}
				pause(30) // writers are to wait before readers do
			}
		}
		pause(300)
	}
}

// goid of the calling goroutine, from the first line of its stack: "goroutine 18 [running]:".
func goid() string {
	var line [64]byte
	n := runtime.Stack(line[:], false)
	end := 10
	for end < n && line[end] != ' ' {
		end++
	}
	return string(line[10:end])
}

// ---- the truth ------------------------------------------------------------

func quoted(name, value string) string { return `"` + name + `":"` + value + `"` }

func address(name string, value uintptr) string {
	return quoted(name, "0x"+strconv.FormatUint(uint64(value), 16))
}

func actors(name string, list []*actor) string {
	out := `"` + name + `":[`
	for i, a := range list {
		if i > 0 {
			out += ","
		}
		out += `{"id":` + a.id + "," + quoted("function", a.function) + "}"
	}
	return out + "]"
}

func writeTruth() {
	out := "{" + quoted("go_version", runtime.Version()) + "," + quoted("case", "endless") +
		`,"pid":` + strconv.Itoa(syscall.Getpid()) + "," + quoted("map_kind", mapKind) +
		",\"stuck\":[\n"
	for i, p := range places {
		if i > 0 {
			out += ",\n"
		}
		out += "{" + quoted("owner", p.owner) + "," + address("addr", headerOf(p.m)) + ","
		if p.lock == 0 {
			out += `"lock":null,`
		} else {
			out += address("lock", p.lock) + ","
		}
		out += `"healthy":` + strconv.FormatBool(p.healthy) + "," +
			actors("spin", p.spin) + "," + actors("wait", p.wait) + "}"
	}
	// Members as in the truth of the other program: what a damaged map holds nobody can say.
	out += "\n],\"maps\":[\n"
	for i, p := range places {
		if i > 0 {
			out += ",\n"
		}
		out += "{" + quoted("owner", p.owner) + "," + quoted("root", rootOf(p.owner)) + "," +
			quoted("reach", "field") + "," + address("addr", headerOf(p.m)) + "," +
			quoted("type", typeName(p.m)) + `,"count":null,"entries":null,"hashes":null}`
	}
	out += "\n]}\n"
	if n, err := syscall.Write(1, []byte(out)); err != nil || n != len(out) {
		fail("can't write the truth")
	}
}

// rootOf: "main.cache.m" hangs on "main.cache".
func rootOf(owner string) string {
	for i := len("main."); i < len(owner); i++ {
		if owner[i] == '.' {
			return owner[:i]
		}
	}
	return owner
}
