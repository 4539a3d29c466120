//go:build go1.26 || (go1.24 && goexperiment.swissmap)
// +build go1.26 go1.24,goexperiment.swissmap

package main

import (
	"strconv"
	"unsafe"
)

const mapKind = "swiss"

// internal/runtime/maps.Map.  The byte after writing is unused in Go 1.24.
type swissMap struct {
	used              uint64
	seed              uintptr
	dirPtr            unsafe.Pointer
	dirLen            int
	globalDepth       uint8
	globalShift       uint8
	writing           uint8
	tombstonePossible uint8
	clearSeq          uint64
}

type swissTable struct {
	used, capacity, growthLeft uint16
	localDepth                 uint8
	index                      int
	groups                     unsafe.Pointer
	lengthMask                 uint64
}

func seedOf(h unsafe.Pointer) uintptr { return (*swissMap)(h).seed }

func groupSize(typ unsafe.Pointer) uintptr { return *(*uintptr)(unsafe.Pointer(uintptr(typ) + 80)) }

type groupCounts struct {
	groups, live, tombstones uint64
}

func (c *groupCounts) add(groups unsafe.Pointer, n, size uintptr) {
	for g := uintptr(0); g < n; g++ {
		for i := uintptr(0); i < 8; i++ {
			switch ctrl := *(*uint8)(unsafe.Pointer(uintptr(groups) + g*size + i)); {
			case ctrl < 0x80:
				c.live++
			case ctrl == 0xfe:
				c.tombstones++
			}
		}
	}
	c.groups += uint64(n)
}

// tablesOf lists each table once: a table of less depth has several directory entries in a row.
func tablesOf(h *swissMap) []*swissTable {
	var list []*swissTable
	for i := 0; i < h.dirLen; i++ {
		t := *(**swissTable)(unsafe.Pointer(uintptr(h.dirPtr) + uintptr(i)*8))
		if len(list) == 0 || list[len(list)-1] != t {
			list = append(list, t)
		}
	}
	return list
}

func appendWords(out []byte, h *swissMap) []byte {
	out = append(appendMember(out, "header"), '{')
	out = appendNumber(out, "used", h.used)
	out = appendAddress(out, "seed", uint64(h.seed))
	out = appendAddress(out, "dirPtr", uint64(uintptr(h.dirPtr)))
	out = appendNumber(out, "dirLen", uint64(h.dirLen))
	out = appendNumber(out, "globalDepth", uint64(h.globalDepth))
	out = appendNumber(out, "globalShift", uint64(h.globalShift))
	out = appendNumber(out, "writing", uint64(h.writing))
	out = appendNumber(out, "tombstonePossible", uint64(h.tombstonePossible))
	out = appendNumber(out, "clearSeq", h.clearSeq)
	return append(out, '}')
}

func appendTable(out []byte, t *swissTable) []byte {
	out = append(out, '{')
	out = appendAddress(out, "addr", uint64(uintptr(unsafe.Pointer(t))))
	out = appendNumber(out, "used", uint64(t.used))
	out = appendNumber(out, "capacity", uint64(t.capacity))
	out = appendNumber(out, "growth_left", uint64(t.growthLeft))
	out = appendNumber(out, "local_depth", uint64(t.localDepth))
	out = strconv.AppendInt(appendMember(out, "index"), int64(t.index), 10)
	out = appendAddress(out, "groups", uint64(uintptr(t.groups)))
	return append(out, '}')
}

func appendHeader(out []byte, typ, header unsafe.Pointer) []byte {
	h := (*swissMap)(header)
	size := groupSize(typ)
	counts := groupCounts{}
	capacity, left := uint64(0), uint64(0)
	tables := tablesOf(h)

	if h.dirLen == 0 && h.dirPtr != nil {
		counts.add(h.dirPtr, 1, size)
		capacity, left = 8, 8-counts.live // all eight slots may be filled
	}
	out = appendFlag(out, "growing", false)
	out = appendWords(out, h)
	out = append(appendMember(out, "tables"), '[')
	for i, t := range tables {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendTable(out, t)
		counts.add(t.groups, uintptr(t.lengthMask)+1, size)
		capacity += uint64(t.capacity)
		left += uint64(t.growthLeft)
	}
	out = append(out, ']')
	out = append(appendMember(out, "walk"), '{')
	out = appendNumber(out, "live", counts.live)
	out = appendNumber(out, "group_size", uint64(size))
	out = appendFlag(out, "small", h.dirLen == 0)
	out = appendNumber(out, "tables", uint64(len(tables)))
	out = appendNumber(out, "groups", counts.groups)
	out = appendNumber(out, "capacity", capacity)
	out = appendNumber(out, "tombstones", counts.tombstones)
	out = appendNumber(out, "growth_left", left)
	return append(out, '}')
}

// Swiss tables grow within one insert: no growth is ever caught half done.
func isGrowing(m interface{}) bool  { return false }
func isSameSize(m interface{}) bool { return false }
func growthDone(m interface{}) int  { return 1000 }

// homeOf: the group where a key's search starts, in a map of one table.
func homeOf(m interface{}, key unsafe.Pointer) uint64 {
	h := (*swissMap)((*emptyInterface)(unsafe.Pointer(&m)).data)
	if h.dirLen == 0 {
		return 0
	}
	t := *(**swissTable)(h.dirPtr)
	return hashOf(m, key) >> 7 & t.lengthMask
}
