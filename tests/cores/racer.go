// The program of racers.sh: goroutines that race on maps, until the runtime notices or the time is
// over.  "racer SEED": the seed picks the maps, what is done to them, by how many, and for how long.
// Every third holds a lock around each operation, and says so: it does not race.
package main

import (
	"math/rand"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

type point struct{ x, y int16 }

type record struct {
	name string
	next *record
}

type big [200]byte

var (
	ints     = map[int]int{}
	names    = map[string]*record{}
	points   = map[point]string{}
	pointers = map[*record]int{}
	anys     = map[interface{}]interface{}{}
	bigs     = map[big]big{}
	floats   = map[float64][]byte{}

	keys   = make([]*record, 4096)
	sink   int
	lock   sync.Mutex
	locked bool
)

// One of the races: what a step with key k does.
type race struct {
	insert func(k int)
	remove func(k int)
	read   func(k int)
	rangeN func(n int)
	clear  func()
	fill   func(n int)
}

func bigOf(k int) (b big) {
	b[0], b[199] = byte(k), byte(k>>8)
	return
}

var races = []race{
	{
		insert: func(k int) { ints[k] = k },
		remove: func(k int) { delete(ints, k) },
		read:   func(k int) { sink += ints[k] },
		rangeN: func(n int) {
			for range ints {
				if n--; n < 0 {
					break
				}
			}
		},
		clear: func() {
			for k := range ints {
				delete(ints, k)
			}
		},
		fill: func(n int) {
			for i := 0; i < n; i++ {
				ints[i] = i
			}
		},
	},
	{
		insert: func(k int) { names["name "+strconv.Itoa(k)] = keys[k] },
		remove: func(k int) { delete(names, "name "+strconv.Itoa(k)) },
		read:   func(k int) { sink += len(names["name "+strconv.Itoa(k)].name) },
		rangeN: func(n int) {
			for _, r := range names {
				sink += len(r.name)
				if n--; n < 0 {
					break
				}
			}
		},
		clear: func() {
			for k := range names {
				delete(names, k)
			}
		},
		fill: func(n int) {
			for i := 0; i < n; i++ {
				names["name "+strconv.Itoa(i)] = keys[i]
			}
		},
	},
	{
		insert: func(k int) { points[point{int16(k), int16(-k)}] = "p" + strconv.Itoa(k) },
		remove: func(k int) { delete(points, point{int16(k), int16(-k)}) },
		read:   func(k int) { sink += len(points[point{int16(k), int16(-k)}]) },
	},
	{
		insert: func(k int) { pointers[keys[k]] += k },
		remove: func(k int) { delete(pointers, keys[k]) },
		read:   func(k int) { sink += pointers[keys[k]] },
		clear: func() {
			for k := range pointers {
				delete(pointers, k)
			}
		},
	},
	{
		insert: func(k int) {
			if k&1 == 0 {
				anys[k] = "even"
			} else {
				anys["odd "+strconv.Itoa(k)] = k
			}
		},
		remove: func(k int) { delete(anys, k) },
		read: func(k int) {
			if anys[k] != nil {
				sink++
			}
		},
	},
	{
		insert: func(k int) { bigs[bigOf(k)] = bigOf(-k) },
		remove: func(k int) { delete(bigs, bigOf(k)) },
		read:   func(k int) { b := bigs[bigOf(k)]; sink += int(b[0]) },
	},
	{
		insert: func(k int) { floats[float64(k)/3] = make([]byte, k%40) },
		remove: func(k int) { delete(floats, float64(k)/3) },
		read:   func(k int) { sink += len(floats[float64(k)/3]) },
	},
}

func step(r *race, rng *rand.Rand, span, writes int) {
	k := rng.Intn(span)
	if locked {
		lock.Lock()
		defer lock.Unlock()
	}
	switch p := rng.Intn(100); {
	case p < writes:
		r.insert(k)
	case p < writes+writes/2:
		r.remove(k)
	case p == 98 && r.rangeN != nil:
		r.rangeN(20)
	case p == 99 && r.clear != nil && (locked || rng.Intn(20) == 0):
		r.clear()
	default:
		r.read(k)
	}
}

// What a fault inside an operation leaves behind is part of the exercise, now and then.
func work(r *race, seed int64, span, writes int, recovers bool) {
	rng := rand.New(rand.NewSource(seed))
	for {
		func() {
			if recovers {
				defer func() { recover() }()
			}
			for {
				step(r, rng, span, writes)
			}
		}()
	}
}

func main() {
	seed, _ := strconv.ParseInt(os.Args[1], 10, 64)
	rng := rand.New(rand.NewSource(seed))
	for i := range keys {
		keys[i] = &record{name: "record " + strconv.Itoa(i)}
	}
	r := &races[rng.Intn(len(races))]
	span := 1 << uint(2+rng.Intn(11))
	if n := span / 2; r.fill != nil && rng.Intn(2) == 0 {
		r.fill(n)
	}
	writes := []int{1, 5, 20, 50}[rng.Intn(4)]
	if locked = seed%3 == 0; locked {
		os.Stderr.WriteString("locked\n")
	}
	for i, n := 0, 2+rng.Intn(4); i < n; i++ {
		go work(r, seed*100+int64(i), span, writes, rng.Intn(4) == 0)
	}
	time.Sleep(time.Duration(rng.Intn(3000)) * time.Microsecond)
	syscall.Kill(syscall.Getpid(), syscall.SIGABRT)
	select {}
}
