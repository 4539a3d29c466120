// The program behind "make bench": one very large map, many small ones, and a large one of
// strings.  It writes PLAN, which tells bench/floor where they are, and dies with a core.
package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"unsafe"
)

var (
	large   map[uint64]uint64
	small   []map[string]int
	strings map[string]string
	plan    []byte
)

func main() {
	if len(os.Args) != 5 {
		os.Stderr.WriteString("usage: bench PLAN LARGE SMALL STRINGS\n")
		os.Exit(2)
	}
	fill(number(2), number(3), number(4))
	plan = append(plan, "kind "+mapKind+"\n"...)
	addMap("large", "map", wordOf(large), 1, large, 0)
	addMap("small", "maps", uintptr(unsafe.Pointer(&small[0])), len(small), small[0], 1)
	addMap("strings", "map", wordOf(strings), 1, strings, 2)
	if err := writePlan(os.Args[1]); err != nil {
		panic(err)
	}
	plan = nil
	runtime.GC()
	debug.FreeOSMemory()
	syscall.Kill(syscall.Getpid(), syscall.SIGABRT)
	select {}
}

func number(arg int) int {
	n, err := strconv.Atoi(os.Args[arg])
	if err != nil || n < 1 {
		panic("not a count: " + os.Args[arg])
	}
	return n
}

func fill(nLarge, nSmall, nStrings int) {
	large, strings = map[uint64]uint64{}, map[string]string{}
	for i := 0; i < nLarge; i++ {
		large[uint64(i)*0x9e3779b97f4a7c15] = uint64(i)
	}
	small = make([]map[string]int, nSmall)
	for i := range small {
		small[i] = map[string]int{}
		for j := 0; j < 2+i%9; j++ {
			small[i]["field "+strconv.Itoa(j)] = i + j
		}
	}
	for i := 0; i < nStrings; i++ {
		n := strconv.Itoa(i)
		strings["user:"+n] = "session of user " + n
	}
}

type emptyInterface struct {
	typ  unsafe.Pointer
	data unsafe.Pointer
}

func wordOf(m interface{}) uintptr {
	return uintptr((*emptyInterface)(unsafe.Pointer(&m)).data)
}

// addMap: a line "WHAT NAME ADDRESS COUNT STRINGS" and the layout of a bucket or group.  STRINGS
// is how many of key and element are strings, the key first.
func addMap(name, what string, addr uintptr, count int, sample interface{}, nStrings int) {
	plan = append(plan, what+" "+name...)
	for _, v := range append([]uintptr{addr, uintptr(count), uintptr(nStrings)},
		layoutOf((*emptyInterface)(unsafe.Pointer(&sample)).typ)...) {
		plan = strconv.AppendUint(append(plan, ' '), uint64(v), 10)
	}
	plan = append(plan, '\n')
}

func writePlan(name string) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	if _, err = file.Write(plan); err != nil {
		return err
	}
	return file.Close()
}

func field(typ unsafe.Pointer, offset uintptr) uintptr {
	return *(*uintptr)(unsafe.Pointer(uintptr(typ) + offset))
}

// sizeOf the type that a field of typ points to: the first word of a type descriptor.
func sizeOf(typ unsafe.Pointer, offset uintptr) uintptr {
	return **(**uintptr)(unsafe.Pointer(uintptr(typ) + offset))
}
