// SPDX-License-Identifier: GPL-2.0-only

package claim

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"vblade/internal/unixsocket"
)

// How a claim is asked for, and answers.
const (
	answerTime  = time.Second           // after which a process that has not accepted is taken to serve nothing
	answerPause = time.Millisecond      // after each answer, so that questions cannot keep us busy
	tries       = 10                    // to bind a name whose holder comes or goes
	tryPause    = 10 * time.Millisecond // between them
)

// Claim is the right of this process to serve an address on an interface, until
// Release or the end of the process.
type Claim struct{ listener *net.UnixListener }

// socketName is the name of the socket of a claim. Without its @ it is what
// `ss -xl` shows.
func socketName(export, netif string) *net.UnixAddr {
	return &net.UnixAddr{Net: "unix", Name: "@vblade/" + export + "/" + netif}
}

// Take claims an export's address, such as e9.0, on an interface of the calling
// thread's network namespace. It returns a HeldError if another process certainly
// serves it; any other error says what is not known, and why.
func Take(export, netif string) (*Claim, error) {
	for try := 1; ; try++ {
		l, err := net.ListenUnix("unix", socketName(export, netif))
		if err == nil {
			c := &Claim{listener: l}
			go c.answer()
			return c, nil
		}
		if !errors.Is(err, unix.EADDRINUSE) {
			return nil, fmt.Errorf("cannot tell whether another process serves %s on %s: %w", export, netif, err)
		}
		if err := Ask(export, netif); err != nil {
			return nil, err
		}
		if try == tries {
			return nil, fmt.Errorf("cannot tell whether another process serves %s on %s: it comes and goes", export, netif)
		}
		time.Sleep(tryPause)
	}
}

// answer accepts connections and ends them, until Release.
func (c *Claim) answer() {
	for {
		conn, err := c.listener.AcceptUnix()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			conn.Close()
		}
		time.Sleep(answerPause)
	}
}

// Release gives the claim up.
func (c *Claim) Release() { c.listener.Close() }

// Ask finds out whether a process has claimed an export's address on an
// interface. It returns nil if none has, otherwise errors like those of Take.
func Ask(export, netif string) error {
	conn, err := net.DialTimeout("unix", socketName(export, netif).Name, answerTime)
	switch {
	case errors.Is(err, unix.ECONNREFUSED): // there is no holder, or it does not listen yet
		return nil
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return fmt.Errorf("another process seems to serve %s on %s too; find it by: ss -xlp | grep @vblade/%s/%s",
			export, netif, export, netif)
	case err != nil:
		return fmt.Errorf("cannot tell whether another process serves %s on %s: %w", export, netif, err)
	}
	defer conn.Close()
	holder, err := unixsocket.PeerOf(conn.(*net.UnixConn))
	if err != nil {
		return fmt.Errorf("cannot tell which process serves %s on %s: %w", export, netif, err)
	}
	conn.SetReadDeadline(time.Now().Add(answerTime))
	_, err = conn.Read(make([]byte, 1))
	switch {
	case err != io.EOF:
		return fmt.Errorf("pid %d, which served %s on %s, does not answer and has not ended", holder.PID, export, netif)
	case holder.UID != 0 && int(holder.UID) != os.Geteuid() && !isServer(holder.UID):
		return fmt.Errorf("pid %d of uid %d seems to serve %s on %s too; if it does, end one of them",
			holder.PID, holder.UID, export, netif)
	}
	return &HeldError{Export: export, Netif: netif, PID: holder.PID}
}

// serverDirectory belongs to the user whom the server of this host runs as: only root
// can make it.
const serverDirectory = "/run/vblade"

// isServer reports whether a user is the one that the server of this host runs
// as.
func isServer(uid uint32) bool {
	var st unix.Stat_t
	return unix.Lstat(serverDirectory, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR && st.Uid == uid
}
