// The program behind the bundled cores.  "app CASE TRUTHFILE" builds the maps and goroutines of
// one case, writes what it knows of them to TRUTHFILE and dies, leaving a core.  It is compiled
// once a release; the case is chosen at run time so that all cores of a release share one
// executable.  It has no imports that it can do without: they would be bundled too.
package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
)

type testCase struct {
	name string
	run  func()
}

// A slice, not a map: the tool lists every map there is.
var cases = []testCase{
	{"types", runTypes},
	{"growing", runGrowing},
	{"overflow", runOverflow},
	{"sparse", runSparse},
	{"nested", runNested},
	{"race", runRace},
	{"race-read", runRaceRead},
	{"race-iterate", runRaceIterate},
	{"race-delete", runRaceDelete},
	{"race-grow", runRaceGrow},
	{"parked", runParked},
	{"leak", runLeak},
	{"deep", runDeep},
	{"spin", runSpin},
	{"panicdefer", runPanicDefer},
	{"nilmap", runNilMap},
	{"locals", runLocals},
	{"snapshots", runSnapshots},
}

var truthFile string

func main() {
	if len(os.Args) != 3 {
		fail("usage: app CASE TRUTHFILE")
	}
	truthFile = os.Args[2]
	for _, c := range cases {
		if c.name == os.Args[1] {
			caseName = c.name
			c.run()
			finish()
			abort()
		}
	}
	fail("no case " + os.Args[1])
}

func fail(why string) {
	os.Stderr.WriteString("app: " + why + "\n")
	os.Exit(1)
}

// finish writes the truth, forgets everything that was gathered for it and hands the memory that
// this took back to the system.  No map changes from here on: the collector moves no heap object,
// and make-cores switches the shrinking of stacks off.
func finish() {
	writeTruth()
	settle()
}

func settle() {
	for i := 0; i < 3; i++ {
		runtime.GC()
	}
	debug.FreeOSMemory()
}

// abort raises SIGABRT in this thread: with GOTRACEBACK=crash the runtime prints the stacks of all
// goroutines, then dies with a core.
//
//go:noinline
func abort() {
	runtime.LockOSThread()
	if err := syscall.Tgkill(syscall.Getpid(), syscall.Gettid(), syscall.SIGABRT); err != nil {
		fail(err.Error())
	}
	select {}
}
