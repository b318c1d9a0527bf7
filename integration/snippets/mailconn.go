package snippets

import (
	"context"
	"io"
	"net"
	"net/smtp"
	"time"

	"github.com/slotpool/slotpool/connpool"
)

// mailConn is a connection with what the protocol keeps of it.
type mailConn struct {
	net.Conn
	client *smtp.Client // with a buffered reader, which belongs to the connection
}

// NetConn lets the pool ask the kernel about the connection.
func (c *mailConn) NetConn() net.Conn { return c.Conn }

// dialSMTP does what is to be done once for each connection.
func dialSMTP(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	conn, err := connpool.DialerConfig{}.Dialer().DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	client, err := smtp.NewClient(conn, host) // reads the greeting
	if !stop() && err == nil {
		err = context.Cause(ctx) // and the connection has that deadline
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &mailConn{conn, client}, nil
}

// send sends a message.
func (c *mailConn) send(from, to, text string) error {
	if err := c.client.Mail(from); err != nil {
		return err
	}
	if err := c.client.Rcpt(to); err != nil {
		return err
	}
	w, err := c.client.Data()
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, text); err != nil {
		return err
	}
	return w.Close() // reads the server's answer
}
