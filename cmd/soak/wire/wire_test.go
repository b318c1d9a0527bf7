//go:build linux

package wire

import (
	"errors"
	"io"
	"net"
	"testing"
)

func TestExchangeJudgesAnswer(t *testing.T) {
	frame := func(user uint32, size int) []byte {
		f := make([]byte, size)
		FillFrame(f, user, 2, 3)
		return f
	}
	request := frame(1, 500)
	corrupt := append([]byte(nil), request...)
	corrupt[400] ^= 1
	for name, c := range map[string]struct {
		answer []byte
		want   error
	}{
		"right":      {request, nil},
		"foreign":    {frame(9, 500), ErrForeignAnswer},
		"corrupt":    {corrupt, ErrCorruptAnswer},
		"nonsense":   {make([]byte, 500), ErrCorruptAnswer},
		"unexpected": {append([]byte(UnexpectedBytes), request...), ErrUnexpectedBytes},
		"short":      {request[:200], io.ErrUnexpectedEOF},
		"none":       {nil, io.EOF},
	} {
		here, there := net.Pipe()
		go func() {
			_, _ = io.ReadFull(there, make([]byte, len(request)))
			_, _ = there.Write(c.answer)
			there.Close()
		}()
		if err := Exchange(here, request, make([]byte, len(request))); !errors.Is(err, c.want) {
			t.Errorf("%s answer: %v, want %v", name, err, c.want)
		}
		here.Close()
	}
}
