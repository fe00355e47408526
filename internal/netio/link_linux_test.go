// SPDX-License-Identifier: GPL-2.0-only

package netio_test

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"vblade/internal/netio"
)

// TestBatches sends more frames than one call takes, of all lengths, and
// receives them in order, on links that wait for the first frame and on others.
func TestBatches(t *testing.T) {
	awake := netio.HostConfig{Linger: time.Millisecond, Spin: 500 * time.Microsecond}
	for name, c := range map[string]struct {
		link netio.Config
		host netio.HostConfig
	}{
		"at once":        {},
		"lingering":      {host: netio.HostConfig{Linger: time.Millisecond}},
		"waiting awake":  {host: awake},
		"small receives": {link: netio.Config{ReceiveBuffer: 1 << 20}},
		"by a ring":      {link: netio.Config{Fast: true}},
		"ring, linger":   {netio.Config{Fast: true}, netio.HostConfig{Linger: time.Millisecond}},
		"ring, awake":    {netio.Config{Fast: true}, awake},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWire(t, c.link, c.host)
			sent := make([][]byte, 3*netio.MaxBatch+7)
			for i := range sent {
				sent[i] = frame(etherType, 60+i*(1514-60)/len(sent), i)
			}
			sent[len(sent)-1] = frame(etherType, 1514, len(sent)-1)
			send(t, w.b, sent...)
			for i, f := range receive(t, w.a, len(sent), 2000) {
				if !bytes.Equal(f, sent[i]) {
					t.Fatalf("frame %d arrived as one of %d bytes, number %d", i, len(f), number(f))
				}
			}
			if n, err := w.a.Receive(buffers(3, 2000)); n != 0 || err != nil {
				t.Errorf("nothing more was sent; received %d, %v", n, err)
			}
		})
	}
}

// TestFewBuffers receives into fewer buffers than there are frames: the others
// come with the next call.
func TestFewBuffers(t *testing.T) {
	w := newWire(t, netio.Config{})
	for i := range 5 {
		send(t, w.b, frame(etherType, 60, i))
	}
	for i := 0; i < 5; {
		bufs := buffers(2, 100)
		n, err := w.a.Receive(bufs)
		if n > 2 || err != nil {
			t.Fatalf("received %d in 2 buffers, %v", n, err)
		}
		for _, f := range bufs[:n] {
			if number(f) != i {
				t.Errorf("frame %d is number %d", i, number(f))
			}
			i++
		}
		if n == 0 && !w.a.Wait(patience) {
			t.Fatal("Wait was interrupted")
		}
	}
}

// TestForeignFrames checks that other EtherTypes are not seen.
func TestForeignFrames(t *testing.T) {
	w := newWire(t, netio.Config{})
	send(t, w.b, frame(0x0800, 60, 1), frame(0x88a3, 60, 2), frame(etherType, 60, 3))
	if f := receive(t, w.a, 1, 100); number(f[0]) != 3 {
		t.Errorf("frame %d was seen", number(f[0]))
	}
}

// TestLongFrames checks that a frame longer than its buffer has length 0, and
// that buffers get their whole length back.
func TestLongFrames(t *testing.T) {
	w := newWire(t, netio.Config{})
	bufs := buffers(8, 200)
	for round, sent := range [][]int{{60, 199, 200, 201, 1514}, {200, 201, 199, 1514, 60}, {201, 200, 60, 60, 199}} {
		for i, n := range sent {
			send(t, w.b, frame(etherType, n, i))
		}
		var got []int
		for len(got) < len(sent) {
			if !w.a.Wait(patience) {
				t.Fatal("Wait was interrupted")
			}
			n, err := w.a.Receive(bufs)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range bufs[:n] {
				got = append(got, len(f))
			}
		}
		for i, want := range sent {
			if want > 200 {
				want = 0
			}
			if got[i] != want {
				t.Errorf("round %d: a frame of %d bytes has length %d; want %d", round, sent[i], got[i], want)
			}
		}
	}
}

// TestFilterBeforeBind opens a Link in the middle of traffic: the first frame
// that it sees has passed the filter.
func TestFilterBeforeBind(t *testing.T) {
	w := layWire(t)
	b := open(t, w.host, "ini0", netio.Config{EtherType: etherType})
	stop := make(chan struct{})
	var flood sync.WaitGroup
	flood.Add(1)
	go func() {
		defer flood.Done()
		odd, even := frame(etherType, 60, 1), frame(etherType, 60, 2)
		for {
			select {
			case <-stop:
				return
			default:
				b.Send([][]byte{odd, odd, odd, odd, odd, odd, odd, odd, odd, even})
			}
		}
	}()
	defer flood.Wait()
	defer close(stop)
	for range 50 {
		a, err := tryOpen(w.host, "tgt0", netio.Config{EtherType: etherType, Filter: only(t)})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range receive(t, a, 3, 100) {
			if number(f)%2 != 0 {
				t.Fatal("a frame is seen that the filter does not pass")
			}
		}
		a.Close()
	}
}

// TestSendGoesOn checks that a frame which the system refuses is dropped, and
// keeps no other.
func TestSendGoesOn(t *testing.T) {
	w := newWire(t, netio.Config{})
	n, err := w.b.Send([][]byte{frame(etherType, 60, 1), frame(etherType, 1515, 2), frame(etherType, 1514, 3), frame(etherType, 9000, 4), frame(etherType, 60, 5)})
	if n != 3 || err != nil {
		t.Errorf("sent %d, %v; want 3 and no error: the link is up", n, err)
	}
	for i, f := range receive(t, w.a, 3, 2000) {
		if want := []int{1, 3, 5}[i]; number(f) != want {
			t.Errorf("frame %d arrived; want %d", number(f), want)
		}
	}
	if n, err := w.b.Send(nil); n != 0 || err != nil {
		t.Errorf("sent nothing: %d, %v", n, err)
	}
}

// TestSendAtOnce has several goroutines send.
func TestSendAtOnce(t *testing.T) {
	const users, each = 4, 40
	w := newWire(t, netio.Config{})
	var all sync.WaitGroup
	for u := range users {
		all.Add(1)
		go func() {
			defer all.Done()
			for i := range each {
				w.b.Send([][]byte{frame(etherType, 60, u*1000+2*i), frame(etherType, 60, u*1000+2*i+1)})
			}
		}()
	}
	all.Wait()
	var next [users]int
	for _, f := range receive(t, w.a, users*each*2, 100) {
		u, i := number(f)/1000, number(f)%1000
		if i != next[u] {
			t.Fatalf("frame %d of sender %d arrived; want %d", i, u, next[u])
		}
		next[u]++
	}
}
