// SPDX-License-Identifier: GPL-2.0-only

// Package control controls a server of many exports over a Unix socket: exports
// are added, removed and listed, and handed over to a successor. Server answers
// the socket, in the process that serves; Client asks, in another process; an
// Engine serves, and a Keeper keeps exports over a restart.
//
// The process that adds an export opens its file with its own rights, and hands
// the descriptors over. The server opens no file, and trusts nothing that it
// gets.
//
// # The socket
//
// It is a stream socket, at DefaultPath unless another path is given. Its mode
// says who may connect: at first its owner and root. The server finds out who has
// connected (SO_PEERCRED on Linux, LOCAL_PEERCRED on FreeBSD), does not answer if
// it cannot, and logs what each client has done or was refused. It answers 16
// clients at once; others wait. A client has 10 seconds to send its request, and
// as long to receive the reply.
//
// # Messages
//
// A message is one line: a JSON object and a newline. Up to 128 descriptors come
// with it (SCM_RIGHTS), in any of the calls that send the line. A request has at
// most 65,536 bytes. Fields that are not listed here are refused in a request, and
// in the exports of a handover, because they may mean what must not be ignored; in
// a reply they are passed over, because later versions add some. Anything after
// the line is refused. A client sends one request on a connection; the server sends
// one reply, and closes it.
//
// A request has these fields:
//
//	vblade  1, the version of the protocol
//	do      "add", "remove", "status", "announce" or "replace"
//	name    the export, such as "e9.0": of remove, and of status and announce for
//	        one export; of add, one of another address that ends in its place. If
//	        the new one cannot be served, that is served as before
//	export  the parameters of add
//	change  of add: true changes another export of the same address to this one; if
//	        that cannot be served, the other is served as before
//	try     of add: true only says what would be done
//
// The parameters of an export:
//
//	shelf, slot  its address: 0 to 65534, 0 to 254
//	links        names of 1 to 16 interfaces, each once
//	[hwaddr]     addresses of the export's own, one for each of links, in 12
//	             hexadecimal digits: it is served from interfaces that have them, which
//	             whoever adds it has made (package macvlan), and removes after it has ended
//	filename     the path of the file, absolute, as its opener sees it: 1 to 4,096
//	             bytes of UTF-8 without control characters. It is shown, and
//	             compared with what it leads to, but never opened
//	offset       sectors of 512 bytes left out at the start of the file
//	length       sectors exported, 0 for all that follow; both 0 to 2^48
//	readOnly     the descriptors are O_RDONLY; otherwise they are O_RDWR
//	direct       they are O_DIRECT
//	sync         a write is on the disk when it is answered. Where readOnly is false
//	             there is a descriptor for everything else, and then one or more of
//	             openings of their own for the writes, with O_SYNC or without
//	buffers      advertised: 1 to 65535
//	[conf]       the path of the conf file that the export is from: what the server
//	             adds by it can be told from what was added by hand
//	masks        up to 128 MACs in 12 hexadecimal digits; none lets every one in
//	[serial]     the serial number in IDENTIFY, up to 20 printable ASCII characters;
//	             without it one of the address and the host's name
//	[stateFile]  what initiators set is kept in a file (package statefile):
//	               path  of that file, absolute, as its opener sees it; shown only
//	               id    which of the descriptors is of it: DEVICE:INODE, in decimal
//	[failStop]   the export is withdrawn once its disk is gone or broken: it answers
//	             nothing more, and its status has the trouble until it is removed or
//	             added again
//	[exclusive]  it is refused where another target of its address answers on one of
//	             its links, and is not served in a restart until none does
//	[announce]   seconds after which the export is advertised again, and again; 0
//	             or absent for at the start only
//
// With add come the descriptors of the file: one, or with sync and not readOnly
// one and then one for each write that may run at once, each of an opening of its
// own (ata.File says why). The server checks again that they are of one regular
// file or block device, opened as the parameters say, which contains the window.
// With stateFile comes its descriptor besides, anywhere among them.
// Whoever has it has locked the file, or the server does, and refuses an export whose
// file is locked by others. Masks that are given with add or change prevail over those
// that are kept: a warning says so.
//
// A reply has these fields; those in brackets may be absent:
//
//	vblade      1
//	pid         the server's process
//	[error]     why it was not done, in one line, with what to do; else it was done
//	[again]     true: it may be done when it is tried again soon
//	[warnings]  what is not as it should be, though it was done
//	[did]       after add: "added", "kept" (the same is served already) or "changed"
//	[exports]   after add that export, after status those asked for: a list of
//	            parameters, with:
//	              name       such as "e9.0"
//	              sectors    its size now
//	              state      how it is, the worst that is to be said: "not served",
//	                         "draining" (it is being removed), "starting" (added or
//	                         changed), "disk hangs", "flush failed" (every later one
//	                         does), "disk failing", "no link" (none of its links
//	                         carries frames), "up"
//	              [trouble]  why it is not served now
//	              [down]     those of its links that carry no frames
//	              [figures]  after status, if it is served, as below
//	              [users]    after status for one export, if it is served, as below
//	[interfaces]  after status those that are in use, for one export its own: a list of
//	              name; [down], why it carries no frames; receive and send, how it does,
//	              and [whyReceive] and [whySend], why not faster; and the frames that
//	              were received, ignored, sent, unsent (replies that could not be sent)
//	              and dropped (by the kernel, for want of room) since it came into use
//
// The figures of an export, since it was added; times are in seconds:
//
//	reads, readBytes, writes, writeBytes, flushes  that went to the disk
//	errors      requests that were refused or failed, by kind, such as
//	            {"not found":2}: the kinds that there are
//	masked      frames of sources that the masks leave out
//	shed        requests dropped because too many were in flight
//	repeated    reads, writes and flushes that their initiator had sent before: with
//	            the same tag, or, of reads and writes, before the first was answered
//	inFlight    requests that wait now, and oldest, how long the oldest has
//	initiators  how many have read, written or flushed, of the last 64
//	recent      of the last 2 to 3 seconds: reads, readBytes, writes and writeBytes a
//	            second; p50 and p99, what half and 99 percent of them took at the
//	            most; 0 where there were none
//
// The users of an export:
//
//	config      the config string; what is not UTF-8 in it is replaced by U+FFFD
//	masks       now, as initiators may have changed them
//	reservation the MACs that it is reserved for
//	initiators  that have read, written or flushed, the one seen last first: a list
//	            of mac; link, by which it came last; idle, how long ago; requests,
//	            and repeated, as above; reserved, whether the export is reserved for
//	            it; masked, whether the masks leave it out
//
// Existing fields keep their meaning.
//
// Announce advertises the export, or all of them, as when they were added; a link
// that carries no frames is named in the warnings, and hears of it once it does.
//
// To add what is served already is no error if all parameters but the path of the
// file are the same, and it leads to the same device or inode. A different export
// under the same address is refused, unless it is to be changed, and so is the same
// from another conf file. One that was added by hand becomes the conf file's that
// says the same. Remove answers once the export has ended: what was received is
// answered, the disk is synced and closed.
//
// # Replacing a server
//
// Only root and the server's own user may do that. The successor sends "replace"
// and gets a reply with two more fields:
//
//	listeners   names of the descriptors that come with it, in order: "control" is
//	            the listening socket itself, so that clients wait at it and find
//	            the successor; "metrics ADDRESS" that of the metrics
//	count       how many exports there are
//
// It then says {"vblade":1,"do":"next"} count times, and gets each time the
// parameters of an export, with its name, sectors and trouble as in a status, and
// its descriptors. Then it says {"vblade":1,"do":"ready"}; the server ends all
// exports and replies. The successor serves them all within 8 seconds of "ready",
// says {"vblade":1,"do":"serving"}, and the server replies and ends. At every
// point a reply with an error means that the server goes on serving. During the
// handover the server answers add and remove with again. handover.go explains why
// at every moment one of the two serves, or is about to, and never both.
//
// BUG(1): A successor starts with the config strings, masks and reservations
// that the exports were added with, not with those that initiators have set since,
// where an export has no state file.
//
// BUG(2): The check of a disk that hangs may hang, and occupy the place of a
// client.
package control
