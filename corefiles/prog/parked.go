package main

import (
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Case "parked": goroutines in every kind of wait that a program can bring about.

type waiter struct {
	what string
	wait func()
}

var (
	lockHeld   sync.Mutex
	rwHeld     sync.RWMutex
	rwRead     sync.RWMutex
	condLock   sync.Mutex
	cond       = sync.NewCond(&condLock)
	neverDone  sync.WaitGroup
	unbuffered = make(chan string)
	fullChan   = make(chan int, 1)
	nilChan    chan int
	once       sync.Once
	keepOpen   []*os.File
	ticker     *time.Ticker
)

var waiters = []waiter{
	{"chan send", func() { unbuffered <- "nobody listens" }},
	{"chan send, full", func() { fullChan <- 2 }},
	{"chan receive", func() { <-forever }},
	{"chan receive, range", func() {
		for range forever {
		}
	}},
	{"chan receive (nil chan)", func() { <-nilChan }},
	{"chan send (nil chan)", func() { nilChan <- 1 }},
	{"select", func() {
		select {
		case <-forever:
		case fullChan <- 3:
		case unbuffered <- "x":
		}
	}},
	{"select (no cases)", func() { select {} }},
	{"mutex", func() { lockHeld.Lock() }},
	{"rwmutex, reading", func() { rwHeld.RLock() }},
	{"rwmutex, writing", func() { rwRead.Lock() }},
	{"cond", func() { condLock.Lock(); cond.Wait() }},
	{"waitgroup", func() { neverDone.Wait() }},
	{"sleep", func() { time.Sleep(1000 * time.Hour) }},
	{"timer", func() { <-time.NewTimer(1000 * time.Hour).C }},
	{"ticker", func() {
		for range ticker.C {
		}
	}},
	{"IO wait", waitForPipe},
	{"syscall", waitInSyscall},
	{"locked thread", func() { runtime.LockOSThread(); <-forever }},
	{"locked thread in syscall", func() { runtime.LockOSThread(); waitInSyscall() }},
	{"once", func() { once.Do(func() { <-forever }) }},
	{"deferred", func() { defer func() { <-forever }() }},
	{"recovered, then waiting", recoverAndWait},
	{"method value", (&worker{name: "w"}).run},
}

func (w *worker) run() {
	for {
		w.step(1)
	}
}

// step is small: it is inlined.
func (w *worker) step(n int) { waitInlined(n) }

func waitInlined(n int) { <-forever }

func waitForPipe() {
	r, w, err := os.Pipe()
	if err != nil {
		fail(err.Error())
	}
	keepOpen = append(keepOpen, w)
	var buf [8]byte
	n, err := r.Read(buf[:])
	sink = n
}

func waitInSyscall() {
	var fds [2]int
	if err := syscall.Pipe(fds[:]); err != nil {
		fail(err.Error())
	}
	var buf [8]byte
	n, _ := syscall.Read(fds[0], buf[:])
	sink = n
}

func recoverAndWait() {
	func() {
		defer func() { sink = recover() }()
		panic("recovered")
	}()
	<-forever
}

// finalized blocks the goroutine that runs finalizers.
func finalized(r *record) { <-forever }

func makeGarbage() { runtime.SetFinalizer(&record{Name: "finalized"}, finalized) }

func runParked() {
	lockHeld.Lock()
	rwHeld.Lock()
	rwRead.RLock()
	neverDone.Add(1)
	fullChan <- 1
	ticker = time.NewTicker(1000 * time.Hour)
	started := make(chan string)
	for _, w := range append(waiters, waiters123()...) {
		go startWaiter(w, started)
		noteGoroutine(<-started, w.what)
	}
	time.AfterFunc(time.Millisecond, func() { <-forever })
	makeGarbage()
	time.Sleep(100 * time.Millisecond)
	finish()
	abortFromOutside()
}

func startWaiter(w waiter, started chan<- string) {
	started <- goid()
	w.wait()
	sink = w
}

var goroutineCount int

// noteGoroutine: the truth says what each goroutine was started for.
func noteGoroutine(id, what string) {
	if goroutineCount++; goroutineCount == 1 {
		extraTruth = append(extraTruth, `,"goroutines":[]`...)
	} else {
		extraTruth[len(extraTruth)-1] = ','
		extraTruth = append(extraTruth, ']')
	}
	extraTruth = append(extraTruth[:len(extraTruth)-1], `{"id":`...)
	extraTruth = append(extraTruth, id...)
	extraTruth = append(extraTruth, `,"what":`...)
	extraTruth = append(appendString(extraTruth, what), '}', ']')
}

// abortFromOutside is what an operator's "kill -ABRT" does: any thread may get the signal.
func abortFromOutside() {
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGABRT); err != nil {
		fail(err.Error())
	}
	time.Sleep(time.Hour)
}

// Case "leak": thousands of goroutines with three different stacks.

func leakA(n int) { <-forever }

func leakB(n int) { leakDeeper(n) }

//go:noinline
func leakDeeper(n int) {
	unbuffered <- strconv.Itoa(n)
	sink = n
}

func leakC(n int) {
	func() {
		lockHeld.Lock()
		defer lockHeld.Unlock()
	}()
}

func runLeak() {
	lockHeld.Lock()
	for i := 0; i < 1050; i++ {
		go leakA(i)
		if i%5 < 3 {
			go leakB(i)
		}
		if i%5 < 2 {
			go leakC(i)
		}
	}
	extraTruth = append(extraTruth,
		`,"groups":{"main.leakA":1050,"main.leakB":630,"main.leakC":420}`...)
	for i := 0; i < 50; i++ {
		runtime.Gosched()
	}
	time.Sleep(100 * time.Millisecond)
}
