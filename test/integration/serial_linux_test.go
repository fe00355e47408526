// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/test/lab"
	"vblade/test/slowdisk"
)

// The requests of TestSerial: how many, how many at once, and on how few sectors.
const (
	serialRequests = 3000
	serialWindow   = 24
	serialSectors  = 12
)

// serialMode is how a test knows in what order frames arrive that it sends over
// several links.
type serialMode struct {
	name string
	// fenced: before it changes to another link, a config query is answered on the
	// one before. What was sent there has arrived, whatever the network is.
	// Otherwise the sender stays on one processor: the kernel takes its frames from
	// all wires through one queue.
	fenced bool
}

// TestSerial sends overlapping writes, reads, flushes and late duplicates of
// writes alternately over the links of an export on a slow and uneven disk. All
// must be as if each took effect, whole, when it arrived: every read brings what
// was written last before it, over whatever link.
func TestSerial(t *testing.T) {
	for links := 1; links <= 2; links++ {
		for _, mode := range []serialMode{{"fenced", true}, {"one processor", false}} {
			t.Run(fmt.Sprintf("%d links, %s", links, mode.name), func(t *testing.T) { testSerial(t, links, mode) })
		}
	}
}

// testSerial is TestSerial over so many links.
func testSerial(t *testing.T, links int, mode serialMode) {
	s := newLinks(t, links, 1500)
	disk := s.slowDisk()
	for _, op := range []slowdisk.Op{slowdisk.Read, slowdisk.Write, slowdisk.Sync} {
		disk.SetUneven(op, 4*time.Millisecond)
	}
	var netifs []string
	for i := range links {
		netifs = append(netifs, fmt.Sprint("tgt", i))
	}
	v := s.host.StartVblade(t, s.vblade, "9", "0", strings.Join(netifs, ","), disk.Path())
	r := newRally(s, links, mode)
	ended := make(chan error)
	go func() { ended <- r.run() }()
	if err := <-ended; err != nil {
		t.Errorf("seed %d, request %d: %v", r.seed, r.count, err)
	}
	t.Logf("seed %d: %d requests, %d of them late duplicates", r.seed, r.count, r.duplicates)
	s.logged(v)
}

// rally sends requests over links and checks their replies against the serial
// definition.
type rally struct {
	mode     serialMode
	seed     uint64
	rng      *rand.Rand
	stations []*lab.Station
	targets  []aoe.MAC // by link

	content    []byte            // what the disk holds, as of what was sent
	waiting    map[uint32]awaits // by tag
	writes     []aoe.Frame       // sent, to be sent again late
	count      int
	duplicates int
	failure    error // the first wrong reply
}

// awaits is what a request is to be answered with.
type awaits struct {
	link   int
	opcode uint8
	lba    uint64
	data   []byte // of a read
	query  bool   // a config query
}

// newRally opens a station on each link and finds the target there.
func newRally(s *site, links int, mode serialMode) *rally {
	s.t.Helper()
	r := &rally{mode: mode, seed: rand.Uint64(), content: make([]byte, serialSectors*sectorSize), waiting: map[uint32]awaits{}}
	r.rng = rand.New(rand.NewPCG(r.seed, 0))
	for i := range links {
		target := s.findOn(i, aoe.MAC{})
		r.targets = append(r.targets, target.MAC)
		r.stations = append(r.stations, s.far.Station(s.t, fmt.Sprint("ini", i)))
		if i == 0 {
			s.must(target.WriteAt(r.content, 0))
		}
	}
	return r
}

// run sends all requests, waits for their replies and reads what is left.
func (r *rally) run() error {
	if !r.mode.fenced {
		// The thread lives on: the programs that it started would end with it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		leave, err := stayOnProcessor()
		if err != nil {
			return err
		}
		defer leave()
	}
	for r.count = range serialRequests {
		link := r.count % len(r.stations)
		if err := r.fence(link); err != nil {
			return err
		}
		if err := r.send(link, r.draw(link)); err != nil {
			return err
		}
		if err := r.await(serialWindow - 1); err != nil {
			return err
		}
	}
	for lba := range uint64(serialSectors) {
		if err := r.send(0, ataRequest(r.stations[0], r.targets[0], ata.ReadExt, 1, lba, nil)); err != nil {
			return err
		}
	}
	return r.await(0)
}

// stayOnProcessor keeps the calling thread on one of the processors that it may
// use, until leave is called.
func stayOnProcessor() (leave func(), err error) {
	var all, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return nil, err
	}
	for cpu := range 1024 {
		if all.IsSet(cpu) {
			one.Set(cpu)
			return func() { unix.SchedSetaffinity(0, &all) }, unix.SchedSetaffinity(0, &one)
		}
	}
	return nil, errors.New("no processor to stay on")
}

// fence waits, where the mode asks for it, until what was sent on the link before
// has arrived.
func (r *rally) fence(link int) error {
	if !r.mode.fenced || len(r.stations) == 1 {
		return nil
	}
	before := (link + len(r.stations) - 1) % len(r.stations)
	f := make(aoe.Frame, aoe.MinLen)
	f.SetHeader(aoe.Version, 0, aoe.CommandConfig)
	f.SetDst(r.targets[before])
	f.SetSrc(r.stations[before].MAC)
	f.SetTarget(9, 0)
	f.SetConfigRequest(aoe.ConfigRead, nil)
	if err := r.send(before, f); err != nil {
		return err
	}
	tag := f.Tag()
	return r.hear(func() bool { _, due := r.waiting[tag]; return !due })
}

// draw makes a request for a link: a write, a read, an earlier write once more, or
// a flush.
func (r *rally) draw(link int) aoe.Frame {
	st, dst := r.stations[link], r.targets[link]
	count := 1 + r.rng.IntN(2)
	lba := uint64(r.rng.IntN(serialSectors - count + 1))
	switch n := r.rng.IntN(100); {
	case n < 2:
		return ataRequest(st, dst, ata.FlushCacheExt, 0, 0, nil)
	case n < 20 && len(r.writes) > 0:
		r.duplicates++
		f := aoe.Frame(bytes.Clone(r.writes[r.rng.IntN(len(r.writes))]))
		f.SetDst(dst)
		f.SetSrc(st.MAC)
		return f
	case n < 60:
		data := bytes.Repeat(binary.BigEndian.AppendUint64(nil, uint64(r.count)), count*sectorSize/8)
		return ataRequest(st, dst, ata.WriteExt, uint8(count), lba, data)
	default:
		return ataRequest(st, dst, ata.ReadExt, uint8(count), lba, nil)
	}
}

// keptWrites is how many writes are kept to be sent again.
const keptWrites = 16

// send sends a frame on a link, and has it take effect on the content.
func (r *rally) send(link int, f aoe.Frame) error {
	tag := uint32(len(r.waiting)) | r.rng.Uint32()<<8
	for _, taken := r.waiting[tag]; taken; _, taken = r.waiting[tag] {
		tag++
	}
	f.SetTag(tag)
	a := awaits{link: link, query: f.Command() == aoe.CommandConfig}
	if !a.query {
		a.opcode, a.lba = f.ATACommand(), f.ATALBA()
		part := r.content[a.lba*sectorSize:][:int(f.ATACount())*sectorSize]
		switch a.opcode {
		case ata.WriteExt:
			copy(part, f[aoe.ATALen:])
			r.writes = append(r.writes, bytes.Clone(f))
			r.writes = r.writes[max(0, len(r.writes)-keptWrites):]
		case ata.ReadExt:
			a.data = bytes.Clone(part)
		}
	}
	r.waiting[tag] = a
	return r.stations[link].Send(f)
}

// await waits until no more than n requests are outstanding.
func (r *rally) await(n int) error {
	return r.hear(func() bool { return len(r.waiting) <= n })
}

// hear takes replies until enough is true.
func (r *rally) hear(enough func() bool) error {
	if enough() {
		return nil
	}
	done, err := lab.Hear(patience, r.stations, func(link int, f []byte) bool {
		r.take(link, f)
		return r.failure != nil || enough()
	})
	switch {
	case err != nil:
		return err
	case r.failure != nil:
		return r.failure
	case !done:
		return fmt.Errorf("%d requests are not answered within %v", len(r.waiting), patience)
	}
	return nil
}

// take checks a reply.
func (r *rally) take(link int, f aoe.Frame) {
	if len(f) < aoe.MinLen || !f.Has(aoe.FlagResponse) || f.Dst() != r.stations[link].MAC {
		return
	}
	a, due := r.waiting[f.Tag()]
	delete(r.waiting, f.Tag())
	switch {
	case !due || a.query:
	case a.link != link:
		r.failure = fmt.Errorf("what was asked on link %d is answered on link %d", a.link, link)
	case f.Has(aoe.FlagError) || f.ATAStatus()&ata.StatusError != 0:
		r.failure = fmt.Errorf("command %#x at sector %d is refused", a.opcode, a.lba)
	case a.opcode == ata.ReadExt && !bytes.Equal(f[aoe.ATALen:], a.data):
		r.failure = fmt.Errorf("a read at sector %d on link %d brings what write %d wrote, then %d; want %d, then %d", a.lba, link,
			version(f[aoe.ATALen:]), version(f[len(f)-sectorSize:]), version(a.data), version(a.data[len(a.data)-sectorSize:]))
	}
}

// version is the number of the write that wrote a sector.
func version(sector []byte) uint64 { return binary.BigEndian.Uint64(sector) }
