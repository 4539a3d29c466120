package main

import (
	"math"
	"reflect"
	"strconv"
	"unicode/utf8"
	"unsafe"
)

// Values are encoded from memory, by type, as "hmapscope entries --json" prints them: see
// hmapscope-report(5).

const hexDigits = "0123456789abcdef"

func appendHex(out []byte, v uint64) []byte {
	out = append(out, `"0x`...)
	out = strconv.AppendUint(out, v, 16)
	return append(out, '"')
}

func appendString(out []byte, s string) []byte {
	if !utf8.ValidString(s) {
		return appendBytes(out, []byte(s))
	}
	out = append(out, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c < 0x20:
			out = append(out, `\u00`...)
			out = append(out, hexDigits[c>>4], hexDigits[c&15])
		default:
			out = append(out, c)
		}
	}
	return append(out, '"')
}

func appendBytes(out, b []byte) []byte {
	out = append(out, `{"bytes":"`...)
	for _, c := range b {
		out = append(out, hexDigits[c>>4], hexDigits[c&15])
	}
	return append(out, `"}`...)
}

func appendFloat(out []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(out, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(out, `"+Inf"`...)
	case math.IsInf(f, -1):
		return append(out, `"-Inf"`...)
	}
	if math.Signbit(f) {
		out, f = append(out, '-'), -f
	}
	if bits == 32 {
		return appendFinite(out, uint64(math.Float32bits(float32(f))), 23, 127)
	}
	return appendFinite(out, math.Float64bits(f), 52, 1023)
}

func appendPointer(out []byte, p unsafe.Pointer) []byte {
	if p == nil {
		return append(out, "null"...)
	}
	out = append(out, `{"ptr":`...)
	out = appendHex(out, uint64(uintptr(p)))
	return append(out, '}')
}

// pointerShaped: an interface holds a value of such a type in its data word itself.
func pointerShaped(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Ptr, reflect.Map, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return true
	case reflect.Struct:
		return t.NumField() == 1 && pointerShaped(t.Field(0).Type)
	case reflect.Array:
		return t.Len() == 1 && pointerShaped(t.Elem())
	}
	return false
}

func appendInterface(out []byte, t reflect.Type, p unsafe.Pointer) []byte {
	v := reflect.NewAt(t, p).Elem().Elem()
	if !v.IsValid() {
		return append(out, "null"...)
	}
	data := unsafe.Pointer(uintptr(p) + 8)
	if !pointerShaped(v.Type()) {
		data = *(*unsafe.Pointer)(data)
	}
	out = append(out, `{"type":`...)
	out = appendString(out, v.Type().String())
	out = append(out, `,"value":`...)
	out = appendValue(out, v.Type(), data)
	return append(out, '}')
}

func appendStruct(out []byte, t reflect.Type, p unsafe.Pointer) []byte {
	out = append(out, '{')
	for i := 0; i < t.NumField(); i++ {
		if i > 0 {
			out = append(out, ',')
		}
		f := t.Field(i)
		out = appendString(out, f.Name)
		out = append(out, ':')
		out = appendValue(out, f.Type, unsafe.Pointer(uintptr(p)+f.Offset))
	}
	return append(out, '}')
}

func appendArray(out []byte, elem reflect.Type, p unsafe.Pointer, n int) []byte {
	out = append(out, '[')
	for i := 0; i < n; i++ {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendValue(out, elem, unsafe.Pointer(uintptr(p)+uintptr(i)*elem.Size()))
	}
	return append(out, ']')
}

type sliceHeader struct {
	data     unsafe.Pointer
	len, cap int
}

func appendSlice(out []byte, t reflect.Type, p unsafe.Pointer) []byte {
	h := (*sliceHeader)(p)
	if h.data == nil {
		return append(out, "null"...)
	}
	if t.Elem().Kind() == reflect.Uint8 {
		return appendBytes(out, *(*[]byte)(p))
	}
	return appendArray(out, t.Elem(), h.data, h.len)
}

func appendInteger(out []byte, t reflect.Type, p unsafe.Pointer) []byte {
	switch t.Kind() {
	case reflect.Int8:
		return strconv.AppendInt(out, int64(*(*int8)(p)), 10)
	case reflect.Int16:
		return strconv.AppendInt(out, int64(*(*int16)(p)), 10)
	case reflect.Int32:
		return strconv.AppendInt(out, int64(*(*int32)(p)), 10)
	case reflect.Int, reflect.Int64:
		return strconv.AppendInt(out, *(*int64)(p), 10)
	case reflect.Uint8:
		return strconv.AppendUint(out, uint64(*(*uint8)(p)), 10)
	case reflect.Uint16:
		return strconv.AppendUint(out, uint64(*(*uint16)(p)), 10)
	case reflect.Uint32:
		return strconv.AppendUint(out, uint64(*(*uint32)(p)), 10)
	}
	return strconv.AppendUint(out, *(*uint64)(p), 10)
}

func appendComplex(out []byte, re, im float64, bits int) []byte {
	out = append(out, '[')
	out = appendFloat(out, re, bits)
	out = append(out, ',')
	out = appendFloat(out, im, bits)
	return append(out, ']')
}

// appendValue encodes the value of type t at p.
func appendValue(out []byte, t reflect.Type, p unsafe.Pointer) []byte {
	switch t.Kind() {
	case reflect.Bool:
		return strconv.AppendBool(out, *(*bool)(p))
	case reflect.String:
		return appendString(out, *(*string)(p))
	case reflect.Float32:
		return appendFloat(out, float64(*(*float32)(p)), 32)
	case reflect.Float64:
		return appendFloat(out, *(*float64)(p), 64)
	case reflect.Complex64:
		c := *(*complex64)(p)
		return appendComplex(out, float64(real(c)), float64(imag(c)), 32)
	case reflect.Complex128:
		c := *(*complex128)(p)
		return appendComplex(out, real(c), imag(c), 64)
	case reflect.Struct:
		return appendStruct(out, t, p)
	case reflect.Array:
		return appendArray(out, t.Elem(), p, t.Len())
	case reflect.Slice:
		return appendSlice(out, t, p)
	case reflect.Interface:
		return appendInterface(out, t, p)
	case reflect.Ptr, reflect.Map, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return appendPointer(out, *(*unsafe.Pointer)(p))
	}
	return appendInteger(out, t, p)
}
