package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"reflect"
	"strings"
	"unsafe"
)

// Addresses that the output gives to types, itabs and data instead of the real ones, which differ
// from run to run.  None of them enters a hash.
const (
	typeBase = 0x500000
	itabBase = 0x600000
	dataBase = 0xc000000000
)

type dumper struct {
	out   *bufio.Writer
	types map[reflect.Type]int
	maps  map[reflect.Type]int
	itabs map[reflect.Type]int
	data  uint64
}

func newDumper(out *bufio.Writer) *dumper {
	return &dumper{out, map[reflect.Type]int{}, map[reflect.Type]int{}, map[reflect.Type]int{}, dataBase}
}

func (d *dumper) typeID(t reflect.Type) int {
	if id, ok := d.types[t]; ok {
		return id
	}
	var elem, members string
	n := 0
	switch t.Kind() {
	case reflect.Array:
		elem = fmt.Sprint(" elem=", d.typeID(t.Elem()), " count=", t.Len())
	case reflect.Interface:
		elem = fmt.Sprint(" methods=", t.NumMethod())
	case reflect.Struct:
		n = t.NumField()
		for i := 0; i < n; i++ {
			f := t.Field(i)
			members += fmt.Sprintln("F", d.typeID(f.Type), f.Offset, f.Name)
		}
	}
	id := len(d.types)
	d.types[t] = id
	fmt.Fprintf(d.out, "T %d kind=%d size=%d members=%d%s name=%s\n%s", id, t.Kind(), t.Size(), n,
		elem, t, members)
	return id
}

func (d *dumper) mapID(t reflect.Type) int {
	if id, ok := d.maps[t]; ok {
		return id
	}
	key := d.typeID(t.Key())
	id := len(d.maps)
	d.maps[t] = id
	fmt.Fprintln(d.out, "M", id, key, t)
	return id
}

func (d *dumper) itabOf(t reflect.Type) uint64 {
	id, ok := d.itabs[t]
	if !ok {
		id = len(d.itabs)
		d.itabs[t] = id
		fmt.Fprintf(d.out, "I %#x %d\n", itabBase+32*id, d.typeID(t))
	}
	return uint64(itabBase + 32*id)
}

func (d *dumper) store(b []byte) uint64 {
	if len(b) == 0 {
		return dataBase - 8 // like zerobase: never read
	}
	addr := d.data
	fmt.Fprintf(d.out, "D %#x %s\n", addr, hex.EncodeToString(b))
	d.data += (uint64(len(b)) + 31) &^ 15 // never adjacent
	return addr
}

// The bytes of a value, with addresses of ours in place of the real ones.
func (d *dumper) bytesOf(t reflect.Type, p unsafe.Pointer) []byte {
	b := make([]byte, t.Size())
	for i := range b {
		b[i] = *(*byte)(unsafe.Pointer(uintptr(p) + uintptr(i)))
	}
	d.relocate(t, p, b)
	return b
}

func put(b []byte, v uint64) {
	for i := uint(0); i < 8; i++ {
		b[i] = byte(v >> (8 * i))
	}
}

func (d *dumper) relocate(t reflect.Type, p unsafe.Pointer, b []byte) {
	switch t.Kind() {
	case reflect.String:
		put(b, d.store([]byte(*(*string)(p))))
	case reflect.Array:
		for i := 0; i < t.Len(); i++ {
			off := uintptr(i) * t.Elem().Size()
			d.relocate(t.Elem(), unsafe.Pointer(uintptr(p)+off), b[off:])
		}
	case reflect.Struct:
		for i := 0; i < t.NumField(); i++ {
			f := t.Field(i)
			d.relocate(f.Type, unsafe.Pointer(uintptr(p)+f.Offset), b[f.Offset:])
		}
	case reflect.Interface:
		d.relocateInterface(t, p, b)
	}
}

func (d *dumper) relocateInterface(t reflect.Type, p unsafe.Pointer, b []byte) {
	v := reflect.NewAt(t, p).Elem()
	if v.IsNil() {
		return
	}
	dyn := v.Elem().Type()
	if t.NumMethod() > 0 {
		put(b, d.itabOf(dyn))
	} else {
		put(b, uint64(typeBase+64*d.typeID(dyn)))
	}
	if !isDirect(dyn) {
		data := *(*unsafe.Pointer)(unsafe.Pointer(uintptr(p) + 8))
		put(b[8:], d.store(d.bytesOf(dyn, data)))
	}
}

func (d *dumper) printCase(c hashCase) {
	id := d.mapID(c.mapType)
	key := d.bytesOf(c.mapType.Key(), c.key)
	fmt.Fprintf(d.out, "K %d %x %s\n", id, c.seed, hex.EncodeToString(key)+"-")
}

func (d *dumper) printCases(cases []hashCase) {
	for _, c := range cases {
		if !c.varies {
			d.printCase(c)
		}
	}
}

// A hash made with random bits comes out different each time.
func hashOf(c hashCase) string {
	hash := hasherOf(c.mapType)
	a := hash(c.key, uintptr(c.seed))
	for i := 0; i < 4; i++ {
		if hash(c.key, uintptr(c.seed)) != a {
			return "nan"
		}
	}
	return fmt.Sprintf("%016x", a)
}

func (d *dumper) printHashes(cases []hashCase) {
	printState(d.out)
	hashes := bufio.NewWriter(d.out)
	var lines, names strings.Builder
	seen := map[reflect.Type]bool{}
	rest := *d
	rest.out = bufio.NewWriter(&lines) // addresses as in "cases", which is read first
	for _, c := range cases {
		if !c.varies {
			rest.printCase(c)
		}
	}
	lines.Reset()
	rest.out.Reset(&lines)
	for _, c := range cases {
		if !seen[c.mapType] {
			seen[c.mapType] = true
			fmt.Fprintln(&names, "N", rest.maps[c.mapType], hasherName(c.mapType))
		}
		if c.varies {
			rest.printCase(c)
		}
	}
	rest.out.Flush()
	fmt.Fprint(hashes, names.String(), lines.String())
	for _, c := range cases {
		fmt.Fprintln(hashes, "H", hashOf(c))
	}
	hashes.Flush()
}
