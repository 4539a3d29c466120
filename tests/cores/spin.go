// A program for spin.sh: two maps whose chains come back to themselves, a goroutine that goes round
// in each with a lock held, and others that wait for it.  Prints the locks' addresses, then aborts.
// Classic maps only: a bucket of map[int]int has its overflow pointer at 136.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

type index struct {
	name string
	mu   sync.Mutex
	m    map[int]int
}

var (
	cache     = &index{m: map[int]int{}}
	tableLock sync.RWMutex
	table     = map[int]int{}
)

type header struct {
	count     int
	flags, b  uint8
	noverflow uint16
	hash0     uint32
	buckets   uintptr
}

// Lookup unlocks when it returns.
//
//go:noinline
func (c *index) Lookup(k int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.m[k]
}

//go:noinline
func put(k int) {
	tableLock.Lock()
	table[k] = k
	tableLock.Unlock()
}

func get(k int) int {
	tableLock.RLock()
	defer tableLock.RUnlock()
	return table[k]
}

// close the chains, and fill the slots with what no key hashes to.
func closeChains(m map[int]int) {
	for i := 0; i < 9; i++ {
		m[i] = i
	}
	h := *(**header)(unsafe.Pointer(&m))
	for b := uintptr(0); b < 1<<h.b; b++ {
		bucket := h.buckets + b*144
		*(*uintptr)(unsafe.Pointer(bucket + 136)) = bucket
		for i := uintptr(0); i < 8; i++ {
			tophash := (*uint8)(unsafe.Pointer(bucket + i))
			if *tophash == 0 {
				*tophash = 1
			}
		}
	}
}

func main() {
	runtime.GOMAXPROCS(6)
	closeChains(cache.m)
	closeChains(table)
	fmt.Printf("%p\n%p\n", &cache.mu, &tableLock)
	go cache.Lookup(1000)
	go put(1000)
	time.Sleep(100 * time.Millisecond)
	for i := 0; i < 3; i++ {
		go cache.Lookup(i)
	}
	go put(1)
	go get(2)
	time.Sleep(300 * time.Millisecond)
	syscall.Kill(os.Getpid(), syscall.SIGABRT)
	time.Sleep(5 * time.Second)
}
