// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// ifreq is the kernel's struct ifreq (netintro(4)), which x/sys does not have
// here: a name and a union of 16 bytes, whose first four are an int.
type ifreq struct {
	name  [unix.IFNAMSIZ]byte
	value int32
	_     [12]byte
}

// ifMsghdrl is the beginning of the kernel's struct if_msghdrl.
type ifMsghdrl struct {
	length  uint16
	_       uint8 // version
	kind    uint8
	_       int32 // addrs
	flags   int32
	_       uint16 // index
	_       uint16 // spare
	len     uint16
	dataOff uint16
	_       int32 // spare
}

// ifData is the beginning of the kernel's struct if_data.
type ifData struct {
	_         [4]uint8 // type, physical, addrlen, hdrlen
	linkState uint8
	_         uint8  // vhid
	_         uint16 // datalen
	mtu       uint32
}

// An ioctl's number tells the length of its argument.
const (
	argShift = 16
	argMask  = 1<<13 - 1
)

// What follows is compiled only where the lengths on its two sides are the same.

// The arguments of the ioctls are as long as the kernel expects.
var (
	_ [unix.BIOCSETIF >> argShift & argMask]byte   = [unsafe.Sizeof(ifreq{})]byte{}
	_ [unix.BIOCGETIF >> argShift & argMask]byte   = [unsafe.Sizeof(ifreq{})]byte{}
	_ [unix.SIOCGIFMTU >> argShift & argMask]byte  = [unsafe.Sizeof(ifreq{})]byte{}
	_ [unix.BIOCVERSION >> argShift & argMask]byte = [unsafe.Sizeof(unix.BpfVersion{})]byte{}
	_ [unix.BIOCGSTATS >> argShift & argMask]byte  = [unsafe.Sizeof(unix.BpfStat{})]byte{}
	_ [unix.BIOCSETF >> argShift & argMask]byte    = [unsafe.Sizeof(unix.BpfProgram{})]byte{}
	_ [unix.BIOCSETFNR >> argShift & argMask]byte  = [unsafe.Sizeof(unix.BpfProgram{})]byte{}

	_ [unix.BIOCSBLEN >> argShift & argMask]byte      = [unsafe.Sizeof(uint32(0))]byte{}
	_ [unix.BIOCGBLEN >> argShift & argMask]byte      = [unsafe.Sizeof(uint32(0))]byte{}
	_ [unix.BIOCGDLT >> argShift & argMask]byte       = [unsafe.Sizeof(uint32(0))]byte{}
	_ [unix.BIOCIMMEDIATE >> argShift & argMask]byte  = [unsafe.Sizeof(uint32(0))]byte{}
	_ [unix.BIOCSHDRCMPLT >> argShift & argMask]byte  = [unsafe.Sizeof(uint32(0))]byte{}
	_ [unix.BIOCSDIRECTION >> argShift & argMask]byte = [unsafe.Sizeof(uint32(0))]byte{}
	_ [unix.BIOCSTSTAMP >> argShift & argMask]byte    = [unsafe.Sizeof(uint32(0))]byte{}
)

// The instructions of x/net/bpf are those of the kernel.
var (
	_ [unsafe.Sizeof(unix.BpfInsn{})]byte        = [unsafe.Sizeof(bpf.RawInstruction{})]byte{}
	_ [unsafe.Offsetof(unix.BpfInsn{}.Code)]byte = [unsafe.Offsetof(bpf.RawInstruction{}.Op)]byte{}
	_ [unsafe.Offsetof(unix.BpfInsn{}.Jt)]byte   = [unsafe.Offsetof(bpf.RawInstruction{}.Jt)]byte{}
	_ [unsafe.Offsetof(unix.BpfInsn{}.Jf)]byte   = [unsafe.Offsetof(bpf.RawInstruction{}.Jf)]byte{}
	_ [unsafe.Offsetof(unix.BpfInsn{}.K)]byte    = [unsafe.Offsetof(bpf.RawInstruction{}.K)]byte{}
)

// captures.go knows the header of a frame, which with a time in nanoseconds is
// laid as the one that x/sys has, with two 64-bit numbers for the time.
var (
	_ [captureNsec]byte    = [unsafe.Offsetof(unix.Timeval{}.Usec)]byte{}
	_ [captureCaplen]byte  = [unsafe.Offsetof(unix.BpfHdr{}.Caplen)]byte{}
	_ [captureDatalen]byte = [unsafe.Offsetof(unix.BpfHdr{}.Datalen)]byte{}
	_ [captureHdrlen]byte  = [unsafe.Offsetof(unix.BpfHdr{}.Hdrlen)]byte{}
	_ [captureHeader]byte  = [unsafe.Offsetof(unix.BpfHdr{}.Hdrlen) + unsafe.Sizeof(unix.BpfHdr{}.Hdrlen)]byte{}
	_ [captureAlign]byte   = [unix.BPF_ALIGNMENT]byte{}
)

// iflist.go knows the list of interfaces.
var (
	_ [ifListInterface]byte = [unix.RTM_IFINFO]byte{}
	_ [ifListLength]byte    = [unsafe.Offsetof(ifMsghdrl{}.length)]byte{}
	_ [ifListType]byte      = [unsafe.Offsetof(ifMsghdrl{}.kind)]byte{}
	_ [ifListFlags]byte     = [unsafe.Offsetof(ifMsghdrl{}.flags)]byte{}
	_ [ifListAddress]byte   = [unsafe.Offsetof(ifMsghdrl{}.len)]byte{}
	_ [ifListData]byte      = [unsafe.Offsetof(ifMsghdrl{}.dataOff)]byte{}
	_ [ifListHeader]byte    = [unsafe.Sizeof(ifMsghdrl{})]byte{}
	_ [ifDataState]byte     = [unsafe.Offsetof(ifData{}.linkState)]byte{}
	_ [ifDataMTU]byte       = [unsafe.Offsetof(ifData{}.mtu)]byte{}
	_ [ifDataLength]byte    = [unsafe.Sizeof(ifData{})]byte{}
	_ [linkNameLength]byte  = [unsafe.Offsetof(unix.RawSockaddrDatalink{}.Nlen)]byte{}
	_ [linkAddrLength]byte  = [unsafe.Offsetof(unix.RawSockaddrDatalink{}.Alen)]byte{}
	_ [linkName]byte        = [unsafe.Offsetof(unix.RawSockaddrDatalink{}.Data)]byte{}
)
