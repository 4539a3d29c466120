//go:build !go1.26 && (!go1.24 || !goexperiment.swissmap)
// +build !go1.26
// +build !go1.24 !goexperiment.swissmap

package main

import (
	"strconv"
	"unsafe"
)

const mapKind = "classic"

// The head of runtime.hmap, the same in all releases; what follows differs, see extraOffset.
type hmap struct {
	count      int
	flags, B   uint8
	noverflow  uint16
	hash0      uint32
	buckets    unsafe.Pointer
	oldbuckets unsafe.Pointer
	nevacuate  uintptr
}

const flagSameSizeGrow = 8

func seedOf(h unsafe.Pointer) uintptr { return uintptr((*hmap)(h).hash0) }

func bucketSize(typ unsafe.Pointer) uintptr {
	return uintptr(*(*uint16)(unsafe.Pointer(uintptr(typ) + 82)))
}

// What a walk over one bucket array finds.
type chains struct {
	buckets, overflow, longest, evacuated, live uint64
	histogram                                   []uint64 // [n]: chains of n+1 buckets
}

func tophash(b unsafe.Pointer, i uintptr) uint8 { return *(*uint8)(unsafe.Pointer(uintptr(b) + i)) }

func (c *chains) addChain(b unsafe.Pointer, size uintptr) {
	length := uint64(0)
	for ; b != nil; b = *(*unsafe.Pointer)(unsafe.Pointer(uintptr(b) + size - 8)) {
		length++
		for i := uintptr(0); i < 8; i++ {
			if tophash(b, i) >= 5 {
				c.live++
			}
		}
	}
	for uint64(len(c.histogram)) < length {
		c.histogram = append(c.histogram, 0)
	}
	c.histogram[length-1]++
	c.overflow += length - 1
	if length > c.longest {
		c.longest = length
	}
}

// walk looks at every chain; in the old array only at those that are not evacuated yet.
func walk(array unsafe.Pointer, n, size uintptr, old bool) *chains {
	c := &chains{buckets: uint64(n)}
	for i := uintptr(0); i < n && array != nil; i++ {
		b := unsafe.Pointer(uintptr(array) + i*size)
		if top := tophash(b, 0); old && top > 1 && top < 5 {
			c.evacuated++
		} else {
			c.addChain(b, size)
		}
	}
	return c
}

func oldBuckets(h *hmap) uintptr {
	if h.oldbuckets == nil {
		return 0
	}
	if h.flags&flagSameSizeGrow != 0 {
		return 1 << h.B
	}
	return 1 << (h.B - 1)
}

func appendHistogram(out []byte, c *chains) []byte {
	out = append(appendMember(out, "chain_histogram"), '[')
	for i, n := range c.histogram {
		if i > 0 {
			out = append(out, ',')
		}
		out = strconv.AppendUint(out, n, 10)
	}
	return append(out, ']')
}

func appendWords(out []byte, h *hmap) []byte {
	out = append(appendMember(out, "header"), '{')
	out = appendNumber(out, "count", uint64(h.count))
	out = appendNumber(out, "flags", uint64(h.flags))
	out = appendNumber(out, "B", uint64(h.B))
	out = appendNumber(out, "noverflow", uint64(h.noverflow))
	out = appendAddress(out, "hash0", uint64(h.hash0))
	out = appendAddress(out, "buckets", uint64(uintptr(h.buckets)))
	out = appendAddress(out, "oldbuckets", uint64(uintptr(h.oldbuckets)))
	out = appendNumber(out, "nevacuate", uint64(h.nevacuate))
	extra := *(*uint64)(unsafe.Pointer(uintptr(unsafe.Pointer(h)) + extraOffset))
	out = appendAddress(out, "extra", extra)
	return append(out, '}')
}

func appendHeader(out []byte, typ, header unsafe.Pointer) []byte {
	h := (*hmap)(header)
	size := bucketSize(typ)
	now := walk(h.buckets, 1<<h.B, size, false)
	old := walk(h.oldbuckets, oldBuckets(h), size, true)

	out = appendFlag(out, "growing", h.oldbuckets != nil)
	out = appendWords(out, h)
	out = append(appendMember(out, "walk"), '{')
	out = appendNumber(out, "live", now.live+old.live)
	out = appendNumber(out, "bucket_size", uint64(size))
	out = appendNumber(out, "nbuckets", now.buckets)
	out = appendNumber(out, "overflow", now.overflow)
	out = appendNumber(out, "chain_max", now.longest)
	out = appendHistogram(out, now)
	out = appendFlag(out, "same_size_grow", h.flags&flagSameSizeGrow != 0)
	out = appendNumber(out, "old_nbuckets", old.buckets)
	out = appendNumber(out, "old_overflow", old.overflow)
	out = appendNumber(out, "old_live", old.live)
	out = appendNumber(out, "evacuated", old.evacuated)
	return append(out, '}')
}

// isGrowing and growthDone are how a case finds the moment to stop writing.
func isGrowing(m interface{}) bool {
	return (*hmap)((*emptyInterface)(unsafe.Pointer(&m)).data).oldbuckets != nil
}

func isSameSize(m interface{}) bool {
	return (*hmap)((*emptyInterface)(unsafe.Pointer(&m)).data).flags&flagSameSizeGrow != 0
}

// growthDone: how much of a growth is done, in 1/1000; 1000 when none is under way.
func growthDone(m interface{}) int {
	h := (*hmap)((*emptyInterface)(unsafe.Pointer(&m)).data)
	if h.oldbuckets == nil {
		return 1000
	}
	return int(h.nevacuate * 1000 / oldBuckets(h))
}

// homeOf: where a key's search starts, so that keys which crowd together can be picked.
func homeOf(m interface{}, key unsafe.Pointer) uint64 {
	h := (*hmap)((*emptyInterface)(unsafe.Pointer(&m)).data)
	return hashOf(m, key) & (1<<h.B - 1)
}
