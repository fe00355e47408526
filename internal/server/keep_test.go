// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/test/frametest"
)

// TestTableKept sends every frame of the table to an export whose state is kept:
// the replies are those of one whose state is not. What it has kept in the end is
// what the export of another process has from its start.
func TestTableKept(t *testing.T) {
	for _, c := range frametest.All() {
		t.Run(c.Name, func(t *testing.T) {
			store, k := c.Export.NewStore(), new(keeper)
			s := serveKept(t, frametest.NewLink(c.Export.LinkMTU()), bufferLen, k, keptBlade(c.Export, store, new(blade.State)))
			s.store = store
			s.run(c.Before)
			if c.Reply != nil {
				checkReply(t, c, s.ask(c.Request))
			} else if s.pass(c.Request); s.link.Reply(frametest.Tag) != nil {
				t.Error("answered, which it must not be")
			}
			questions := [][]byte{
				configFrame(1, aoe.ConfigRead, ""), readMasks(), reserveFrame(frametest.Friend, aoe.ReserveRead),
			}
			var want [][]byte
			for i, q := range questions {
				aoe.Frame(q).SetTarget(frametest.Shelf, frametest.Slot)
				aoe.Frame(q).SetTag(uint32(0x71 + i))
				s.pass(q)
				want = append(want, bytes.Clone(s.link.Reply(uint32(0x71+i))))
			}
			mtu := s.link.MTU()
			s.check(c)
			next := serveKept(t, frametest.NewLink(mtu), bufferLen, k, keptBlade(c.Export, c.Export.NewStore(), &k.kept))
			for i, q := range questions {
				next.pass(q)
				if got := next.link.Reply(uint32(0x71 + i)); !bytes.Equal(got, want[i]) {
					t.Errorf("the next process answers question %d by % x; want % x", i, got, want[i])
				}
			}
		})
	}
}

// TestOrderOfChanges sends changes and, at once behind each, what depends on it:
// that sees the change where it is kept, and none where it is refused.
func TestOrderOfChanges(t *testing.T) {
	friend, stranger := frametest.Friend, frametest.Stranger
	data := bytes.Repeat([]byte{7}, ata.SectorSize)
	write := transferFrame(0, 3, 1, data)
	failed := func(f aoe.Frame) string { return fmt.Sprintf("error %d", f.Error()) }
	config := func(f aoe.Frame) string { return string(configString(f)) }
	for name, c := range map[string]struct {
		change, behind aoe.Frame
		see            func(aoe.Frame) string
		kept, refused  string
	}{
		"config":        {set(0, "new"), get(0), config, "new", ""},
		"test":          {set(0, "new"), sentTo(0, configFrame(0, aoe.ConfigSet, "other")), failed, "error 4", "error 3"},
		"reserved":      {sent(friend, reserveFrame(friend, aoe.ReserveSet, friend)), sent(stranger, write), failed, "error 6", "error 0"},
		"masks":         {sent(friend, admit(friend)), sent(friend, readMasks()), func(f aoe.Frame) string { return fmt.Sprint(f.MaskCount()) }, "1", "0"},
		"to all":        {sentToAll(configFrame(0, aoe.ConfigForceSet, "new")), get(0), config, "new", ""},
		"asked of all":  {set(0, "new"), sentToAll(configFrame(0, aoe.ConfigRead, "")), config, "new", ""},
		"reservation":   {sent(friend, reserveFrame(friend, aoe.ReserveSet, friend)), sent(stranger, reserveFrame(stranger, aoe.ReserveRead)), func(f aoe.Frame) string { return fmt.Sprint(f.ReserveCount()) }, "1", "0"},
		"a write first": {sent(friend, reserveFrame(friend, aoe.ReserveSet, friend)), sent(friend, transferFrame(0, 3, 1, nil)), failed, "error 0", "error 0"},
	} {
		for _, fails := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, refused: %v", name, fails), func(t *testing.T) {
				k := startKept(t, 1)
				k.fails = func(int) bool { return fails }
				release := k.hang()
				defer release()
				tags := k.send(bytes.Clone(c.change), bytes.Clone(c.behind))
				eventually(t, func() bool { return k.count() == 1 }, "nothing is saved")
				if k.link.Reply(tags[0]) != nil || k.link.Reply(tags[1]) != nil {
					t.Error("a reply comes before the change is kept")
				}
				release()
				change, behind := k.answer(tags[0]), k.answer(tags[1])
				want, wanted := aoe.Error(0), c.kept
				if fails {
					want, wanted = aoe.ErrDevice, c.refused
				}
				if change.Error() != want || change.Has(aoe.FlagError) != fails {
					t.Errorf("the change is answered by error %d", change.Error())
				}
				if got := c.see(behind); got != wanted {
					t.Errorf("what comes behind sees %q; want %q", got, wanted)
				}
			})
		}
	}
}

// TestBroadcastChanges sends changes to all exports, and to one of them before all
// are asked: each takes its place, and who waits for its state holds up no other.
func TestBroadcastChanges(t *testing.T) {
	const n = 5
	k := startKept(t, n)
	release := k.hang()
	defer release()
	k.send(sentToAll(configFrame(0, aoe.ConfigForceSet, "to all")))
	var behind []uint32
	for i := range n {
		behind = append(behind, k.send(get(i))...)
	}
	eventually(t, func() bool { return k.count() == n }, "not every export saves")
	release()
	for i, tag := range behind {
		if r := k.answer(tag); string(configString(r)) != "to all" {
			t.Errorf("%s sees %q", nameOf(i), configString(r))
		}
	}
	release = k.hang()
	defer release()
	k.send(set(1, "to one"))
	all := k.send(sentToAll(configFrame(0, aoe.ConfigRead, "")))[0]
	k.answers(k.link, all, n-1)
	k.send(set(2, "later"))
	eventually(t, func() bool { return k.count() == n+2 }, "not every export saves")
	k.checkAnswers(k.answers(k.link, all, n-1), n, func(i int) bool { return i != 1 })
	release()
	k.answers(k.link, all, n)
	for _, r := range k.link.Replies() {
		want := "to all"
		if f := aoe.Frame(r); f.Tag() == all {
			if f.Slot() == 1 {
				want = "to one"
			}
			if string(configString(f)) != want {
				t.Errorf("e9.%d sees %q; want %q", f.Slot(), configString(f), want)
			}
		}
	}
	k.settled()
}

// TestRefusedChange has changes refused because they cannot be kept: nothing
// changes, the reply carries what is in force, and the log has a line.
func TestRefusedChange(t *testing.T) {
	k := startKept(t, 1)
	friend := frametest.Friend
	for _, f := range []aoe.Frame{set(0, "old"), sent(friend, admit(friend)), sent(friend, reserveFrame(friend, aoe.ReserveSet, friend))} {
		if r := k.ask(k.link, f); r.Has(aoe.FlagError) {
			t.Fatalf("refused: % x", r)
		}
	}
	before := k.kept
	k.mu.Lock()
	k.fails = func(int) bool { return true }
	k.mu.Unlock()
	for range 3 {
		if r := k.ask(k.link, set(0, "new")); r.Error() != aoe.ErrDevice || string(configString(r)) != "old" {
			t.Errorf("a set is answered by error %d, %q", r.Error(), configString(r))
		}
		if r := k.ask(k.link, sent(friend, admit(frametest.Initiator))); r.Error() != aoe.ErrDevice || len(r) != aoe.MinLen {
			t.Errorf("an edit is answered by error %d, %d bytes", r.Error(), len(r))
		}
		if r := k.ask(k.link, sent(friend, reserveFrame(friend, aoe.ReserveForceSet))); r.Error() != aoe.ErrDevice || r.ReserveCount() != 1 || r.ReserveMAC(0) != friend {
			t.Errorf("a release is answered by error %d, %d MACs", r.Error(), r.ReserveCount())
		}
	}
	if k.kept != before {
		t.Error("something was kept")
	}
	if r := k.ask(k.link, sent(friend, readMasks())); r.MaskCount() != 1 {
		t.Errorf("%d masks", r.MaskCount())
	}
	if n := k.server.Stats().Exports[0].Errors[blade.FaultDevice]; n != 9 {
		t.Errorf("%d refusals are counted", n)
	}
	k.mu.Lock()
	k.fails = nil
	k.mu.Unlock()
	k.ask(k.link, set(0, "new"))
	k.end()
	want := []string{
		"error: e9.0: what 02:00:00:00:03:03 wants to change is refused, since it cannot be kept: " + errFull.Error(),
		"info: e9.0: what initiators change is kept again",
	}
	got := slices.DeleteFunc(strings.Split(k.log.Leveled(), "\n"), func(line string) bool { return !strings.Contains(line, "kept") })
	if !slices.Equal(got, want) {
		t.Errorf("logs %q; want %q", got, want)
	}
}

// TestOnlyChangesAreSaved has nothing saved that changes nothing.
func TestOnlyChangesAreSaved(t *testing.T) {
	k := startKept(t, 1)
	friend := frametest.Friend
	k.ask(k.link, set(0, "a"))
	k.ask(k.link, sent(friend, reserveFrame(friend, aoe.ReserveSet, friend)))
	n := k.count()
	for _, f := range []aoe.Frame{
		set(0, "a"), get(0), sentTo(0, configFrame(0, aoe.ConfigSet, "b")), sentTo(0, configFrame(0, aoe.ConfigTest, "a")),
		sent(friend, reserveFrame(friend, aoe.ReserveSet, friend)), sent(friend, reserveFrame(friend, aoe.ReserveRead)),
		sent(friend, readMasks()), sent(friend, transferFrame(0, 1, 1, nil)),
		sent(frametest.Stranger, reserveFrame(friend, aoe.ReserveSet)),
	} {
		k.ask(k.link, f)
	}
	if k.count() != n {
		t.Errorf("%d saves for what changes nothing", k.count()-n)
	}
}

// TestHangingSave has the save of one export hang, with all that can be sent to it:
// the others are served, and changed; when it goes on, so does that export, and
// what it has of the buffers is its share.
func TestHangingSave(t *testing.T) {
	k := startKept(t, 20)
	release := k.hang()
	defer release()
	first := k.send(set(0, "new"))[0]
	eventually(t, func() bool { return k.count() == 1 }, "nothing is saved")
	k.mu.Lock()
	k.gate = nil // for the saves of others
	k.mu.Unlock()
	behind := k.send(get(0), sentTo(0, transferFrame(0, 1, 1, nil)))
	k.flood(k.link, 0, 1000)
	for i := 1; i < 20; i++ {
		if r := k.ask(k.link, set(i, "other")); r.Has(aoe.FlagError) {
			t.Errorf("%s: error %d", nameOf(i), r.Error())
		}
		k.ask(k.link, sentTo(i, transferFrame(0, 1, 1, nil)))
	}
	all := k.send(sentToAll(configFrame(0, aoe.ConfigRead, "")))[0]
	k.answers(k.link, all, 19)
	if k.link.Reply(first) != nil || k.link.Reply(behind[0]) != nil || k.link.Reply(behind[1]) != nil {
		t.Error("an export answers while its change is not kept")
	}
	if e := k.export(0); e.Shed == 0 {
		t.Error("all that was sent to the export that hangs is kept")
	}
	release()
	if r := k.answer(behind[0]); string(configString(r)) != "new" {
		t.Errorf("what came behind sees %q", configString(r))
	}
	k.answer(behind[1])
	k.settled()
}

// TestManyHangingSaves has the saves of more exports hang than the port has buffers:
// another export is served.
func TestManyHangingSaves(t *testing.T) {
	k := startKept(t, 150)
	release := k.hang()
	defer release()
	for i := range 149 {
		k.send(set(i, "new"))
	}
	if r := k.ask(k.link, get(149)); len(configString(r)) != 0 {
		t.Errorf("the config string is %q", configString(r))
	}
	eventually(t, func() bool { return k.export(148).Shed > 0 }, "all changes are being kept") // counted when the turn ends
	release()
	k.settled()
}

// TestFreezeWhileSaving has the process be frozen while a change is being kept: it
// takes effect, but what came behind it is too old.
func TestFreezeWhileSaving(t *testing.T) {
	k := startKept(t, 1)
	release := k.hang()
	defer release()
	first := k.send(set(0, "new"))[0]
	eventually(t, func() bool { return k.count() == 1 }, "nothing is saved")
	behind := k.send(set(0, "stale"))[0]
	eventually(t, func() bool { return k.export(0).InFlight == 2 }, "nothing waits behind the change")
	k.server.Freeze()
	release()
	k.answer(first)
	k.settled()
	if r := k.ask(k.link, get(0)); string(configString(r)) != "new" || k.link.Reply(behind) != nil {
		t.Errorf("the config string is %q", configString(r))
	}
}

// TestAloneWithHangingSave floods an only export whose save hangs: it takes in no
// more than it has buffers, and goes on.
func TestAloneWithHangingSave(t *testing.T) {
	k := startKept(t, 1)
	release := k.hang()
	defer release()
	k.send(set(0, "new"))
	eventually(t, func() bool { return k.count() == 1 }, "nothing is saved")
	begin := time.Now()
	k.flood(k.link, 0, 1000)
	if took := time.Since(begin); took > patience/2 {
		t.Errorf("it takes %v to receive 1000 frames", took)
	}
	release()
	k.settled()
	if r := k.ask(k.link, get(0)); string(configString(r)) != "new" {
		t.Errorf("the config string is %q", configString(r))
	}
}

// TestEndWhileSaving ends a server, or removes an export, while a change is being
// kept: what was received is answered first; where the save hangs, the error names
// it in time.
func TestEndWhileSaving(t *testing.T) {
	for _, hangs := range []bool{false, true} {
		for how, end := range map[string]func(*keptEngine, time.Duration) error{
			"end": func(k *keptEngine, within time.Duration) error {
				k.stop()
				<-k.ended
				return k.err
			},
			"remove": func(k *keptEngine, within time.Duration) error { return k.server.Remove("e9.0", within) },
		} {
			t.Run(fmt.Sprintf("%s, hangs: %v", how, hangs), func(t *testing.T) {
				f, k := newFleet(t, 1, 100), new(keeper)
				f.keeper = k
				f.add(blade.New(newSlowStore(atOnce), blade.Config{Shelf: 9, Kept: new(blade.State)}))
				within := patience
				if hangs {
					within = 200 * time.Millisecond
				}
				f.serve(within)
				e := &keptEngine{f, k, f.links[0]}
				release := k.hang()
				defer release()
				tags := e.send(set(0, "new"), get(0))
				eventually(t, func() bool { return k.count() == 1 }, "nothing is saved")
				if !hangs {
					time.AfterFunc(20*time.Millisecond, release)
				}
				err := end(e, within)
				if hangs {
					if err == nil || strings.Count(err.Error(), "a change that is not kept yet, or a command behind it") != 2 {
						t.Errorf("%v", err)
					}
					return
				}
				if err != nil {
					t.Error(err)
				}
				if r := e.answer(tags[1]); string(configString(r)) != "new" {
					t.Errorf("what came behind sees %q", configString(r))
				}
			})
		}
	}
}
