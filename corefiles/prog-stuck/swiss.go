//go:build go1.26 || (go1.24 && goexperiment.swissmap)
// +build go1.26 go1.24,goexperiment.swissmap

package main

import "unsafe"

const mapKind = "swiss"

// The heads of internal/runtime/maps.Map and table.
type swissMap struct {
	used              uint64
	seed              uintptr
	dirPtr            uintptr
	dirLen            int
	globalDepth       uint8
	globalShift       uint8
	writing           uint8
	tombstonePossible uint8 // from Go 1.25 on
}

type swissTable struct {
	used, capacity, growthLeft uint16
	localDepth                 uint8
	index                      int
	groups                     uintptr
	lengthMask                 uintptr
}

func mapOf(m interface{}) *swissMap {
	return (*swissMap)((*emptyInterface)(unsafe.Pointer(&m)).data)
}

// tableOf: these maps have one.
func tableOf(m interface{}) *swissTable {
	h := mapOf(m)
	if h.dirLen != 1 {
		fail("not a map of one table")
	}
	return **(***swissTable)(unsafe.Pointer(&h.dirPtr))
}

// takeEnds marks free slots as deleted: a search ends at a group that has a free one.
func takeEnds(m interface{}) {
	t := tableOf(m)
	size := *(*uintptr)(unsafe.Pointer(uintptr((*emptyInterface)(unsafe.Pointer(&m)).typ) + 80))
	for group := uintptr(0); group <= t.lengthMask; group++ {
		for slot := uintptr(0); slot < 8; slot++ {
			control := (*uint8)(unsafe.Pointer(t.groups + group*size + slot))
			if *control == 0x80 {
				*control = 0xfe
			}
		}
	}
	t.growthLeft = 0
	mapOf(m).tombstonePossible = 1
}

// overfill has inserts fill all slots: growthLeft promises more room than there is to be.
func overfill(m interface{}, insert func(i int)) {
	t := tableOf(m)
	t.growthLeft = t.capacity - t.used
	for i := int(t.used); i < int(t.capacity); i++ {
		insert(i)
	}
	if t.used != t.capacity {
		fail("the table has grown")
	}
}
