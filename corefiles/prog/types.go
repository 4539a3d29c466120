package main

import (
	"math"
	"strconv"
	"unsafe"
)

// Case "types": healthy maps of many key and element types, in package variables.

type (
	colour   uint8
	userID   string
	celsius  float32
	registry map[userID]colour

	point  struct{ X, Y int16 }
	padded struct {
		Flag bool
		N    int64
		Tag  uint8
	}
	mixedKey struct {
		Name string
		Port uint16
		Zone [2]byte
	}
	floatKey struct{ Lat, Lon float64 }
	ifaceKey struct{ Any interface{} }
	blankKey struct {
		A int32
		_ int32
		B int32
	}
	bigKey  struct{ Words [20]uint64 } // 160 bytes: the slot holds a pointer
	bigElem struct {
		Label string
		Body  [140]byte
	}
	edgeKey struct{ Bytes [128]byte } // the largest that the slot itself holds
	empty   struct{}
	record  struct {
		ID     uint32
		Name   string
		Parent *record
		Tags   []string
		Attrs  map[string]string
		Any    interface{}
		Ratio  float64
		Done   bool
	}
	stringer interface{ String() string }
)

func (c colour) String() string { return "colour " + strconv.Itoa(int(c)) }
func (u userID) String() string { return string(u) }

var (
	typInt8    map[int8]int8
	typInt16   map[int16]int16
	typInt32   map[int32]int32
	typInt64   map[int64]int64
	typInt     map[int]int
	typUint8   map[uint8]uint8
	typUint16  map[uint16]uint16
	typUint32  map[uint32]uint32
	typUint64  map[uint64]uint64
	typUint    map[uint]uint
	typUintptr map[uintptr]uintptr
	typBool    map[bool]int
	typString  map[string]int
	typStrings map[string]string
	typFloat32 map[float32]string
	typFloat64 map[float64]float64
	typComplex map[complex128]complex64
	typC64     map[complex64]int

	typPoint    map[point]point
	typPadded   map[padded]string
	typMixed    map[mixedKey]uint32
	typFloatKey map[floatKey]bool
	typIfaceKey map[ifaceKey]int
	typBlank    map[blankKey]int
	typArray    map[[3]uint16]string
	typBytes16  map[[16]byte]int
	typStrArray map[[2]string]int
	typEdge     map[edgeKey]uint8
	typBigKey   map[bigKey]int
	typBigElem  map[int]bigElem
	typBigBoth  map[bigKey]bigElem
	typEmptyKey map[struct{}]string

	typIface    map[interface{}]interface{}
	typStringer map[stringer]error
	typPointer  map[*record]*record
	typChan     map[chan int]chan<- string
	typUnsafe   map[unsafe.Pointer]int

	typSet      map[uint64]struct{}
	typStrSet   map[string]struct{}
	typSlice    map[int][]int
	typByteElem map[string][]byte
	typFunc     map[string]func(int) int
	typRecord   map[uint32]record
	typArrElem  map[string][4]int32
	typUint32P  map[uint32]*int
	typUint64P  map[uint64]*int
	typInt8Big  map[int8]int64

	typNamed    registry
	typColour   map[colour]userID
	typCelsius  map[celsius]celsius
	typLarge    map[uint64]uint64
	typLargeStr map[string]*record

	typEmpty   = map[string]int{}
	typNil     map[string]int
	typHint    = make(map[int]string, 100)
	typHintUse = make(map[string]int, 1000)
	typEmptied = map[int]int{}
	typCleared = map[string]int{}
	typRefill  = map[string]int{}
	typOne     = map[string]int{"only": 1}
	typEight   = map[int]int{}
	typNine    = map[int]int{}
)

func runTypes() {
	fillIntegers()
	fillFloats()
	fillStructs()
	fillReferences()
	fillElems()
	fillShapes()
	noteIntegers()
	noteKeys()
	noteElems()
	noteShapes()
	runTypes118()
	runTypes121()
}

func fillIntegers() {
	typInt8, typInt16 = map[int8]int8{}, map[int16]int16{}
	typInt32, typInt64 = map[int32]int32{}, map[int64]int64{}
	typUint8, typUint16 = map[uint8]uint8{}, map[uint16]uint16{}
	typUint32, typUint64 = map[uint32]uint32{}, map[uint64]uint64{}
	typInt, typUint, typUintptr = map[int]int{}, map[uint]uint{}, map[uintptr]uintptr{}
	for i := 0; i < 30; i++ {
		typInt8[int8(i*8-128)] = int8(i)
		typInt16[int16(i*2000-30000)] = int16(-i)
		typInt32[int32(i)*-123456789] = int32(i) * 1000003
		typInt64[int64(i)*-1234567890123456789] = int64(i) << 55
		typInt[i-15] = i * i
		typUint8[uint8(i*7)] = uint8(255 - i)
		typUint16[uint16(i*2111)] = uint16(i)
		typUint32[uint32(i)*2654435761] = math.MaxUint32 - uint32(i)
		typUint64[uint64(i)*11400714819323198485] = math.MaxUint64 - uint64(i)
		typUint[uint(i)] = uint(i) << 40
		typUintptr[uintptr(i)<<12] = uintptr(i)
	}
	typBool = map[bool]int{true: 1, false: -1}
}

func fillFloats() {
	typFloat32, typFloat64 = map[float32]string{}, map[float64]float64{}
	typComplex, typC64 = map[complex128]complex64{}, map[complex64]int{}
	for i := 0; i < 12; i++ {
		typFloat32[float32(i)/3] = strconv.Itoa(i)
		typFloat64[math.Pow(-1.7, float64(i*9))] = float64(i) / 7
		typComplex[complex(float64(i), -0.5)] = complex(float32(i)/3, 1e20)
		typC64[complex(float32(i), 2)] = i
	}
	typFloat64[math.Inf(1)], typFloat64[math.Inf(-1)] = 1, -1
	typFloat64[0] = math.NaN()
	typFloat64[math.Copysign(0, -1)] = math.Inf(-1) // the same key as 0
	for i := 0; i < 5; i++ {
		typFloat64[math.NaN()] = float64(i)
		typFloat32[float32(math.NaN())] = "nan"
	}
	typComplex[complex(math.NaN(), 1)] = 1
	typComplex[complex(1, math.NaN())] = 2
}

func fillStructs() {
	typPoint, typPadded = map[point]point{}, map[padded]string{}
	typMixed, typFloatKey = map[mixedKey]uint32{}, map[floatKey]bool{}
	typIfaceKey, typBlank = map[ifaceKey]int{}, map[blankKey]int{}
	typArray, typBytes16 = map[[3]uint16]string{}, map[[16]byte]int{}
	typStrArray, typEdge = map[[2]string]int{}, map[edgeKey]uint8{}
	typBigKey, typBigElem = map[bigKey]int{}, map[int]bigElem{}
	typBigBoth, typEmptyKey = map[bigKey]bigElem{}, map[struct{}]string{{}: "only"}
	for i := 0; i < 20; i++ {
		n := strconv.Itoa(i)
		elem := bigElem{Label: "big " + n}
		elem.Body[i] = byte(i)
		big := bigKey{}
		big.Words[i] = uint64(i) + 1
		edge := edgeKey{}
		edge.Bytes[i*6] = byte(i) + 1
		typPoint[point{int16(i), int16(-i)}] = point{int16(i * 3), 7}
		typPadded[padded{i&1 == 0, int64(i) << 33, byte(i)}] = n
		typMixed[mixedKey{"host-" + n, uint16(8000 + i), [2]byte{byte(i), 1}}] = uint32(i)
		typFloatKey[floatKey{float64(i) / 9, -float64(i)}] = i&1 == 0
		typIfaceKey[ifaceKey{i}], typIfaceKey[ifaceKey{n}] = i, -i
		typBlank[blankKey{A: int32(i), B: int32(-i)}] = i
		typArray[[3]uint16{1, uint16(i), 3}] = n
		typBytes16[[16]byte{byte(i), 15: byte(i)}] = i
		typStrArray[[2]string{n, n + n}] = i
		typEdge[edge] = byte(i)
		typBigKey[big] = i
		typBigElem[i] = elem
		typBigBoth[big] = elem
	}
	typFloatKey[floatKey{math.NaN(), 1}] = true
}

func fillReferences() {
	typIface = map[interface{}]interface{}{
		1: "int", "one": 1, 2.5: []int{1, 2}, true: nil, nil: "nil", point{1, 2}: &point{3, 4},
		uint8(9): uint8(9), [2]int{1, 2}: map[string]int{"inner": 1}, colour(3): complex(1, 2),
		userID("u"): point{5, 6}, mixedKey{Name: "k"}: [1]*point{{7, 8}}, 'x': struct{}{},
	}
	typStringer = map[stringer]error{
		colour(1): nil, colour(2): failure{"second", 2}, userID("me"): &failure{"third", 3},
	}
	typPointer, typChan = map[*record]*record{}, map[chan int]chan<- string{}
	typUnsafe = map[unsafe.Pointer]int{nil: 0}
	var last *record
	for i := 0; i < 10; i++ {
		r := &record{ID: uint32(i), Name: "rec" + strconv.Itoa(i), Parent: last}
		typPointer[r] = last
		typUnsafe[unsafe.Pointer(r)] = i
		typChan[make(chan int, i)] = make(chan string)
		last = r
	}
	typPointer[nil] = last
}

type failure struct {
	what string
	code int
}

func (f failure) Error() string { return f.what }

func fillElems() {
	typSet, typStrSet = map[uint64]struct{}{}, map[string]struct{}{}
	typSlice, typByteElem = map[int][]int{}, map[string][]byte{}
	typFunc = map[string]func(int) int{"nil": nil, "double": double}
	typRecord, typArrElem = map[uint32]record{}, map[string][4]int32{}
	typUint32P, typUint64P = map[uint32]*int{}, map[uint64]*int{}
	typInt8Big = map[int8]int64{}
	for i := 0; i < 25; i++ {
		n, v := strconv.Itoa(i), i
		typSet[uint64(i)<<32] = struct{}{}
		typStrSet["member "+n] = struct{}{}
		typSlice[i] = make([]int, i%4, i%4+2)
		typByteElem[n] = []byte{0, byte(i), 0xff}
		typFunc["add"+n] = func(x int) int { return x + v }
		typArrElem[n] = [4]int32{int32(i), 2, 3, int32(-i)}
		typUint32P[uint32(i)] = &v
		typUint64P[uint64(i)<<40] = &v
		typInt8Big[int8(i)] = int64(i) << 50
		typRecord[uint32(i)] = record{ID: uint32(i), Name: "r\x01\"" + n, Tags: []string{n, "t"},
			Attrs: map[string]string{"k": n}, Any: i, Ratio: float64(i) / 10, Done: i > 5}
	}
	typSlice[-1] = nil
	typByteElem["nil"], typByteElem["empty"] = nil, []byte{}
	typByteElem["not\xffutf8"] = []byte("text")
}

func double(x int) int { return 2 * x }

func fillShapes() {
	typNamed, typColour = registry{"alice": 1, "bob": 2}, map[colour]userID{1: "x", 255: "y"}
	typCelsius = map[celsius]celsius{-273.15: 0, 100: 0.1}
	typString, typStrings = map[string]int{}, map[string]string{"": "empty", "\u00e9": "\u4e16"}
	for i := 0; i < 60; i++ {
		typString["key_"+strconv.Itoa(i)] = i
		typStrings["k"+strconv.Itoa(i)] = "value " + strconv.Itoa(i*i)
	}
	typLarge, typLargeStr = map[uint64]uint64{}, map[string]*record{}
	for i := uint64(0); i < 2500; i++ {
		typLarge[i] = 3 * i
	}
	shared := &record{Name: "shared"}
	for i := 0; i < 1000; i++ {
		typLargeStr["n"+strconv.Itoa(i)] = shared
	}
	for i := 0; i < 9; i++ {
		typHintUse["h"+strconv.Itoa(i)] = i
		if typNine[i] = i; i < 8 {
			typEight[i] = -i
		}
	}
	for i := 0; i < 50; i++ {
		typEmptied[i], typCleared[strconv.Itoa(i)], typRefill[strconv.Itoa(i)] = i, i, i
	}
	for i := 0; i < 50; i++ {
		delete(typEmptied, i)
	}
	for k := range typCleared {
		delete(typCleared, k)
	}
	for k := range typRefill {
		delete(typRefill, k)
	}
	typRefill["again"] = 1
}

func noteIntegers() {
	noteMap("main.typInt8", byGlobal, typInt8)
	noteMap("main.typInt16", byGlobal, typInt16)
	noteMap("main.typInt32", byGlobal, typInt32)
	noteMap("main.typInt64", byGlobal, typInt64)
	noteMap("main.typInt", byGlobal, typInt)
	noteMap("main.typUint8", byGlobal, typUint8)
	noteMap("main.typUint16", byGlobal, typUint16)
	noteMap("main.typUint32", byGlobal, typUint32)
	noteMap("main.typUint64", byGlobal, typUint64)
	noteMap("main.typUint", byGlobal, typUint)
	noteMap("main.typUintptr", byGlobal, typUintptr)
	noteMap("main.typBool", byGlobal, typBool)
	noteMap("main.typString", byGlobal, typString)
	noteMap("main.typStrings", byGlobal, typStrings)
	noteMap("main.typFloat32", byGlobal, typFloat32)
	noteMap("main.typFloat64", byGlobal, typFloat64)
	noteMap("main.typComplex", byGlobal, typComplex)
	noteMap("main.typC64", byGlobal, typC64)
}

func noteKeys() {
	noteMap("main.typPoint", byGlobal, typPoint)
	noteMap("main.typPadded", byGlobal, typPadded)
	noteMap("main.typMixed", byGlobal, typMixed)
	noteMap("main.typFloatKey", byGlobal, typFloatKey)
	noteMap("main.typIfaceKey", byGlobal, typIfaceKey)
	noteMap("main.typBlank", byGlobal, typBlank)
	noteMap("main.typArray", byGlobal, typArray)
	noteMap("main.typBytes16", byGlobal, typBytes16)
	noteMap("main.typStrArray", byGlobal, typStrArray)
	noteMap("main.typEdge", byGlobal, typEdge)
	noteMap("main.typBigKey", byGlobal, typBigKey)
	noteMap("main.typBigElem", byGlobal, typBigElem)
	noteMap("main.typBigBoth", byGlobal, typBigBoth)
	noteMap("main.typEmptyKey", byGlobal, typEmptyKey)
	noteMap("main.typIface", byGlobal, typIface)
	noteMap("main.typIface[[2]int{1, 2}].(map[string]int)", byInterface, typIface[[2]int{1, 2}])
	noteMap("main.typStringer", byGlobal, typStringer)
	noteMap("main.typPointer", byGlobal, typPointer)
	noteMap("main.typChan", byGlobal, typChan)
	noteMap("main.typUnsafe", byGlobal, typUnsafe)
}

func noteElems() {
	noteMap("main.typSet", byGlobal, typSet)
	noteMap("main.typStrSet", byGlobal, typStrSet)
	noteMap("main.typSlice", byGlobal, typSlice)
	noteMap("main.typByteElem", byGlobal, typByteElem)
	noteMap("main.typFunc", byGlobal, typFunc)
	noteMap("main.typRecord", byGlobal, typRecord)
	for i := 0; i < len(typRecord); i++ {
		noteMap("main.typRecord["+strconv.Itoa(i)+"].Attrs", byElem, typRecord[uint32(i)].Attrs)
	}
	noteMap("main.typArrElem", byGlobal, typArrElem)
	noteMap("main.typUint32P", byGlobal, typUint32P)
	noteMap("main.typUint64P", byGlobal, typUint64P)
	noteMap("main.typInt8Big", byGlobal, typInt8Big)
}

func noteShapes() {
	noteMap("main.typNamed", byGlobal, typNamed)
	noteMap("main.typColour", byGlobal, typColour)
	noteMap("main.typCelsius", byGlobal, typCelsius)
	noteMap("main.typLarge", byGlobal, typLarge)
	noteMap("main.typLargeStr", byGlobal, typLargeStr)
	noteMap("main.typEmpty", byGlobal, typEmpty)
	noteMap("main.typNil", byGlobal, typNil)
	noteMap("main.typHint", byGlobal, typHint)
	noteMap("main.typHintUse", byGlobal, typHintUse)
	noteMap("main.typEmptied", byGlobal, typEmptied)
	noteMap("main.typCleared", byGlobal, typCleared)
	noteMap("main.typRefill", byGlobal, typRefill)
	noteMap("main.typOne", byGlobal, typOne)
	noteMap("main.typEight", byGlobal, typEight)
	noteMap("main.typNine", byGlobal, typNine)
}
