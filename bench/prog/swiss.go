//go:build (go1.24 && goexperiment.swissmap && !go1.26) || (go1.26 && !go1.27)
// +build go1.24,goexperiment.swissmap,!go1.26 go1.26,!go1.27

package main

import "unsafe"

const mapKind = "swiss"

// layoutOf: size of a group, first key, from key to key, first element, from element to element.
func layoutOf(typ unsafe.Pointer) []uintptr {
	slot := field(typ, 88)
	return []uintptr{field(typ, 80), 8, slot, 8 + field(typ, 96), slot}
}
