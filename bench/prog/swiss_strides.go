//go:build go1.27
// +build go1.27

package main

import "unsafe"

const mapKind = "swiss"

// layoutOf: Go 1.27 keeps all five in the map type.
func layoutOf(typ unsafe.Pointer) []uintptr {
	return []uintptr{field(typ, 80), field(typ, 88), field(typ, 96), field(typ, 104), field(typ, 112)}
}
