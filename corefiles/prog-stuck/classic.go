//go:build !go1.26 && (!go1.24 || !goexperiment.swissmap)
// +build !go1.26
// +build !go1.24 !goexperiment.swissmap

package main

import "unsafe"

const mapKind = "classic"

// The head of runtime.hmap.
type hmap struct {
	count      int
	flags, b   uint8
	noverflow  uint16
	hash0      uint32
	buckets    uintptr
	oldbuckets uintptr
}

func word(addr uintptr) *uintptr { return (*uintptr)(unsafe.Pointer(addr)) }
func octet(addr uintptr) *uint8  { return (*uint8)(unsafe.Pointer(addr)) }

// takeEnds closes each chain: its last bucket's overflow pointer leads back to its first.  Slots
// that no slot in use follows would end a search: they become merely empty.
func takeEnds(m interface{}) {
	i := (*emptyInterface)(unsafe.Pointer(&m))
	h := (*hmap)(i.data)
	size := uintptr(*(*uint16)(unsafe.Pointer(uintptr(i.typ) + 82)))
	if h.oldbuckets != 0 {
		fail("a growth is under way")
	}
	for n := uintptr(0); n < 1<<h.b; n++ {
		first := h.buckets + n*size
		for b := first; b != 0; {
			for slot := uintptr(0); slot < 8; slot++ {
				if *octet(b + slot) == 0 {
					*octet(b + slot) = 1
				}
			}
			next := word(b + size - 8)
			b = *next
			if b == 0 {
				*next = first
			}
		}
	}
}

func overfill(m interface{}, insert func(i int)) { takeEnds(m) }
