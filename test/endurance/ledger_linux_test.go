// SPDX-License-Identifier: GPL-2.0-only

package endurance

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"
)

// ledger knows what every sector of a disk may hold while any number of
// initiators write to it. It takes part in no exchange: it hears what was sent
// and what was answered, and when.
//
// Of two writes to a sector the target may do that one last which arrives last,
// and the wire may lose the first sending of either. So only what time settles is
// demanded: a write that was answered before another one was sent came before it,
// and a read sent after a write was answered comes after that write.
type ledger struct {
	begin time.Time

	mu      sync.Mutex
	last    uint64                  // id given
	sectors [][]version             // by LBA
	rounds  map[*load]time.Duration // when those at work began
}

// version is a write of a sector.
type version struct {
	id    uint64        // in the sector; 0 is what it held at first
	sent  time.Duration // since the ledger began
	ended time.Duration // when it took effect at the latest; open until that is known
	acked bool          // it did take effect
}

// open is the end of a write that may yet take effect.
const open = time.Duration(math.MaxInt64)

// mostVersions is how many versions of a sector are kept before those go that
// nobody can read any more.
const mostVersions = 32

// newLedger returns the ledger of a disk on which each sector holds its stamp
// with the id 0.
func newLedger(sectors int) *ledger {
	l := &ledger{begin: time.Now(), sectors: make([][]version, sectors), rounds: map[*load]time.Duration{}}
	for i := range l.sectors {
		l.sectors[i] = []version{{acked: true}}
	}
	return l
}

// now is the ledger's time.
func (l *ledger) now() time.Duration { return time.Since(l.begin) }

// enter notes that a load begins a round; it has nothing outstanding yet. It
// returns the last id given.
func (l *ledger) enter(who *load) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rounds[who] = l.now()
	return l.last
}

// leave notes that a load ends its round: it has no reads outstanding.
func (l *ledger) leave(who *load) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.rounds, who)
}

// horizon returns a time since when every outstanding read was sent. The caller
// holds l.mu.
func (l *ledger) horizon() time.Duration {
	oldest := l.now()
	for _, began := range l.rounds {
		oldest = min(oldest, began)
	}
	return oldest
}

// write notes that a write of count sectors is about to be sent, and returns the
// id of what it writes.
func (l *ledger) write(lba uint64, count int) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	for i := range count {
		s := &l.sectors[int(lba)+i]
		if len(*s) >= mostVersions {
			floor := settled(*s, l.horizon())
			*s = slices.DeleteFunc(*s, func(v version) bool { return v.ended < floor })
		}
		*s = append(*s, version{id: l.last, sent: l.now(), ended: open})
	}
	return l.last
}

// end notes that a write can take effect no more; acked says that it did.
func (l *ledger) end(id, lba uint64, count int, acked bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range count {
		for k := range l.sectors[int(lba)+i] {
			if v := &l.sectors[int(lba)+i][k]; v.id == id {
				v.ended, v.acked = l.now(), acked
			}
		}
	}
}

// newest returns the ids of the writes sent last to count sectors.
func (l *ledger) newest(lba uint64, count int) []uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	ids := make([]uint64, count)
	for i := range ids {
		versions := l.sectors[int(lba)+i]
		ids[i] = versions[len(versions)-1].id
	}
	return ids
}

// settled returns the time before which a write must have ended to be covered, for
// every read sent from a time on, by one that was answered.
func settled(versions []version, sent time.Duration) time.Duration {
	floor := time.Duration(-1)
	for _, v := range versions {
		if v.acked && v.ended < sent {
			floor = max(floor, v.sent)
		}
	}
	return floor
}

// check checks a sector that a read sent at a time has brought.
func (l *ledger) check(lba uint64, data []byte, sent time.Duration) (id uint64, err error) {
	id, err = readStamp(lba, data)
	if err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	versions := l.sectors[lba]
	floor := settled(versions, sent)
	for _, v := range versions {
		if v.id == id && v.ended >= floor {
			return id, nil
		}
	}
	return 0, fmt.Errorf("sector %d, read at %v, holds write %d; it may hold one of %s", lba, sent, id, possible(versions, floor))
}

// possible lists the versions that a sector may hold, and what is known of them.
func possible(versions []version, floor time.Duration) string {
	var b bytes.Buffer
	for _, v := range versions {
		if v.ended >= floor {
			fmt.Fprintf(&b, " %d (sent at %v, ended at %v, answered: %v)", v.id, v.sent, v.ended, v.acked)
		}
	}
	return b.String()
}

// stampLen is the length in bytes of what a sector repeats from end to end: its
// number and the id of the write.
const stampLen = 16

// stamp fills a sector.
func stamp(sector []byte, lba, id uint64) {
	binary.BigEndian.PutUint64(sector, lba)
	binary.BigEndian.PutUint64(sector[8:], id)
	for n := stampLen; n < sectorSize; n += stampLen {
		copy(sector[n:], sector[:stampLen])
	}
}

// readStamp returns the id in a sector, which must be a whole one of its number.
func readStamp(lba uint64, sector []byte) (id uint64, err error) {
	for n := stampLen; n < sectorSize; n += stampLen {
		if !bytes.Equal(sector[n:n+stampLen], sector[:stampLen]) {
			return 0, fmt.Errorf("sector %d is torn: it begins %x, but has %x at byte %d", lba, sector[:stampLen], sector[n:n+stampLen], n)
		}
	}
	if at := binary.BigEndian.Uint64(sector); at != lba {
		return 0, fmt.Errorf("sector %d holds what was written to %d", lba, at)
	}
	return binary.BigEndian.Uint64(sector[8:]), nil
}

// stamped returns the content of a fresh disk.
func stamped(sectors int) []byte {
	b := make([]byte, sectors*sectorSize)
	for i := range sectors {
		stamp(b[i*sectorSize:], uint64(i), 0)
	}
	return b
}
