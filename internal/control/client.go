// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"
)

// Time limits of a client.
const (
	replyTime = time.Minute           // for the server to do what was asked
	againTime = 50 * time.Millisecond // before a request that could not be done now is repeated
	againMost = 30 * time.Second      // how long it is repeated
	dialTime  = 5 * time.Second       // for room in a busy server's queue
)

// ErrNoServer is the error of a request to which nobody listens.
var ErrNoServer = errors.New("no server listens")

// Client talks to the server at a path.
type Client struct{ Path string }

// Info is what the server says about an export.
type Info struct {
	Name     string
	Links    []string
	HWAddr   []string // addresses of the export's own, one for each of Links; empty for those of the links
	Filename string
	Conf     string // the conf file that it is from; empty for none
	Sectors  int64
	ReadOnly bool
	Direct   bool
	Sync     bool
	State    State
	Trouble  string // why it is not served now

	// In the reply to status, if it is served; Users if one export was asked for.
	Down    []string // those of Links that carry no frames
	Figures *Figures
	Users   *Users
}

// Answer is the reply to a request.
type Answer struct {
	PID      int // the server's
	Exports  []Info
	Links    []Link  // that they are served on, in the reply to status
	Did      Outcome // of an export that was to be added
	Warnings []string
	JSON     []byte // the whole reply, a line
}

// refusal is the error in a reply.
type refusal struct {
	text  string
	again bool
}

// Error returns what the server said.
func (r refusal) Error() string { return r.text }

// Add makes the server serve an export. The disk still belongs to the caller.
func (c Client) Add(e *Export) (*Answer, error) {
	return c.put(&request{Do: doAdd, Export: e.parameters()}, e)
}

// Change makes the server serve an export, in place of another one with its
// address if there is one.
func (c Client) Change(e *Export) (*Answer, error) {
	return c.put(&request{Do: doAdd, Export: e.parameters(), Change: true}, e)
}

// Move makes the server serve an export as Add does or, with change, Change, and end
// the one of a name, which has another address. If it fails, that is served as before.
func (c Client) Move(e *Export, from string, change bool) (*Answer, error) {
	return c.put(&request{Do: doAdd, Name: from, Export: e.parameters(), Change: change}, e)
}

// Try asks what Add would do or, with change, what Change would do.
func (c Client) Try(e *Export, change bool) (*Answer, error) {
	return c.try(request{Do: doAdd, Export: e.parameters(), Change: change}, e)
}

// try asks what a request to add an export would do.
func (c Client) try(r request, e *Export) (*Answer, error) {
	r.Try = true
	return c.ask(&r, e.files())
}

// Remove makes the server end an export.
func (c Client) Remove(name string) (*Answer, error) {
	return c.ask(&request{Do: doRemove, Name: name}, nil)
}

// Status asks for the export of a name, or for all without one.
func (c Client) Status(name string) (*Answer, error) {
	return c.ask(&request{Do: doStatus, Name: name}, nil)
}

// Listens returns an error, which says what to do, where no server listens.
func (c Client) Listens() error {
	conn, err := dial(c.Path)
	if err != nil {
		return err
	}
	return conn.Close()
}

// Announce has the export of a name advertised, or all without one.
func (c Client) Announce(name string) (*Answer, error) {
	return c.ask(&request{Do: doAnnounce, Name: name}, nil)
}

// ask repeats a request until the server can do it.
func (c Client) ask(r *request, files []*os.File) (*Answer, error) {
	r.Vblade = protocol
	for late := time.Now().Add(againMost); ; {
		answer, err := c.askOnce(r, files)
		var said refusal
		if !errors.As(err, &said) || !said.again || time.Now().After(late) {
			return answer, err
		}
		time.Sleep(againTime)
	}
}

// askOnce sends a request and receives the reply.
func (c Client) askOnce(r *request, files []*os.File) (*Answer, error) {
	conn, err := dial(c.Path)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	w := wire{conn}
	errSend := w.send(r, files, requestTime)
	// A server that refuses may not have read all of it, but has said why.
	reply, line, err := w.reply(replyTime)
	var said refusal
	switch {
	case err == nil:
	case errors.As(err, &said):
		return nil, err
	case errSend != nil:
		return nil, fmt.Errorf("send the request to the server at %s: %w", c.Path, errSend)
	default:
		return nil, lostReply{fmt.Errorf("no reply from the server at %s: %w", c.Path, err)}
	}
	answer := &Answer{PID: reply.PID, Warnings: reply.Warnings, Did: reply.Did, Links: reply.Interfaces, JSON: line}
	for _, st := range reply.Exports {
		answer.Exports = append(answer.Exports, Info{
			Name: st.Name, Links: st.Links, HWAddr: st.HWAddr, Filename: st.Filename, Conf: st.Conf,
			Sectors: st.Sectors, ReadOnly: st.ReadOnly, Direct: st.Direct, Sync: st.Sync,
			State: st.State, Trouble: st.Trouble, Down: st.Down, Figures: st.Figures, Users: st.Users,
		})
	}
	return answer, nil
}

// reply receives a reply without descriptors, and its line.
func (w wire) reply(within time.Duration) (*reply, []byte, error) {
	line, _, err := w.receive(context.Background(), maxReply, 0, within)
	if err != nil {
		return nil, nil, err
	}
	r, err := decodeReply(line)
	return r, line, err
}

// hear receives a reply and its descriptors; a refusal is an error.
func (w wire) hear(mostFiles int, within time.Duration) (*reply, []*os.File, error) {
	line, files, err := w.receive(context.Background(), maxReply, mostFiles, within)
	if err != nil {
		return nil, nil, err
	}
	r, err := decodeReply(line)
	if err != nil {
		closeAll(files)
		return nil, nil, err
	}
	return r, files, nil
}

// decodeReply reads a reply; a refusal is an error. It passes over fields that it
// does not know, which a later version may add.
func decodeReply(line []byte) (*reply, error) {
	r := new(reply)
	if err := json.Unmarshal(line, r); err != nil {
		return nil, fmt.Errorf("not understood: %w", err)
	}
	if r.Error != "" {
		return nil, refusal{r.Error, r.Again}
	}
	return r, nil
}

// dial connects to the server at path. Its error says what to do.
func dial(path string) (*net.UnixConn, error) {
	d := net.Dialer{Timeout: dialTime}
	conn, err := d.Dial("unix", path)
	if err == nil {
		return conn.(*net.UnixConn), nil
	}
	var errno syscall.Errno
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, fmt.Errorf("%w at %s; start one with: %s", ErrNoServer, path, serveAt(path))
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("connect to %s: permission denied; run it as root, or as one whom the mode of the socket lets write to it", path)
	case errors.As(err, &errno):
		err = errno
	}
	return nil, fmt.Errorf("connect to %s: %w", path, err)
}

// serveAt is the command that starts a server at path.
func serveAt(path string) string {
	if path == DefaultPath {
		return "vblade serve"
	}
	return "vblade serve --control " + path
}
