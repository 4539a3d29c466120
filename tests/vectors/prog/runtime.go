package main

import (
	"bufio"
	"debug/elf"
	"encoding/hex"
	"fmt"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"unsafe"
)

// What the runtime doesn't tell: read from this process's own memory, by its symbol table.

var symbols = func() []elf.Symbol {
	f, err := elf.Open("/proc/self/exe")
	if err != nil {
		panic(err)
	}
	ret, err := f.Symbols()
	if err != nil {
		panic(err)
	}
	return ret
}()

// Memory of the first of the symbols that is there.
func variable(size int, names ...string) []byte {
	for _, name := range names {
		for _, s := range symbols {
			if s.Name == name {
				b := make([]byte, size)
				for i := range b {
					b[i] = *(*byte)(unsafe.Pointer(uintptr(s.Value) + uintptr(i)))
				}
				return b
			}
		}
	}
	panic("no symbol " + names[0])
}

func minor() int {
	v := strings.Split(strings.TrimPrefix(runtime.Version(), "go"), ".")
	n, err := strconv.Atoi(v[1])
	if err != nil {
		panic(err)
	}
	return n
}

func word(p unsafe.Pointer, off uintptr) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(uintptr(p) + off))
}

func descriptor(t reflect.Type) unsafe.Pointer {
	return word(unsafe.Pointer(&t), 8)
}

// The descriptor's own flag: in the kind to 1.25, in tflag later.
func isDirect(t reflect.Type) bool {
	off := uintptr(23)
	if minor() >= 26 {
		off = 20
	}
	return *(*byte)(unsafe.Pointer(uintptr(descriptor(t)) + off))&0x20 != 0
}

const hasherOff = 72 // of maptype.hasher, all releases

func hasherOf(t reflect.Type) func(unsafe.Pointer, uintptr) uintptr {
	p := unsafe.Pointer(uintptr(descriptor(t)) + hasherOff)
	return *(*func(unsafe.Pointer, uintptr) uintptr)(p)
}

func hasherName(t reflect.Type) string {
	pc := uint64(uintptr(word(word(descriptor(t), hasherOff), 0)))
	for _, s := range symbols {
		if s.Value == pc && s.Name != "" {
			return s.Name
		}
	}
	return "?"
}

func printState(out *bufio.Writer) {
	const pkg = "internal/runtime/maps."
	fmt.Fprintln(out, "V", minor(), runtime.GOARCH, runtime.Version())
	fmt.Fprintln(out, "U", variable(1, pkg+"UseAeshash", "runtime.useAeshash")[0])
	fmt.Fprintln(out, "A", hex.EncodeToString(variable(128, pkg+"aeskeysched", "runtime.aeskeysched")))
	fmt.Fprintln(out, "X", hex.EncodeToString(variable(32, pkg+"hashkey", "runtime.hashkey")))
}
