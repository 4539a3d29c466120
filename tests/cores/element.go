// What compilers do between the return of mapassign and the store of the element: statements of many
// kinds, one a function, each carried out once or twice.
package main

import "os"

type big struct{ a [40]int }
type small struct{ a, b, c, d int }
type mid struct{ a [12]int }
type pmid struct {
	p *int
	a [12]int
	s string
}
type twop struct{ p, q *int }
type one struct {
	s string
	n int8
}

var (
	mi   = map[int]int{}
	mb   = map[int]bool{}
	mi8  = map[string]int8{}
	mf   = map[int]float64{}
	ms   = map[string]string{}
	msl  = map[string][]int{}
	mp   = map[string]*int{}
	mifc = map[string]interface{}{}
	mst  = map[int]struct{}{}
	mz   = map[string][0]int{}
	mbig = map[int]big{}
	msm  = map[int]small{}
	mmid = map[int]mid{}
	mpm  = map[int]pmid{}
	mtwo = map[int]twop{}
	mone = map[[3]int]one{}
	mm   = map[string]map[string]int{}
	marr = map[int][3]int{}
	mc   = map[int]complex128{}
)

//go:noinline
func f() int { return len(os.Args) }

//go:noinline
func setInt(k, v int) { mi[k] = v }

//go:noinline
func setIntF(k int) { mi[k] = f() }

//go:noinline
func addIntF(k int) { mi[k] += f() }

//go:noinline
func incInt(k int) { mi[k]++ }

//go:noinline
func orInt(k, v int) { mi[k] |= v }

//go:noinline
func divInt(k, v int) { mi[k] /= v }

//go:noinline
func shInt(k int, v uint) { mi[k] <<= v }

//go:noinline
func setBool(k int) { mb[k] = true }

//go:noinline
func setI8(k string, v int8) { mi8[k] = v }

//go:noinline
func setF(k int, v float64) { mf[k] = v }

//go:noinline
func mulF(k int, v float64) { mf[k] *= v }

//go:noinline
func setStr(k, v string) { ms[k] = v }

//go:noinline
func setConst(k string) { ms[k] = "constant" }

//go:noinline
func catStr(k, v string) { ms[k] += v }

//go:noinline
func setSlice(k string, v []int) { msl[k] = v }

//go:noinline
func appSlice(k string, v int) { msl[k] = append(msl[k], v) }

//go:noinline
func setPtr(k string, v *int) { mp[k] = v }

//go:noinline
func newPtr(k string, v int) {
	mp[k] = new(int)
	*mp[k] = v
}

//go:noinline
func nilPtr(k string) { mp[k] = nil }

//go:noinline
func setIfc(k string, v int) { mifc[k] = v }

//go:noinline
func setIfc2(k string, v interface{}) { mifc[k] = v }

//go:noinline
func setEmpty(k int) { mst[k] = struct{}{} }

//go:noinline
func setZ(k string) { mz[k] = [0]int{} }

//go:noinline
func setBig(k int, v *big) { mbig[k] = *v }

//go:noinline
func setBigLit(k int) { mbig[k] = big{} }

//go:noinline
func setSmall(k int, v small) { msm[k] = v }

//go:noinline
func setSmallLit(k int) { msm[k] = small{1, 2, 3, k} }

//go:noinline
func setMid(k int, v *mid) { mmid[k] = *v }

//go:noinline
func setPmid(k int, v *pmid) { mpm[k] = *v }

//go:noinline
func setTwo(k int, p, q *int) { mtwo[k] = twop{p, q} }

//go:noinline
func setOne(k [3]int, s string) { mone[k] = one{s, 3} }

//go:noinline
func setNested(k, k2 string, v int) { mm[k][k2] = v }

//go:noinline
func makeNested(k, k2 string, v int) {
	if mm[k] == nil {
		mm[k] = map[string]int{}
	}
	mm[k][k2] += v
}

//go:noinline
func setArr(k int, v [3]int) { marr[k] = v }

//go:noinline
func setCplx(k int, v complex128) { mc[k] = v }

//go:noinline
func multi(k int) (int, bool) {
	var ok bool
	mi[k], ok = f2()
	return k, ok
}

//go:noinline
func f2() (int, bool) { return len(os.Args), true }

//go:noinline
func swap(i, j int) { mi[i], mi[j] = mi[j], mi[i] }

//go:noinline
func loop(m map[int]int, n int) {
	for i := 0; i < n; i++ {
		m[i] = i * i
	}
}

//go:noinline
func recv(k int, c chan int) { mi[k] = <-c }

//go:noinline
func rangeAssign(src []int) {
	for mi[0], mi[1] = range src {
	}
}

func main() {
	x := 3
	setInt(1, 2)
	setIntF(1)
	addIntF(1)
	incInt(1)
	orInt(1, 2)
	divInt(1, 2)
	shInt(1, 3)
	setBool(1)
	setI8("a", 1)
	setF(1, 2)
	mulF(1, 2)
	setStr("a", os.Args[0])
	setConst("b")
	catStr("c", os.Args[0])
	setSlice("a", []int{1, 2})
	appSlice("a", 3)
	setPtr("a", &x)
	newPtr("b", 3)
	nilPtr("c")
	setIfc("a", len(os.Args)+1000)
	setIfc2("b", os.Args)
	setEmpty(1)
	setZ("a")
	setBig(1, &big{})
	setBigLit(2)
	setSmall(1, small{1, 2, 3, 4})
	setSmallLit(3)
	setMid(1, &mid{})
	setPmid(1, &pmid{})
	setTwo(1, &x, &x)
	setOne([3]int{1, 2, 3}, os.Args[0])
	makeNested("a", "b", 1)
	setNested("a", "c", 2)
	setArr(1, [3]int{1, 2, 3})
	setCplx(1, complex(1, 2))
	multi(2)
	swap(1, 2)
	loop(mi, 10)
	c := make(chan int, 1)
	c <- 3
	recv(4, c)
	rangeAssign([]int{1, 2})
}
