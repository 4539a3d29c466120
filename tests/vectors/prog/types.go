package main

import (
	"reflect"
	"unsafe"
)

// Key types of maps that the compiler makes.

type namer interface{ Name() string }

type namedInt int64
type namedString string
type pointerStruct struct{ p *int }
type bigNamer struct {
	a int64
	s string
}
type byteNamer uint8

func (namedInt) Name() string      { return "int" }
func (namedString) Name() string   { return "string" }
func (pointerStruct) Name() string { return "pointer" }
func (bigNamer) Name() string      { return "big" }
func (byteNamer) Name() string     { return "byte" }

type empty struct{}
type one struct{ a int64 }
type oneString struct{ s string }
type oneBlank struct{ _ int32 }
type two32 struct{ a, b int32 }
type mixed struct {
	a int64
	s string
}
type padded struct {
	a uint8
	b int64
}
type paddedEnd struct {
	a int64
	b uint8
}
type blank struct {
	a int32
	_ int32
	b int32
}
type blankFirst struct {
	_ [3]byte
	a uint16
	s string
}
type run4 struct {
	a, b uint16
	s    string
}
type run8 struct {
	s    string
	a, b uint32
	f    float32
}
type run24 struct {
	f       float64
	a, b, c int64
	t       bool
}
type floats struct {
	a float32
	b float64
	c complex64
	d complex128
}
type ifaces struct {
	e interface{}
	n namer
	i int
}
type inner struct {
	a uint8
	s string
	b uint8
}
type nested struct {
	i inner
	a uint8
	j inner
}
type nestedMemory struct {
	a two32
	b [3]uint8
	c uint8
	s string
}
type nestedPadded struct {
	p padded
	q paddedEnd
	r uint32
}
type zeroSized struct {
	a int32
	e empty
	s string
	z [0]int64
}
type arrays struct {
	a [3]string
	b [2]float32
	c [5]uint8
}
type pointers struct {
	p *int
	c chan int
	u unsafe.Pointer
}
type large struct {
	a [20]int64
	s string
}
type deepOne struct{ x struct{ y [1]struct{ s string } } }
type oneFloatArray struct{ a [1]float64 }
type emptyThenPointer struct {
	_ empty
	p *int
}
type lateBlank struct {
	s string
	a uint32
	_ uint32
}

func of(m interface{}) reflect.Type { return reflect.TypeOf(m) }

// Maps that are looked at with several keys each.
var compilerMaps = []reflect.Type{
	of(map[bool]int(nil)), of(map[int8]int(nil)), of(map[uint16]int(nil)),
	of(map[int32]int(nil)), of(map[uint64]int(nil)), of(map[uintptr]int(nil)),
	of(map[namedInt]int(nil)), of(map[*int]int(nil)), of(map[chan int]int(nil)),
	of(map[unsafe.Pointer]int(nil)),
	of(map[float32]int(nil)), of(map[float64]int(nil)),
	of(map[complex64]int(nil)), of(map[complex128]int(nil)),
	of(map[namedString]int(nil)),
	of(map[[0]byte]int(nil)), of(map[[1]byte]int(nil)), of(map[[2]byte]int(nil)),
	of(map[[3]byte]int(nil)), of(map[[4]byte]int(nil)), of(map[[5]byte]int(nil)),
	of(map[[7]byte]int(nil)), of(map[[8]byte]int(nil)), of(map[[12]byte]int(nil)),
	of(map[[15]byte]int(nil)), of(map[[16]byte]int(nil)), of(map[[17]byte]int(nil)),
	of(map[[24]byte]int(nil)), of(map[[32]byte]int(nil)), of(map[[33]byte]int(nil)),
	of(map[[64]byte]int(nil)), of(map[[65]byte]int(nil)), of(map[[128]byte]int(nil)),
	of(map[[129]byte]int(nil)), of(map[[300]byte]int(nil)),
	of(map[[2]int32]int(nil)), of(map[[4]uint64]int(nil)),
	of(map[[1]string]int(nil)), of(map[[2]string]int(nil)), of(map[[3]string]int(nil)),
	of(map[[7]string]int(nil)), of(map[[3][2]string]int(nil)), of(map[[5]float32]int(nil)),
	of(map[[40]float32]int(nil)), of(map[[2]complex64]int(nil)), of(map[[9]float64]int(nil)),
	of(map[[3]interface{}]int(nil)), of(map[[2]namer]int(nil)), of(map[[0]string]int(nil)),
	of(map[[2]mixed]int(nil)), of(map[[5]inner]int(nil)), of(map[[3]padded]int(nil)),
	of(map[[4]blank]int(nil)), of(map[[6]paddedEnd]int(nil)), of(map[[2]nested]int(nil)),
	of(map[empty]int(nil)), of(map[one]int(nil)), of(map[oneString]int(nil)),
	of(map[oneBlank]int(nil)), of(map[two32]int(nil)), of(map[mixed]int(nil)),
	of(map[padded]int(nil)), of(map[paddedEnd]int(nil)), of(map[blank]int(nil)),
	of(map[blankFirst]int(nil)), of(map[run4]int(nil)), of(map[run8]int(nil)),
	of(map[run24]int(nil)), of(map[floats]int(nil)), of(map[ifaces]int(nil)),
	of(map[nested]int(nil)), of(map[nestedMemory]int(nil)), of(map[nestedPadded]int(nil)),
	of(map[zeroSized]int(nil)), of(map[arrays]int(nil)), of(map[pointers]int(nil)),
	of(map[large]int(nil)), of(map[deepOne]int(nil)), of(map[oneFloatArray]int(nil)),
	of(map[lateBlank]int(nil)), of(map[struct {
		a int16
		b interface{}
	}]int(nil)),
}

// Keys of maps that reflect makes: types whose hash may then be another.
var reflectKeys = []interface{}{
	uint32(0), uint64(0), "", float64(0), [4]byte{}, [3]string{}, [5]float32{}, one{}, two32{},
	mixed{}, padded{}, paddedEnd{}, blank{}, blankFirst{}, run4{}, run8{}, run24{}, floats{},
	ifaces{}, nested{}, nestedMemory{}, nestedPadded{}, zeroSized{}, arrays{}, large{},
	deepOne{}, oneBlank{}, lateBlank{}, [5]inner{}, [4]blank{}, [2]nested{},
}

// What interfaces hold.
var dynamicTypes = []interface{}{
	false, int8(0), uint16(0), int32(0), int(0), uint64(0), namedInt(0), float32(0),
	float64(0), complex64(0), complex128(0), "", namedString(""), (*int)(nil), (chan int)(nil),
	unsafe.Pointer(nil), [3]byte{}, [4]byte{}, [8]byte{}, [20]byte{}, [1]*int{}, [2]string{},
	empty{}, one{}, oneString{}, two32{}, mixed{}, padded{}, blank{}, run8{}, nested{},
	nestedMemory{}, zeroSized{}, pointerStruct{}, [1]pointerStruct{}, bigNamer{}, floats{},
	[3]interface{}{}, ifaces{}, large{},
}

var namers = []namer{namedInt(0), namedString(""), pointerStruct{}, bigNamer{}, byteNamer(0)}

var emptyInterface = reflect.TypeOf((*interface{})(nil)).Elem()
var namerInterface = reflect.TypeOf((*namer)(nil)).Elem()
