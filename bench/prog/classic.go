//go:build !go1.26 && (!go1.24 || !goexperiment.swissmap)
// +build !go1.26
// +build !go1.24 !goexperiment.swissmap

package main

import "unsafe"

const mapKind = "classic"

// layoutOf: size of a bucket, first key, from key to key, first element, from element to element.
func layoutOf(typ unsafe.Pointer) []uintptr {
	key, elem := sizeOf(typ, 48), sizeOf(typ, 56)
	return []uintptr{sizeOf(typ, 64), 8, key, 8 + 8*key, elem}
}
