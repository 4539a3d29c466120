package main

import "unsafe"

type emptyInterface struct{ typ, data unsafe.Pointer }

func headerOf(m interface{}) uintptr {
	return uintptr((*emptyInterface)(unsafe.Pointer(&m)).data)
}

func typeName(m interface{}) string {
	switch m.(type) {
	case map[int]int:
		return "map[int]int"
	case map[uint32]string:
		return "map[uint32]string"
	case map[string]int:
		return "map[string]int"
	case map[point]int:
		return "map[main.point]int"
	case map[string]bool:
		return "map[string]bool"
	}
	fail("a map of what type?")
	return ""
}
