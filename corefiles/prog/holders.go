package main

import (
	"reflect"
	"strconv"
	"sync"
	"unsafe"
)

// Goroutines that hold maps in their own variables, across a call that blocks.

var (
	parked  sync.WaitGroup   // how many have come to their blocking call
	forever = make(chan int) // nobody sends
	noted   sync.Mutex
)

type worker struct {
	name string
	jobs map[int]string
}

func startHolders() {
	for _, f := range []func(){
		holdHeap, holdStruct, holdStack, holdStackBucket, holdParameter, holdSliceOf, holdResult,
	} {
		parked.Add(1)
		go f()
	}
	parked.Wait()
}

// local notes a map that a variable of the calling goroutine's frame holds.
func local(function, path, reach string, m interface{}) {
	noted.Lock()
	noteMap("goroutine:"+goid()+":main."+function+"."+path, reach, m)
	noted.Unlock()
}

// park is where they wait for good.
//
//go:noinline
func park() {
	parked.Done()
	<-forever
}

var sink interface{}

func holdHeap() {
	items := map[string]int{}
	for i := 0; i < 30; i++ {
		items["h"+strconv.Itoa(i)] = i
	}
	local("holdHeap", "items", byGoroutine, items)
	park()
	items["after"] = 1
	sink = items
}

func holdStruct() {
	c := &worker{"w", map[int]string{1: "a"}}
	local("holdStruct", "c.jobs", byGoroutine, c.jobs)
	park()
	c.jobs[2] = "b"
	sink = c
}

func holdParameter() { useParameter(map[userID]bool{"p": true}, 1) }

//go:noinline
func useParameter(users map[userID]bool, n int) {
	local("useParameter", "users", byGoroutine, users)
	park()
	users["q"] = n > 0
}

func holdSliceOf() {
	parts := make([]map[int]int, 2)
	parts[1] = ints(12)
	local("holdSliceOf", "parts[1]", byGoroutine, parts[1])
	park()
	parts[1][0] = 1
	sink = parts
}

func holdResult() { sink = makeResult() }

//go:noinline
func makeResult() (result map[string]string) {
	defer func() { result["deferred"] = "1" }()
	result = map[string]string{"named": "result"}
	local("makeResult", "result", byGoroutine, result)
	park()
	return result
}

// growStack makes room, so that the stack does not move after addresses on it were taken.
//
//go:noinline
func growStack() byte {
	var room [64 << 10]byte
	touch(&room)
	return room[9]
}

//go:noinline
func touch(b *[64 << 10]byte) { b[9]++ }

// onStack notes a map whose header may lie on the caller's stack, from its address alone: taking
// the map itself would move it to the heap.
//
//go:noinline
func onStack(function, path string, m interface{}, addr uintptr) {
	(*emptyInterface)(unsafe.Pointer(&m)).data = *(*unsafe.Pointer)(unsafe.Pointer(&addr))
	json := appendMapBody([]byte{'{'}, m, stackKeys(m), *(*unsafe.Pointer)(unsafe.Pointer(&addr)))
	(*emptyInterface)(unsafe.Pointer(&m)).data = nil
	owner := "goroutine:" + goid() + ":main." + function + "." + path
	noted.Lock()
	notes = append(notes, note{owner: owner, root: rootOf(owner), reach: byGoroutine,
		local: &localMap{json[1:]}})
	noted.Unlock()
}

func stackKeys(m interface{}) interface{} {
	v := reflect.ValueOf(m)
	keys := reflect.MakeSlice(reflect.SliceOf(v.Type().Key()), 0, 0)
	for i := 0; i < 64; i++ {
		k := reflect.ValueOf(i).Convert(v.Type().Key())
		if v.MapIndex(k).IsValid() {
			keys = reflect.Append(keys, k)
		}
	}
	return keys.Interface()
}

// holdStack's map has its header, but not its buckets, on the stack.
func holdStack() {
	growStack()
	onlyHere := make(map[int]int)
	for i := 0; i < 40; i++ {
		onlyHere[i] = -i
	}
	onStack("holdStack", "onlyHere", map[int]int(nil), *(*uintptr)(unsafe.Pointer(&onlyHere)))
	park()
	onlyHere[1]++
}

// holdStackBucket's map lies on the stack with its only bucket.
func holdStackBucket() {
	growStack()
	tiny := make(map[uint16]uint32)
	tiny[1], tiny[2], tiny[40] = 10, 20, 400
	onStack("holdStackBucket", "tiny", map[uint16]uint32(nil), *(*uintptr)(unsafe.Pointer(&tiny)))
	park()
	tiny[3]++
}
