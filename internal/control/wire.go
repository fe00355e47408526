// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"time"
)

// wire sends and receives messages on a connection: each is a line of JSON, and
// descriptors that come with it. The two ends take turns, so that a line is never
// followed by another before it is answered.
type wire struct{ conn *net.UnixConn }

// send sends a message within a time limit.
func (w wire) send(v any, files []*os.File, within time.Duration) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return w.sendLine(line, files, within)
}

// sendLine sends a message that is already JSON.
func (w wire) sendLine(line []byte, files []*os.File, within time.Duration) error {
	if err := w.conn.SetWriteDeadline(time.Now().Add(within)); err != nil {
		return err
	}
	line = append(line, '\n')
	n, _, err := w.conn.WriteMsgUnix(line, rights(files), nil)
	runtime.KeepAlive(files)
	if err == nil && n < len(line) {
		_, err = w.conn.Write(line[n:])
	}
	return err
}

// receive receives a message with limits of bytes and descriptors. The caller
// owns the descriptors. After an error, or the end of ctx, none are open.
func (w wire) receive(ctx context.Context, most, mostFiles int, within time.Duration) (line []byte, files []*os.File, err error) {
	defer func() {
		if err != nil {
			closeAll(files)
			files = nil
		}
	}()
	if err := w.conn.SetReadDeadline(time.Now().Add(within)); err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { w.conn.SetReadDeadline(time.Now()) })
	defer stop()
	chunk, control := make([]byte, 4096), make([]byte, rightsSpace(mostFiles))
	for {
		n, oob, flags, _, err := w.conn.ReadMsgUnix(chunk, control)
		// The descriptors belong to us even after an error.
		came, errRights := parseRights(control[:oob])
		files = append(files, came...)
		switch {
		case errors.Is(err, io.EOF) && len(line) == 0:
			return nil, files, errNothing
		case err != nil:
			return nil, files, readError(err)
		case errRights != nil:
			return nil, files, errRights
		case isCut(flags) || len(files) > mostFiles:
			return nil, files, fmt.Errorf("more than %d descriptors came, or more than this process may have open (see LimitNOFILE)", mostFiles)
		case n == 0:
			return nil, files, io.ErrUnexpectedEOF
		}
		line = append(line, chunk[:n]...)
		if end := bytes.IndexByte(line, '\n'); end >= 0 && end < len(line)-1 {
			return nil, files, errors.New("more than one line came")
		} else if end >= 0 {
			return line[:end], files, nil
		}
		if len(line) > most {
			return nil, files, fmt.Errorf("the line is longer than %d bytes", most)
		}
	}
}

// errNothing is the error of a connection that the peer has closed without a
// message.
var errNothing = fmt.Errorf("nothing came: %w", io.ErrUnexpectedEOF)

// readError returns, in one line, why nothing was received.
func readError(err error) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errors.New("nothing came in time")
	case errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	}
	return err
}
