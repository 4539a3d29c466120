package main

import (
	"reflect"
	"unsafe"
)

// One key of a map type, and the seed to hash it with.
type hashCase struct {
	mapType reflect.Type
	key     unsafe.Pointer
	seed    uint64
	varies  bool // the key's memory depends on the release
}

// A generator that gives the same numbers with every Go release.
type random uint64

func (r *random) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (r *random) n(n int) int { return int(r.next() % uint64(n)) }

func (r *random) bytes(p unsafe.Pointer, n uintptr) {
	for i := uintptr(0); i < n; i++ {
		*(*byte)(unsafe.Pointer(uintptr(p) + i)) = byte(r.next())
	}
}

// Keys are kept here: only addresses as numbers are known of them elsewhere.
var kept []interface{}

type filler struct {
	random
	length int          // of strings; -1: any
	value  int          // of floats: 0 zero, 1 negative zero, 2 NaN, 3 any
	dyn    reflect.Type // in the outermost interface; nil: any
	depth  int
}

func (f *filler) newValue(t reflect.Type) unsafe.Pointer {
	v := reflect.New(t)
	kept = append(kept, v.Interface())
	p := unsafe.Pointer(v.Pointer())
	f.fill(t, p)
	return p
}

func (f *filler) fill(t reflect.Type, p unsafe.Pointer) {
	switch t.Kind() {
	case reflect.Bool:
		*(*byte)(p) = byte(f.next() & 1)
	case reflect.Float32:
		*(*uint32)(p) = uint32(f.float(0x80000000, 0x7fc00123, 0x40490fdb+f.next()&0xffffff))
	case reflect.Float64:
		*(*uint64)(p) = f.float(1<<63, 0x7ff8000000000123, 0x400921fb00000000+f.next()&0xffffffff)
	case reflect.Complex64:
		f.fill(reflect.TypeOf(float32(0)), p)
		f.fill(reflect.TypeOf(float32(0)), unsafe.Pointer(uintptr(p)+4))
	case reflect.Complex128:
		f.fill(reflect.TypeOf(float64(0)), p)
		f.fill(reflect.TypeOf(float64(0)), unsafe.Pointer(uintptr(p)+8))
	case reflect.String:
		f.fillString(p)
	case reflect.Ptr, reflect.Chan, reflect.UnsafePointer:
		// No address of anything: nobody follows it.
		*(*uintptr)(p) = uintptr(0x10000 + f.next()&0xfffff0)
	case reflect.Array:
		for i := 0; i < t.Len(); i++ {
			f.fill(t.Elem(), unsafe.Pointer(uintptr(p)+uintptr(i)*t.Elem().Size()))
		}
	case reflect.Struct:
		f.fillStruct(t, p)
	case reflect.Interface:
		f.fillInterface(t, p)
	default:
		f.bytes(p, t.Size())
	}
}

func (f *filler) float(negativeZero, nan, any uint64) uint64 {
	return []uint64{0, negativeZero, nan, any}[f.value]
}

func (f *filler) fillString(p unsafe.Pointer) {
	n := f.length
	if n < 0 {
		n = f.n(40)
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(f.next())
	}
	*(*string)(p) = string(b)
}

// Padding gets noise, to show that it doesn't matter.
func (f *filler) fillStruct(t reflect.Type, p unsafe.Pointer) {
	end := uintptr(0)
	for i := 0; i < t.NumField(); i++ {
		m := t.Field(i)
		f.bytes(unsafe.Pointer(uintptr(p)+end), m.Offset-end)
		f.fill(m.Type, unsafe.Pointer(uintptr(p)+m.Offset))
		end = m.Offset + m.Type.Size()
	}
	f.bytes(unsafe.Pointer(uintptr(p)+end), t.Size()-end)
}

func (f *filler) dynamic(t reflect.Type) reflect.Type {
	if t == namerInterface {
		return reflect.TypeOf(namers[f.n(len(namers))])
	}
	if f.dyn != nil && f.depth == 1 {
		return f.dyn
	}
	if f.depth > 3 { // no interface in it
		return reflect.TypeOf(dynamicTypes[f.n(20)])
	}
	return reflect.TypeOf(dynamicTypes[f.n(len(dynamicTypes))])
}

func (f *filler) fillInterface(t reflect.Type, p unsafe.Pointer) {
	f.depth++
	defer func() { f.depth-- }()
	if f.depth > 1 && f.n(8) == 0 || f.dyn == nil && f.depth == 1 && f.n(8) == 0 {
		return // nil
	}
	dyn := f.dynamic(t)
	data := f.newValue(dyn)
	reflect.NewAt(t, p).Elem().Set(reflect.Zero(dyn)) // the type word
	if isDirect(dyn) {
		*(*uintptr)(unsafe.Pointer(uintptr(p) + 8)) = *(*uintptr)(data)
	} else {
		*(*unsafe.Pointer)(unsafe.Pointer(uintptr(p) + 8)) = data
	}
}

type maker struct {
	cases []hashCase
	seed  random
}

func (m *maker) add(mapType reflect.Type, f filler) {
	f.random = random(len(m.cases)) * 1000003
	seed := m.seed.next()
	if len(m.cases)%2 == 1 {
		seed = uint64(uint32(seed)) // a classic map's
	}
	c := hashCase{mapType: mapType, seed: seed, varies: f.dyn == reflect.TypeOf(emptyThenPointer{})}
	c.key = f.newValue(mapType.Key())
	m.cases = append(m.cases, c)
}

func stringLengths() []int {
	var ret []int
	for n := 0; n <= 70; n++ {
		ret = append(ret, n)
	}
	return append(ret, 95, 96, 97, 127, 128, 129, 130, 143, 144, 255, 256, 257, 258, 384, 385, 600, 1000)
}

func hasFloat(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		return true
	case reflect.Array:
		return hasFloat(t.Elem())
	case reflect.Struct:
		for i := 0; i < t.NumField(); i++ {
			if hasFloat(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}

func makeCases() []hashCase {
	m := maker{seed: 12345}
	any := filler{length: -1, value: 3}
	for _, n := range stringLengths() {
		f := any
		f.length = n
		m.add(reflect.TypeOf(map[string]int(nil)), f)
	}
	for _, t := range compilerMaps {
		m.add(t, any)
		m.add(t, any)
		for v := 0; v < 3 && hasFloat(t.Key()); v++ {
			f := any
			f.value = v
			m.add(t, f)
		}
	}
	for i := range namers {
		_ = i
		m.add(reflect.TypeOf(map[namer]int(nil)), any)
		m.add(reflect.TypeOf(map[namer]int(nil)), any)
	}
	for _, v := range dynamicTypes {
		f := any
		f.dyn = reflect.TypeOf(v)
		m.add(reflect.TypeOf(map[interface{}]int(nil)), f)
		m.add(reflect.TypeOf(map[interface{}]int(nil)), f)
	}
	// The element type makes sure that the compiler didn't make the map type.
	elem := reflect.TypeOf([3]uint16{})
	for _, v := range reflectKeys {
		t := reflect.MapOf(reflect.TypeOf(v), elem)
		m.add(t, any)
		m.add(t, any)
	}
	f := any
	f.dyn = reflect.TypeOf(emptyThenPointer{})
	m.add(reflect.TypeOf(map[interface{}]int(nil)), f)
	return m.cases
}
