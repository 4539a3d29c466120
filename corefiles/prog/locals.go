package main

import (
	"reflect"
	"unsafe"
)

// Case "locals": goroutines that say what their variables hold, and where, before they wait.
// Each variable is used after the wait, so that it is live there.

// say writes one variable to the truth.  addr is 0 where the variable may live in a register.
func say(function, name string, value interface{}, addr uintptr) {
	v := reflect.New(reflect.TypeOf(value))
	v.Elem().Set(reflect.ValueOf(value))
	sayTyped(function, name, v, addr)
}

// sayInterface is for variables whose own type is an interface.
func sayInterface(function, name string, value interface{}, addr uintptr) {
	sayTyped(function, name, reflect.ValueOf(&value), addr)
}

func sayTyped(function, name string, pointer reflect.Value, addr uintptr) {
	id, t := goid(), pointer.Type().Elem()
	noted.Lock()
	defer noted.Unlock()
	if len(localTruth) > 0 {
		localTruth = append(localTruth, ",\n"...)
	}
	out := append(localTruth, `{"goroutine":`...)
	out = append(out, id...)
	out = appendString(appendMember(out, "function"), "main."+function)
	out = appendString(appendMember(out, "name"), name)
	out = appendString(appendMember(out, "type"), t.String())
	if addr == 0 {
		out = append(out, `,"addr":null`...)
	} else {
		out = appendAddress(out, "addr", uint64(addr))
	}
	out = appendValue(appendMember(out, "value"), t, unsafe.Pointer(pointer.Pointer()))
	localTruth = append(out, '}')
}

var localTruth []byte

// at is a variable's address without letting it escape.
func at(p unsafe.Pointer) uintptr { return uintptr(p) }

//go:noinline
func use(values ...interface{}) { sink = values }

func runLocals() {
	for _, f := range []func(){
		localIntegers, localFloats, localStrings, localAggregates, localEscaped, localScopes,
		localCaptured, localInlined, localPointers,
		func() { localParameters(-7, "parameter", []int{1, 2}, point{3, 4}, 2.5, true) },
		func() { localMany(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12) },
		func() { sink, sinkError = localResults(20) },
		(&worker{"receiver", map[int]string{1: "one"}}).localMethod,
		func() { localValueMethod(point{11, 12}) },
	} {
		parked.Add(1)
		go prepared(f)
	}
	parked.Wait()
	extraTruth = append(append(append(extraTruth, ",\"locals\":[\n"...), localTruth...), ']')
	localTruth = nil
}

var sinkError error

// prepared: the stack must not move once addresses on it are told.
func prepared(f func()) {
	growStack()
	f()
}

func localIntegers() {
	a, b, c, d := int8(-8), uint16(65000), int32(-1<<31), uint64(1)<<63
	x, y := 41, uintptr(0xdeadbeef)
	x += int(a) + 9
	ok := d > 1
	say("localIntegers", "a", a, at(unsafe.Pointer(&a)))
	say("localIntegers", "b", b, at(unsafe.Pointer(&b)))
	say("localIntegers", "c", c, 0)
	say("localIntegers", "d", d, 0)
	say("localIntegers", "x", x, 0)
	say("localIntegers", "y", y, at(unsafe.Pointer(&y)))
	say("localIntegers", "ok", ok, 0)
	park()
	use(a, b, c, d, x, y, ok)
}

func localFloats() {
	f, g := float32(1.5)+float32(len(notes)), 3.14159*float64(len(caseName))
	c := complex(g, -1)
	say("localFloats", "f", f, 0)
	say("localFloats", "g", g, 0)
	say("localFloats", "c", c, at(unsafe.Pointer(&c)))
	park()
	use(f, g, c)
}

func localStrings() {
	s, t := "constant", "made "+goid()
	b := []byte(t)
	u := t[1:4]
	say("localStrings", "s", s, at(unsafe.Pointer(&s)))
	say("localStrings", "t", t, 0)
	say("localStrings", "b", b, 0)
	say("localStrings", "u", u, 0)
	park()
	use(s, t, b, u)
}

func localAggregates() {
	arr := [4]int16{1, -2, 3, -4}
	st := padded{true, -5, 6}
	m := map[string]int{"one": 1}
	any := interface{}(point{1, 2})
	list := []point{{5, 6}, {7, 8}}
	say("localAggregates", "arr", arr, at(unsafe.Pointer(&arr)))
	say("localAggregates", "st", st, at(unsafe.Pointer(&st)))
	say("localAggregates", "m", m, 0)
	say("localAggregates", "list", list, 0)
	sayInterface("localAggregates", "any", any, at(unsafe.Pointer(&any)))
	park()
	use(arr, st, m, any, list)
}

func localPointers() {
	p := &record{ID: 77, Name: "pointed to"}
	q := &p.Tags
	ch := make(chan int, 2)
	f := double
	say("localPointers", "p", p, at(unsafe.Pointer(&p)))
	say("localPointers", "q", q, 0)
	say("localPointers", "ch", ch, 0)
	say("localPointers", "f", f, 0)
	park()
	use(p, q, ch, f)
}

func localEscaped() {
	n, s := 5, "escaped"
	pn := &n
	use(pn, &s)
	say("localEscaped", "n", n, at(unsafe.Pointer(&n)))
	say("localEscaped", "s", s, at(unsafe.Pointer(&s)))
	park()
	n++
	use(pn, s)
}

func localScopes() {
	v := 100
	say("localScopes", "v", v, at(unsafe.Pointer(&v)))
	for i := 3; i < 4; i++ {
		w := v + i
		if v := uint8(w); v > 0 {
			say("localScopes", "v#2", v, at(unsafe.Pointer(&v)))
			say("localScopes", "w", w, 0)
			say("localScopes", "i", i, 0)
			park()
			use(v)
		}
		use(i, w)
	}
	use(v)
}

func localCaptured() {
	byValue, byReference := 7, "first"
	func(arg int) {
		own := arg + byValue
		byReference = "second"
		say("localCaptured.func1", "own", own, 0)
		say("localCaptured.func1", "arg", arg, 0)
		say("localCaptured.func1", "byValue", byValue, 0)
		park()
		use(own, arg, byValue, byReference)
	}(3)
	use(byValue, byReference)
}

func localInlined() {
	base := len(caseName)
	sum := addAndPark(base, 1000)
	use(base, sum)
}

// addAndPark is small enough to be inlined.
func addAndPark(left, right int) int {
	park2(left, right)
	return left + right
}

//go:noinline
func park2(left, right int) {
	say("addAndPark", "left", left, 0)
	park()
	use(left, right)
}

//go:noinline
func localParameters(i int32, s string, list []int, p point, f float64, b bool) {
	say("localParameters", "i", i, 0)
	say("localParameters", "s", s, 0)
	say("localParameters", "list", list, 0)
	say("localParameters", "p", p, at(unsafe.Pointer(&p)))
	say("localParameters", "f", f, 0)
	say("localParameters", "b", b, 0)
	park()
	use(i, s, list, p, f, b)
}

// localMany has more parameters than registers.
//
//go:noinline
func localMany(a, b, c, d, e, f, g, h, i, j, k, l int) {
	say("localMany", "a", a, 0)
	say("localMany", "i", i, 0)
	say("localMany", "k", k, 0)
	say("localMany", "l", l, at(unsafe.Pointer(&l)))
	park()
	use(a, b, c, d, e, f, g, h, i, j, k, l)
}

//go:noinline
func localResults(n int) (sum int, err error) {
	defer func() { sum++ }()
	sum = n * 2
	say("localResults", "n", n, 0)
	say("localResults", "sum", sum, at(unsafe.Pointer(&sum)))
	park()
	return sum + n, err
}

//go:noinline
func (w *worker) localMethod() {
	jobs := w.jobs
	say("(*worker).localMethod", "w", w, 0)
	say("(*worker).localMethod", "jobs", jobs, 0)
	park()
	use(w, jobs)
}

//go:noinline
func localValueMethod(p point) {
	sum := p.sum(100)
	use(sum, p)
}

//go:noinline
func (p point) sum(more int) int {
	say("point.sum", "p", p, 0)
	say("point.sum", "more", more, 0)
	park()
	return int(p.X) + int(p.Y) + more
}
