package slothttp_test

import (
	"encoding/binary"
	"io"
	"net/http"
)

// Frame types and flags of RFC 9113.
const (
	frameData     = 0
	frameHeaders  = 1
	frameReset    = 3
	frameSettings = 4
	framePing     = 6
	frameGoAway   = 7

	endStream  = 1
	ack        = 1
	endHeaders = 4
)

// frames is the server's end of an HTTP/2 connection, frame by frame.
type frames struct{ *peer }

// framed is a server over HTTP/2 without TLS. For each request, which streams
// number from 1 in steps of 2, it does what the test says.
func (e *env) framed(onRequest func(connection int, stream uint32, f frames)) (url string) {
	p := new(http.Protocols)
	p.SetUnencryptedHTTP2(true)
	e.base.Protocols = p
	return e.scripted(func(number int, p *peer) {
		f := frames{p}
		preface := make([]byte, len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
		if _, err := io.ReadFull(p.r, preface); err != nil {
			return
		}
		f.write(frameSettings, 0, 0, nil)
		for {
			kind, flags, stream, err := f.next()
			switch {
			case err != nil:
				return
			case kind == frameSettings && flags&ack == 0:
				f.write(frameSettings, ack, 0, nil)
			case kind == framePing && flags&ack == 0:
				f.write(framePing, ack, 0, make([]byte, 8))
			case kind == frameHeaders:
				e.note("connection %d stream %d", number, stream)
				onRequest(number, stream, f)
			}
		}
	})
}

func (f frames) next() (kind, flags byte, stream uint32, err error) {
	var head [9]byte
	if _, err = io.ReadFull(f.r, head[:]); err != nil {
		return
	}
	length := int64(head[0])<<16 | int64(head[1])<<8 | int64(head[2])
	_, err = io.CopyN(io.Discard, f.r, length)
	return head[3], head[4], binary.BigEndian.Uint32(head[5:]), err
}

func (f frames) write(kind, flags byte, stream uint32, payload []byte) {
	n := len(payload)
	head := []byte{byte(n >> 16), byte(n >> 8), byte(n), kind, flags}
	head = binary.BigEndian.AppendUint32(head, stream)
	_, _ = f.Write(append(head, payload...))
}

// answer says 200 with a body.
func (f frames) answer(stream uint32, body string) {
	f.write(frameHeaders, endHeaders, stream, []byte{0x88}) // :status 200, RFC 7541, appendix A
	f.write(frameData, endStream, stream, []byte(body))
}

func (f frames) reset(stream, code uint32) {
	f.write(frameReset, 0, stream, binary.BigEndian.AppendUint32(nil, code))
}

func (f frames) goAway(last, code uint32) {
	f.write(frameGoAway, 0, 0, binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, last), code))
}
