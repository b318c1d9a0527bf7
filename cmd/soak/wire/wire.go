//go:build linux

// Package wire is what the soak's users and servers say to each other: a frame,
// and the same frame again for an answer.
package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
)

// A request is a frame, and the answer is the same bytes again. The header
// names who sent it, so that a wrong answer shows whose it is:
//
//	0–3 magic, 4–7 length of the frame, 8–11 user, 12–15 address, 16–23 sequence
const (
	frameMagic  = "SLP1"
	FrameHeader = 24
	FramePrefix = 8 // all that the server needs: magic and length
	MaxFrame    = 1 << 16
)

// UnexpectedBytes is what the server sends unasked. It is as long as a frame
// header, so that whoever takes it for an answer knows it by its header.
var UnexpectedBytes = []byte("!! bytes nobody asked for !!")

var (
	ErrUnexpectedBytes = errors.New("unexpected bytes instead of an answer")
	ErrForeignAnswer   = errors.New("answer meant for another")
	ErrCorruptAnswer   = errors.New("answer differs from the request")
)

// FillFrame writes a frame over the whole of frame. The payload is a function
// of the header, cheap to make and different for each request.
func FillFrame(frame []byte, user, address uint32, sequence uint64) {
	copy(frame, frameMagic)
	binary.BigEndian.PutUint32(frame[4:], uint32(len(frame)))
	binary.BigEndian.PutUint32(frame[8:], user)
	binary.BigEndian.PutUint32(frame[12:], address)
	binary.BigEndian.PutUint64(frame[16:], sequence)
	x := sequence<<20 ^ uint64(user)<<40 ^ uint64(address) | 1
	for i := FrameHeader; i < len(frame); i++ {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		frame[i] = byte(x)
	}
}

// FrameLength reads the length out of a frame's first bytes.
func FrameLength(prefix []byte) (int, error) {
	if string(prefix[:4]) != frameMagic {
		return 0, fmt.Errorf("not a frame: %q", prefix[:4])
	}
	n := binary.BigEndian.Uint32(prefix[4:])
	if n < FrameHeader || n > MaxFrame {
		return 0, fmt.Errorf("frame of %d bytes", n)
	}
	return int(n), nil
}

// Exchange sends request and reads the answer into scratch, which is as long.
func Exchange(conn net.Conn, request, scratch []byte) error {
	if _, err := conn.Write(request); err != nil {
		return err
	}
	if _, err := io.ReadFull(conn, scratch[:FrameHeader]); err != nil {
		return err
	}
	if err := Compare(scratch[:FrameHeader], request[:FrameHeader]); err != nil {
		return err
	}
	if _, err := io.ReadFull(conn, scratch[FrameHeader:]); err != nil {
		return err
	}
	return Compare(scratch, request)
}

// Compare says what is wrong with an answer, or with its beginning and that of
// the request.
func Compare(answer, request []byte) error {
	switch {
	case bytes.Equal(answer, request):
		return nil
	case bytes.HasPrefix(answer, UnexpectedBytes[:FrameHeader]):
		return ErrUnexpectedBytes
	case !bytes.Equal(answer[:FrameHeader], request[:FrameHeader]):
		return wrongHeader(answer[:FrameHeader], request)
	}
	return ErrCorruptAnswer
}

func wrongHeader(got, want []byte) error {
	if _, err := FrameLength(got); err != nil {
		return fmt.Errorf("%w: header % x, want % x", ErrCorruptAnswer, got, want[:FrameHeader])
	}
	return fmt.Errorf("%w: it is for user %d, address %d, request %d; the request was of user %d, address %d, request %d",
		ErrForeignAnswer,
		binary.BigEndian.Uint32(got[8:]), binary.BigEndian.Uint32(got[12:]), binary.BigEndian.Uint64(got[16:]),
		binary.BigEndian.Uint32(want[8:]), binary.BigEndian.Uint32(want[12:]), binary.BigEndian.Uint64(want[16:]))
}
