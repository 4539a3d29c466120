package main

import (
	"os"
	"reflect"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"
)

// How a map is held: the last step of its owner path.
const (
	byGlobal    = "global"
	byField     = "field"
	bySlice     = "slice"
	byArray     = "array"
	byPointer   = "pointer"
	byInterface = "interface"
	byElem      = "map-elem"
	byKey       = "map-key"
	byChan      = "chan"
	byClosure   = "closure"
	byGoroutine = "goroutine-local"
	byAtomic    = "atomic"
)

// Up to this many entries a map's entries are written one by one.
const maxEntries = 700

// What is known of one map before the truth is written.
type note struct {
	owner string      // "" where Go has no syntax for the path
	root  string      // the variable that the path starts from
	reach string      // one of the by... above
	m     interface{} // the map, or
	local *localMap   // where its words were copied from a stack
	keys  interface{} // slice of its keys: entries are then looked up, not ranged over
	raced bool        // about to be written by racing goroutines: only its address is known
}

// A map whose header lies in a stack frame can't be kept hold of: what it held is encoded by its
// own goroutine.
type localMap struct {
	json []byte
}

var caseName string
var notes []note
var extraTruth []byte // further members of the truth object, each with a leading comma

func noteMap(owner, reach string, m interface{}) {
	notes = append(notes, note{owner: owner, root: rootOf(owner), reach: reach, m: m})
}

// noteKeyed is for maps that must not be ranged over: ranging sets flags in the header.
func noteKeyed(owner, reach string, m, keys interface{}) {
	notes = append(notes, note{owner: owner, root: rootOf(owner), reach: reach, m: m, keys: keys})
}

// noteHeld: held by the variable root in a way that has no Go syntax.
func noteHeld(root, reach string, m interface{}) {
	notes = append(notes, note{root: root, reach: reach, m: m})
}

// rootOf cuts an owner path down to its variable.
func rootOf(owner string) string {
	start, end, dots := 0, len(owner), 0
	for start < end && (owner[start] == '(' || owner[start] == '*') {
		start++
	}
	if len(owner) > 10 && owner[:10] == "goroutine:" {
		dots = -1
	}
	for i := start; i < end; i++ {
		switch owner[i] {
		case '.':
			if dots++; dots == 2 {
				return owner[start:i]
			}
		case '[', ')':
			return owner[start:i]
		}
	}
	return owner[start:]
}

type emptyInterface struct {
	typ  unsafe.Pointer
	data unsafe.Pointer
}

// hasherOf returns the runtime's own hash function for the map's keys; every release keeps it at
// the same place of the map type.
func hasherOf(m interface{}) func(unsafe.Pointer, uintptr) uintptr {
	typ := (*emptyInterface)(unsafe.Pointer(&m)).typ
	return *(*func(unsafe.Pointer, uintptr) uintptr)(unsafe.Pointer(uintptr(typ) + 72))
}

func hashOf(m interface{}, key unsafe.Pointer) uint64 {
	h := (*emptyInterface)(unsafe.Pointer(&m)).data
	return uint64(hasherOf(m)(key, seedOf(h)))
}

type encodedEntry struct {
	pair, hash string
}

func encodeEntry(m interface{}, key, elem reflect.Value) encodedEntry {
	k, e := reflect.New(key.Type()), reflect.New(elem.Type())
	k.Elem().Set(key)
	e.Elem().Set(elem)
	pair := appendValue([]byte{'['}, key.Type(), unsafe.Pointer(k.Pointer()))
	pair = append(pair, ',')
	pair = appendValue(pair, elem.Type(), unsafe.Pointer(e.Pointer()))
	pair = append(pair, ']')

	// A key that differs from itself holds a NaN: hashed with random bits.
	hash := []byte("null")
	if k.Elem().Interface() == k.Elem().Interface() {
		hash = appendHex(nil, hashOf(m, unsafe.Pointer(k.Pointer())))
	}
	return encodedEntry{string(pair), string(hash)}
}

func encodeEntries(m, keys interface{}) []encodedEntry {
	var list []encodedEntry
	v := reflect.ValueOf(m)
	if keys == nil {
		for it := v.MapRange(); it.Next(); {
			list = append(list, encodeEntry(m, it.Key(), it.Value()))
		}
	} else {
		for k, i := reflect.ValueOf(keys), 0; i < k.Len(); i++ {
			if e := v.MapIndex(k.Index(i)); e.IsValid() {
				list = append(list, encodeEntry(m, k.Index(i), e))
			}
		}
	}
	if len(list) != v.Len() {
		fail("wrong list of keys for a " + v.Type().String())
	}
	sortEntries(list)
	return list
}

// sortEntries is short rather than fast: package sort would have to be bundled.
func sortEntries(list []encodedEntry) {
	for i := range list {
		for j := i; j > 0 && list[j].pair < list[j-1].pair; j-- {
			list[j], list[j-1] = list[j-1], list[j]
		}
	}
}

func appendEntries(out []byte, m, keys interface{}) []byte {
	if reflect.ValueOf(m).Len() > maxEntries {
		return append(out, `,"entries":null,"hashes":null`...)
	}
	list := encodeEntries(m, keys)
	out = append(out, `,"entries":[`...)
	for i, e := range list {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, e.pair...)
	}
	out = append(out, `],"hashes":[`...)
	for i, e := range list {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, e.hash...)
	}
	return append(out, ']')
}

func appendMember(out []byte, name string) []byte {
	if last := out[len(out)-1]; last != '{' {
		out = append(out, ',')
	}
	out = append(out, '"')
	out = append(out, name...)
	return append(out, '"', ':')
}

func appendStringOrNull(out []byte, s string) []byte {
	if s == "" {
		return append(out, "null"...)
	}
	return appendString(out, s)
}

func appendNumber(out []byte, name string, v uint64) []byte {
	return strconv.AppendUint(appendMember(out, name), v, 10)
}

func appendAddress(out []byte, name string, v uint64) []byte {
	return appendHex(appendMember(out, name), v)
}

func appendFlag(out []byte, name string, v bool) []byte {
	return strconv.AppendBool(appendMember(out, name), v)
}

// appendMap: entries before the header, as ranging may write to the header.
func appendMap(out []byte, n *note) []byte {
	h := (*emptyInterface)(unsafe.Pointer(&n.m)).data
	out = append(out, "{\"owner\":"...)
	out = appendStringOrNull(out, n.owner)
	out = appendStringOrNull(appendMember(out, "root"), n.root)
	out = appendString(appendMember(out, "reach"), n.reach)
	if n.local != nil {
		out = append(append(out, ','), n.local.json...)
		return append(out, '}')
	}
	if n.raced {
		out = appendAddress(out, "addr", uint64(uintptr(h)))
		out = appendString(appendMember(out, "type"), reflect.TypeOf(n.m).String())
		return append(out, `,"count":null,"entries":null,"hashes":null}`...)
	}
	return append(appendMapBody(out, n.m, n.keys, h), '}')
}

func appendMapBody(out []byte, m, keys interface{}, h unsafe.Pointer) []byte {
	v := reflect.ValueOf(m)
	out = appendAddress(out, "addr", uint64(uintptr(h)))
	out = appendString(appendMember(out, "type"), v.Type().String())
	out = appendNumber(out, "count", uint64(v.Len()))
	if h == nil {
		return append(out, `,"header":null,"growing":false,"entries":[],"hashes":[]`...)
	}
	out = appendEntries(out, m, keys)
	return appendHeader(out, (*emptyInterface)(unsafe.Pointer(&m)).typ, h)
}

func writeTruth() {
	out := []byte("{")
	out = appendString(appendMember(out, "go_version"), runtime.Version())
	out = appendString(appendMember(out, "case"), caseName)
	out = appendNumber(out, "pid", uint64(syscall.Getpid()))
	out = appendString(appendMember(out, "map_kind"), mapKind)
	out = append(out, extraTruth...)
	out = append(out, ",\"maps\":[\n"...)
	for i := range notes {
		if i > 0 {
			out = append(out, ",\n"...)
		}
		out = appendMap(out, &notes[i])
	}
	out = append(out, "\n]}\n"...)
	file, err := os.Create(truthFile)
	if err == nil {
		_, err = file.Write(out)
	}
	if err != nil || file.Close() != nil {
		fail("can't write " + truthFile)
	}
	notes, extraTruth = nil, nil
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

func lenOf(m interface{}) int { return reflect.ValueOf(m).Len() }

// isGrowingMap and doneOf take nil maps too.
func isGrowingMap(m interface{}) bool { return lenOf(m) > 0 && isGrowing(m) }

func doneOf(m interface{}) int {
	if lenOf(m) == 0 {
		return 1000
	}
	return growthDone(m)
}
